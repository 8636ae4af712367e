//! What decides how many pods a workload has, where an autoscaler does.

use std::collections::BTreeMap;

use super::context::contextual;
use super::releases;
use super::secret::SecretKeyRef;
use super::secrets;
use super::workload::Kind;
use super::workloads::{Storage, given_or, kind, whole_seconds};
use crate::declare::{
    self, Asked, Choice as _, Declared, FallbackBehavior, Listener, Name, ParameterName, Percent,
    ReplicaRange, Schedule, Selection, Setting, StreamName, TimeZone,
};
use crate::merge::{InputSet, Sourced};

contextual! {
    /// An autoscaler's range, what it measures, and how fast it is.
    pub struct Scale {
        pub min: Sourced<u32>,
        pub max: Sourced<u32>,
        /// What it measures of the pods; none where triggers alone decide.
        pub metrics: Vec<Sourced<Metric>>,
        /// How fast there may be more pods.
        pub up: Option<Sourced<Pace>>,
        /// How fast there may be fewer pods.
        pub down: Option<Sourced<Pace>>,
        /// How often triggers are asked while there are no pods, in seconds; none where there always are some.
        pub polling: Sourced<Option<u32>>,
        /// How long nothing must be to do before the last pod goes, in seconds; none where it stays.
        pub cooldown: Sourced<Option<u32>>,
        /// How many pods there are while triggers cannot be asked.
        pub fallback: Option<Sourced<Fallback>>,
    }

    /// One measure of an autoscaler.
    pub struct Metric {
        /// `cpu` or `memory`
        pub resource: Sourced<String>,
        /// The average share of what was requested to aim at, in per cent.
        pub percent: Sourced<Percent>,
    }

    /// How fast the number of pods changes in one direction.
    pub struct Pace {
        /// How long a change must have been called for, in seconds.
        pub stabilize: Option<Sourced<u32>>,
        /// Which limit counts: `Max`, `Min` or `Disabled`.
        pub select: Option<Sourced<String>>,
        pub limits: Vec<Sourced<Limit>>,
    }

    /// The most that changes at a time.
    pub struct Limit {
        /// `Pods` or `Percent`
        pub kind: Sourced<String>,
        pub most: Sourced<u32>,
        /// In seconds.
        pub every: Sourced<u32>,
    }

    /// How many pods there are while triggers cannot be asked.
    pub struct Fallback {
        /// How often in a row a trigger has to fail.
        pub failures: Sourced<u32>,
        pub replicas: Sourced<u32>,
        /// `static`, `currentReplicas`, `currentReplicasIfHigher` or `currentReplicasIfLower`
        pub behavior: Sourced<String>,
    }

    /// Something that says how many pods are needed: exactly one of `queue`, `list`, `metric`, `cron` and `scaler`.
    pub struct Trigger {
        pub name: Sourced<Name>,
        /// What KEDA proves who it is with.
        pub auth: Option<Sourced<Authentication>>,
        pub queue: Option<Sourced<QueueTrigger>>,
        pub list: Option<Sourced<ListTrigger>>,
        pub metric: Option<Sourced<MetricTrigger>>,
        pub cron: Option<Sourced<CronTrigger>>,
        pub scaler: Option<Sourced<ScalerTrigger>>,
    }

    /// What KEDA proves who it is with.
    pub struct Authentication {
        /// The name of its `TriggerAuthentication`.
        pub object_name: Sourced<String>,
        pub parameters: Vec<Sourced<AuthParameter>>,
    }

    /// A key of a secret, by the name that a scaler has for it.
    pub struct AuthParameter {
        pub name: Sourced<ParameterName>,
        pub secret: SecretKeyRef,
    }

    /// How many messages wait for a consumer.
    pub struct QueueTrigger {
        /// Host and port of every server, as KEDA asks them.
        pub address: Sourced<String>,
        pub stream: Sourced<StreamName>,
        pub consumer: Sourced<StreamName>,
        pub account: Sourced<String>,
        /// How many messages one pod should have before it.
        pub lag: Sourced<u32>,
        /// How many messages do not start the first pod yet.
        pub activation: Sourced<u32>,
        pub tls: Sourced<bool>,
    }

    /// How many items a list has.
    pub struct ListTrigger {
        /// Host and port.
        pub address: Sourced<String>,
        /// The key of the list.
        pub name: Sourced<String>,
        /// How many items one pod should have before it.
        pub length: Sourced<u32>,
        /// How many items do not start the first pod yet.
        pub activation: Sourced<u32>,
        pub database: Sourced<u32>,
        pub tls: Sourced<bool>,
    }

    /// What a query gives.
    pub struct MetricTrigger {
        pub url: Sourced<String>,
        pub query: Sourced<String>,
        /// A number.
        pub threshold: Sourced<String>,
        /// A number: how much does not start the first pod yet.
        pub activation: Sourced<String>,
        /// `AverageValue` of all pods, or `Value` as a whole.
        pub metric_type: Sourced<String>,
        pub auth_modes: Option<Sourced<String>>,
    }

    /// What time it is.
    pub struct CronTrigger {
        pub start: Sourced<Schedule>,
        pub end: Sourced<Schedule>,
        pub time_zone: Sourced<TimeZone>,
        pub replicas: Sourced<u32>,
    }

    /// Any of KEDA's scalers.
    pub struct ScalerTrigger {
        pub kind: Sourced<String>,
        pub metadata: BTreeMap<ParameterName, Sourced<Setting>>,
    }
}

/// The range of an autoscaler, and what it measures of the pods themselves.
pub(super) fn scale(range: &ReplicaRange, scale: &Sourced<declare::Scale>) -> Sourced<Scale> {
    let raw = scale.value();
    let measured = [("cpu", &raw.cpu), ("memory", &raw.memory)];
    let metrics = measured.into_iter().filter_map(|(resource, percent)| {
        let percent = percent.clone()?;
        let resource = percent.map(|_| resource.to_owned());
        Some(percent.map(|_| Metric { resource, percent: percent.clone() }))
    });
    // Kubernetes' own autoscaler sees to the rest.
    let from_zero = |given: Option<&Sourced<declare::Duration>>, otherwise| {
        let is_zero = range.min.map(|min| *min == 0);
        if *is_zero.value() {
            let given = given.map(|given| given.map(whole_seconds));
            given_or(given.as_ref(), scale.inputs(), otherwise).zip(&is_zero, |seconds, _| Some(*seconds))
        } else {
            is_zero.map(|_| None)
        }
    };
    scale.map(|_| Scale {
        min: range.min.clone(),
        max: range.max.clone(),
        metrics: metrics.collect(),
        up: raw.up.as_ref().map(pace),
        down: raw.down.as_ref().map(pace),
        polling: from_zero(raw.polling.as_ref(), 30),
        cooldown: from_zero(raw.cooldown.as_ref(), 300),
        fallback: raw.fallback.as_ref().map(|fallback| {
            fallback.map(|raw| Fallback {
                failures: given_or(raw.failures.as_ref(), fallback.inputs(), 3),
                replicas: raw.replicas.clone(),
                behavior: given_or(raw.behavior.as_ref(), fallback.inputs(), FallbackBehavior::Static)
                    .map(|behavior| behavior.as_str().to_owned()),
            })
        }),
    })
}

fn pace(pace: &Sourced<declare::Pace>) -> Sourced<Pace> {
    let raw = pace.value();
    let limits = [("Pods", &raw.pods), ("Percent", &raw.percent)];
    let limits = limits.into_iter().filter_map(|(kind, most)| {
        let most = most.as_ref()?;
        let every = raw.every.as_ref().map(|every| every.map(whole_seconds));
        Some(most.map(|_| Limit {
            kind: most.map(|_| kind.to_owned()),
            most: most.clone(),
            every: given_or(every.as_ref(), pace.inputs(), 15),
        }))
    });
    pace.map(|raw| Pace {
        stabilize: raw.stabilize.as_ref().map(|time| time.map(whole_seconds)),
        select: raw.select.as_ref().map(|select| {
            select.map(|select| {
                let word = match select {
                    Selection::Most => "Max",
                    Selection::Least => "Min",
                    Selection::None => "Disabled",
                };
                word.to_owned()
            })
        }),
        limits: limits.collect(),
    })
}

/// What KEDA asks of the number of pods of a workload.
pub(super) fn triggers(declared: &Declared, raw: declare::Workload<'_>) -> Sourced<Vec<Sourced<Trigger>>> {
    let mut found: Vec<Sourced<Trigger>> = Vec::new();
    for (name, trigger) in raw.triggers() {
        let queue = raw.serving().and_then(|serving| serving.queue);
        let Some(asked) = trigger.value().asked(queue).next() else { continue };
        found.push(trigger.map(|_| derived(declared, raw, (name, trigger), asked)));
    }
    let decided = match &*found {
        [] => {
            let scale = raw.serving().and_then(|serving| serving.scale);
            scale.map_or_else(|| raw.inputs.absence(), |scale| scale.inputs().absence())
        }
        [only] => only.inputs().clone(),
        // Of several, no single one decides whether there are any.
        _ => InputSet::default(),
    };
    Sourced::derived(found, decided)
}

fn derived(
    declared: &Declared,
    raw: declare::Workload<'_>,
    (name, trigger): (&Name, &Sourced<declare::Trigger>),
    asked: Asked<'_>,
) -> Trigger {
    let mut found = Trigger {
        name: trigger.map(|_| name.clone()),
        auth: authentication(declared, raw, name, trigger),
        queue: None,
        list: None,
        metric: None,
        cron: None,
        scaler: None,
    };
    let address = || address(declared, raw, asked);
    match asked {
        Asked::Queue(own, queue) => {
            found.queue = queue.zip(address()).map(|(queue, address)| {
                own.map(|raw| QueueTrigger {
                    address,
                    stream: queue.value().stream.clone(),
                    consumer: queue.value().consumer.clone(),
                    lag: given_or(queue.value().lag.as_ref(), queue.inputs(), 100),
                    account: given_or(raw.account.as_ref(), own.inputs(), "$G".to_owned()),
                    activation: given_or(raw.activation.as_ref(), own.inputs(), 0),
                    tls: given_or(raw.tls.as_ref(), own.inputs(), false),
                })
            });
        }
        Asked::List(own) => {
            found.list = address().map(|address| {
                own.map(|raw| ListTrigger {
                    address,
                    name: raw.name.clone(),
                    length: given_or(raw.length.as_ref(), own.inputs(), 5),
                    activation: given_or(raw.activation.as_ref(), own.inputs(), 0),
                    database: given_or(raw.database.as_ref(), own.inputs(), 0),
                    tls: given_or(raw.tls.as_ref(), own.inputs(), false),
                })
            });
        }
        Asked::Metric(own) => {
            found.metric = address().map(|address| {
                let tls = given_or(own.value().tls.as_ref(), own.inputs(), false);
                let per_pod = given_or(own.value().per_pod.as_ref(), own.inputs(), true);
                own.map(|raw| MetricTrigger {
                    url: tls.zip(&address, |tls, address| {
                        format!("{}://{address}", if *tls { "https" } else { "http" })
                    }),
                    query: raw.query.clone(),
                    threshold: raw.threshold.text(),
                    activation: given_or(
                        raw.activation.as_ref().map(Sourced::text).as_ref(),
                        own.inputs(),
                        "0".to_owned(),
                    ),
                    metric_type: per_pod
                        .map(|per_pod| (if *per_pod { "AverageValue" } else { "Value" }).to_owned()),
                    auth_modes: raw.auth_modes.clone(),
                })
            });
        }
        Asked::Cron(own) => {
            found.cron = Some(own.map(|raw| CronTrigger {
                start: raw.start.clone(),
                end: raw.end.clone(),
                time_zone: given_or(raw.time_zone.as_ref(), own.inputs(), TimeZone::utc()),
                replicas: raw.replicas.clone(),
            }));
        }
        Asked::Scaler(own) => {
            found.scaler =
                Some(own.map(|raw| ScalerTrigger {
                    kind: raw.kind.clone(),
                    metadata: raw.metadata.value().clone(),
                }));
        }
    }
    found
}

fn authentication(
    declared: &Declared,
    raw: declare::Workload<'_>,
    name: &Name,
    trigger: &Sourced<declare::Trigger>,
) -> Option<Sourced<Authentication>> {
    let auth = &trigger.value().auth;
    let first = auth.value().values().next()?;
    let parameters = auth.value().iter().map(|(name, held)| {
        let reference = held.value();
        let secret = secrets::key_ref(declared, &reference.secret, &reference.key);
        held.map(|_| AuthParameter { name: held.map(|_| name.clone()), secret })
    });
    let object_name =
        declared.system.value().name.zip(trigger, |system, _| format!("{system}-{}-{name}", raw.name));
    let mut decided = auth.inputs().clone();
    decided.extend(first.inputs());
    Some(Sourced::derived(Authentication { object_name, parameters: parameters.collect() }, decided))
}

/// Where KEDA, which runs in a namespace of its own, asks the store of a trigger.
fn address(declared: &Declared, raw: declare::Workload<'_>, asked: Asked<'_>) -> Option<Sourced<String>> {
    let (named, store) = asked.store(declared)?;
    let endpoint = declared.asked_at(&raw, named.value(), store.value())?;
    let mut inputs = named.inputs().clone();
    inputs.extend(store.value().via.inputs());
    let port = store.value().trigger_port.as_ref().or(store.value().default_port.as_ref());
    inputs.extend(port.map_or(store.inputs(), Sourced::inputs));
    let via = Sourced::derived((), inputs);
    let host = match endpoint.at {
        Listener::External(store) => store.external.host.as_ref()?.text(),
        Listener::Chart(of) => {
            let host = releases::host(declared, of, endpoint.port)?;
            host.zip(&declared.environment.namespace, |host, namespace| format!("{host}.{namespace}.svc"))
        }
        Listener::Workload(target) => {
            // A consumer has one leader among the servers, which has to be asked by a name of its own.
            let kind = kind(target, &Storage::of(declared, target));
            let is_queue = matches!(asked, Asked::Queue(..));
            let end = kind.map(|kind| match kind {
                Kind::StatefulSet if is_queue => "-pods",
                _ => "",
            });
            let own = Sourced::derived((), target.inputs.clone());
            let host =
                declared.system.value().name.zip(&own, |system, ()| format!("{system}-{}", target.name));
            let host = host.zip(&end, |host, end| format!("{host}{end}"));
            // By the cluster's search domains, whatever it is called.
            host.zip(&declared.environment.namespace, |host, namespace| format!("{host}.{namespace}.svc"))
        }
    };
    Some(
        host.zip(endpoint.number, |host, port| format!("{host}:{}", port.0))
            .zip(&via, |address, ()| address.clone()),
    )
}

//! What the number of a workload's pods follows.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::file::Setting;
use super::secret::SecretRef;
use super::values::{
    Duration, FallbackBehavior, Name, ParameterName, Percent, Schedule, Selection, Threshold, TimeZone,
};
use super::workload::Queue;
use super::workloads::{Endpoint, Workload};
use super::{Declared, Store};
use crate::merge::Sourced;

/// What the number of pods follows, within the range of `replicas`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub struct Scale {
    /// Average use of the requested CPU to aim at, in per cent.
    pub cpu: Option<Sourced<Percent>>,
    /// Average use of the requested memory to aim at, in per cent.
    pub memory: Option<Sourced<Percent>>,
    /// What else the number of pods follows, by name; the largest number counts. KEDA asks them, which the cluster needs
    /// then (`[cluster.keda]`), and the fewest pods may be none.
    #[serde(default)]
    pub triggers: BTreeMap<Name, Sourced<Trigger>>,
    /// How fast there may be more pods; as fast as Kubernetes does by itself if left out.
    pub up: Option<Sourced<Pace>>,
    /// How fast there may be fewer pods; as fast as Kubernetes does by itself if left out.
    pub down: Option<Sourced<Pace>>,
    /// How often triggers are asked while there are no pods; every 30 seconds if left out.
    pub polling: Option<Sourced<Duration>>,
    /// How long nothing must be to do before the last pod goes; 5 minutes if left out.
    pub cooldown: Option<Sourced<Duration>>,
    /// How many pods there are while triggers cannot be asked.
    pub fallback: Option<Sourced<Fallback>>,
}

/// Something that says how many pods are needed: exactly one of `queue`, `list`, `metric`, `cron` and `scaler`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// How many messages wait in the workload's own `queue`; `queue.lag` of them for each pod.
    pub queue: Option<Sourced<QueueTrigger>>,
    /// How many items a list of a Redis has.
    pub list: Option<Sourced<ListTrigger>>,
    /// What a query of a Prometheus gives.
    pub metric: Option<Sourced<MetricTrigger>>,
    /// What time it is.
    pub cron: Option<Sourced<CronTrigger>>,
    /// Any other of KEDA's scalers.
    pub scaler: Option<Sourced<ScalerTrigger>>,
    /// What KEDA proves who it is with, by the names that the scaler has for it, such as `password`.
    #[serde(default)]
    pub auth: Sourced<BTreeMap<ParameterName, Sourced<SecretRef>>>,
}

/// How many messages wait in the workload's own `queue`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueTrigger {
    /// How many messages have to wait, and one more, for the first pod to start; none if left out.
    #[schemars(range(max = 1_000_000))]
    pub activation: Option<Sourced<u32>>,
    /// The account that the stream belongs to; `$G`, which is that of a server without accounts, if left out.
    #[schemars(length(min = 1))]
    pub account: Option<Sourced<String>>,
    /// Whether the store is asked over TLS; not if left out.
    pub tls: Option<Sourced<bool>>,
}

/// How many items a list has.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListTrigger {
    /// The store that has the list, one of `[stores]`.
    pub store: Sourced<Name>,
    /// The key of the list.
    #[schemars(length(min = 1))]
    pub name: Sourced<String>,
    /// How many items one pod should have before it; 5 if left out.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub length: Option<Sourced<u32>>,
    /// How many items there have to be, and one more, for the first pod to start; none if left out.
    #[schemars(range(max = 1_000_000))]
    pub activation: Option<Sourced<u32>>,
    /// The number of the database; 0 if left out.
    #[schemars(range(max = 1023))]
    pub database: Option<Sourced<u32>>,
    /// Whether the store is asked over TLS; not if left out.
    pub tls: Option<Sourced<bool>>,
}

/// What a query gives.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetricTrigger {
    /// The store that is asked, one of `[stores]`.
    pub store: Sourced<Name>,
    /// The query, in Prometheus' language; it gives one number.
    #[schemars(length(min = 1))]
    pub query: Sourced<String>,
    /// How much of it is for one pod, or is to be aimed at if `per_pod` is false.
    pub threshold: Sourced<Threshold>,
    /// How much there has to be, and more, for the first pod to start; nothing if left out.
    pub activation: Option<Sourced<Threshold>>,
    /// Whether more pods mean less for each; yes if left out. Say no of what more pods lower as a whole, such as a latency.
    pub per_pod: Option<Sourced<bool>>,
    /// How KEDA proves who it is, with what `auth` holds: `basic`, `bearer`, `tls`, `apiKey`, `custom`, `oauth`, or two of
    /// them with a comma between.
    pub auth_modes: Option<Sourced<String>>,
    /// Whether the store is asked over TLS; not if left out.
    pub tls: Option<Sourced<bool>>,
}

/// What time it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CronTrigger {
    /// When the pods are wanted: five fields of a schedule.
    pub start: Sourced<Schedule>,
    /// When they are no longer.
    pub end: Sourced<Schedule>,
    /// The time zone of both; `Etc/UTC` if left out.
    pub time_zone: Option<Sourced<TimeZone>>,
    /// How many pods are wanted in between.
    #[schemars(range(min = 1, max = 1000))]
    pub replicas: Sourced<u32>,
}

/// Any of KEDA's scalers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScalerTrigger {
    /// Its name, such as `kafka`.
    #[serde(rename = "type")]
    #[schemars(length(min = 1))]
    pub kind: Sourced<String>,
    /// What it is told, by KEDA's own names.
    pub metadata: Sourced<BTreeMap<ParameterName, Sourced<Setting>>>,
}

/// How many pods there are while triggers cannot be asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    /// How often in a row a trigger has to fail; 3 times if left out.
    #[schemars(range(min = 1, max = 1000))]
    pub failures: Option<Sourced<u32>>,
    /// So many pods.
    #[schemars(range(max = 1000))]
    pub replicas: Sourced<u32>,
    /// What of the pods that are there; `static` if left out.
    pub behavior: Option<Sourced<FallbackBehavior>>,
}

/// How fast the number of pods changes in one direction.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub struct Pace {
    /// How long a change must have been called for throughout; not at all for more pods, 5 minutes for fewer if left out.
    /// At most an hour.
    pub stabilize: Option<Sourced<Duration>>,
    /// At most so many pods within `every`.
    #[schemars(range(min = 1, max = 1000))]
    pub pods: Option<Sourced<u32>>,
    /// At most so many per cent of the pods within `every`.
    #[schemars(range(min = 1, max = 10_000))]
    pub percent: Option<Sourced<u32>>,
    /// The time that `pods` and `percent` are for, at most half an hour; 15 seconds if left out.
    pub every: Option<Sourced<Duration>>,
    /// Which of `pods` and `percent` counts; what changes the most if left out.
    pub select: Option<Sourced<Selection>>,
}

/// What a trigger asks.
#[derive(Clone, Copy)]
pub enum Asked<'a> {
    /// A store's stream.
    Queue(&'a Sourced<QueueTrigger>, Option<&'a Sourced<Queue>>),
    /// A store's list.
    List(&'a Sourced<ListTrigger>),
    /// A store that keeps metrics.
    Metric(&'a Sourced<MetricTrigger>),
    /// The clock.
    Cron(&'a Sourced<CronTrigger>),
    /// What only KEDA knows.
    Scaler(&'a Sourced<ScalerTrigger>),
}

impl Trigger {
    /// What it asks, all of it: right is one.
    pub fn asked<'a>(&'a self, queue: Option<&'a Sourced<Queue>>) -> impl Iterator<Item = Asked<'a>> {
        let own = self.queue.as_ref().map(|own| Asked::Queue(own, queue));
        let all = [
            own,
            self.list.as_ref().map(Asked::List),
            self.metric.as_ref().map(Asked::Metric),
            self.cron.as_ref().map(Asked::Cron),
            self.scaler.as_ref().map(Asked::Scaler),
        ];
        all.into_iter().flatten()
    }
}

impl<'a> Asked<'a> {
    /// Its key.
    pub fn key(self) -> &'static str {
        match self {
            Asked::Queue(..) => "queue",
            Asked::List(_) => "list",
            Asked::Metric(_) => "metric",
            Asked::Cron(_) => "cron",
            Asked::Scaler(_) => "scaler",
        }
    }

    /// The store that is asked, and where it is said which.
    pub fn store(self, declared: &'a Declared) -> Option<(Sourced<&'a Name>, &'a Sourced<Store>)> {
        let named = match self {
            Asked::Queue(_, queue) => {
                let stream = &queue?.value().stream;
                let (name, store) = declared.store_with(stream.value())?;
                return Some((stream.map(|_| name), store));
            }
            Asked::List(list) => &list.value().store,
            Asked::Metric(metric) => &metric.value().store,
            Asked::Cron(_) | Asked::Scaler(_) => return None,
        };
        let (name, store) = declared.stores.get_key_value(named.value())?;
        Some((named.map(|_| name), store))
    }
}

impl<'a> Workload<'a> {
    /// Its triggers, by name.
    pub fn triggers(self) -> impl Iterator<Item = (&'a Name, &'a Sourced<Trigger>)> {
        let scale = self.serving().and_then(|serving| serving.scale);
        scale.into_iter().flat_map(|scale| &scale.value().triggers)
    }
}

impl Declared {
    /// Where KEDA asks a store: at its `trigger_port`, or else at its `default_port`.
    pub fn asked_at<'a>(
        &'a self,
        asking: &Workload<'a>,
        name: &Name,
        store: &'a Store,
    ) -> Option<Endpoint<'a>> {
        let port = store.trigger_port.as_ref().map(|port| port.value().as_str());
        self.endpoint(asking, (name.as_str(), port))
    }
}

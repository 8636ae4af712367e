//! Databases, queues and object stores as those who use them see them.

use std::collections::BTreeMap;

use super::context::contextual;
use super::releases;
use super::workloads::given_or;
use crate::declare::{
    self, Choice as _, Declared, Duration, Name, PortName, PortNumber, Replicas, Retention, StreamName,
    Subject, Via,
};
use crate::merge::Sourced;

contextual! {
    /// A database, queue or object store.
    pub struct Store {
        /// As declared: `nats`.
        pub name: Sourced<Name>,
        /// What it is; none where nobody says.
        pub kind: Option<Sourced<Name>>,
        /// `chart`, `embedded` or `external`
        pub via: Sourced<String>,
        /// Where clients find it; none when that is not said.
        pub host: Option<Sourced<String>>,
        /// The port that is meant where none is named.
        pub port: Option<Sourced<PortNumber>>,
        /// All its ports.
        pub endpoints: BTreeMap<PortName, Sourced<Endpoint>>,
        /// The streams of messages that it is to have.
        pub streams: BTreeMap<StreamName, Sourced<Stream>>,
    }

    /// A stream of messages.
    pub struct Stream {
        pub name: Sourced<StreamName>,
        /// The messages that it takes.
        pub subjects: Vec<Sourced<Subject>>,
        /// `workqueue`, `interest` or `limits`
        pub retention: Sourced<String>,
        /// On how many servers it is kept.
        pub replicas: Sourced<u32>,
        /// How long a message is kept, in nanoseconds; 0 for good.
        pub max_age: Sourced<i64>,
        /// How much it may hold, in bytes; -1 for as much as there is room.
        pub max_bytes: Sourced<i64>,
        /// What remembers what was worked off.
        pub consumers: Vec<Sourced<Consumer>>,
    }

    /// What remembers which messages of a stream were worked off.
    pub struct Consumer {
        pub name: Sourced<StreamName>,
        /// The messages that it takes; all if none is said.
        pub subject: Option<Sourced<Subject>>,
        /// How long a message may take, in nanoseconds.
        pub ack_wait: Sourced<i64>,
        /// How often a message is tried.
        pub max_deliver: Sourced<u32>,
        /// How many messages may be in hand at once.
        pub max_pending: Sourced<u32>,
    }

    /// A port of a store.
    pub struct Endpoint {
        /// Where clients find it; none when that is not said.
        pub host: Option<Sourced<String>>,
        pub port: Sourced<PortNumber>,
    }
}

/// Derives all of them.
pub(super) fn derive(declared: &Declared) -> BTreeMap<Name, Sourced<Store>> {
    let stores = declared.stores.iter().map(|(name, store)| (name.clone(), derived(declared, name, store)));
    stores.collect()
}

fn derived(declared: &Declared, name: &Name, store: &Sourced<declare::Store>) -> Sourced<Store> {
    let raw = store.value();
    let endpoints = match raw.via.value() {
        Via::External => external(raw),
        Via::Embedded => embedded(declared, name, raw),
        Via::Chart => of_chart(declared, name),
    };
    let default = match &raw.default_port {
        Some(port) => {
            endpoints.get(port.value()).map(|endpoint| port.zip(endpoint, |_, endpoint| endpoint.clone()))
        }
        None if endpoints.len() == 1 => endpoints.values().next().cloned(),
        None => None,
    };
    let host = match raw.via.value() {
        Via::External => raw.external.host.as_ref().map(Sourced::text),
        Via::Embedded | Via::Chart => default.as_ref().and_then(|endpoint| {
            let host = endpoint.value().host.as_ref()?;
            Some(host.zip(endpoint, |host, _| host.clone()))
        }),
    };
    store.map(|_| Store {
        name: store.map(|_| name.clone()),
        kind: raw.kind.clone(),
        via: raw.via.map(|via| via.as_str().to_owned()),
        host: host.map(|host| host.zip(&raw.via, |host, _| host.clone())),
        port: default.map(|endpoint| {
            let port = endpoint.value().port.zip(&endpoint, |port, _| *port);
            port.zip(&raw.via, |port, _| *port)
        }),
        endpoints,
        streams: raw
            .streams
            .iter()
            .map(|(name, of)| (name.clone(), stream(declared, raw, name, of)))
            .collect(),
    })
}

/// Streams are kept on at most so many servers unless more are asked for.
const COPIES: u32 = 3;
/// How long a worker may take that says nothing of it, in seconds: twice the 30 that it has to stop.
const ACK_WAIT: i64 = 60;

fn stream(
    declared: &Declared,
    store: &declare::Store,
    name: &StreamName,
    stream: &Sourced<declare::Stream>,
) -> Sourced<Stream> {
    let raw = stream.value();
    let servers = store.embedded.parts.values().map(|part| &part.value().own.replicas);
    let servers = servers.filter(|_| *store.via.value() == Via::Embedded).map(|replicas| {
        replicas.map(|replicas| match replicas {
            Replicas::Fixed(number) => (*number).min(COPIES),
            Replicas::Range(range) => (*range.min.value()).min(COPIES),
        })
    });
    let chart = store.chart.as_ref().filter(|_| *store.via.value() == Via::Chart).map(Sourced::value);
    let in_chart = chart.into_iter().flat_map(|chart| {
        let counts = chart.pods.values().filter_map(|pods| chart.replicas(pods.value()));
        counts.map(|count| count.map(|count| (*count).min(COPIES)))
    });
    let servers = servers.chain(in_chart).max_by_key(|servers| *servers.value());
    let servers = servers.map(|servers| servers.zip(&store.via, |servers, _| *servers));
    let copies = match (&raw.replicas, servers) {
        (Some(replicas), _) => replicas.clone(),
        (None, Some(servers)) => servers.zip(&Sourced::default_in(stream, ()), |servers, ()| *servers),
        (None, None) => Sourced::default_in(stream, 1),
    };
    let nanoseconds = |duration: &Sourced<Duration>| duration.map(nanoseconds_of);
    let consumers = declared.queues(name).map(|(worker, queue)| {
        let raw = queue.value();
        let drain = || match &worker.pod.drain {
            Some(drain) => drain.map(|drain| nanoseconds_of(drain).saturating_mul(2)),
            None => Sourced::derived(ACK_WAIT * NANOSECONDS, worker.inputs.absence()),
        };
        let ack_wait = match &raw.ack_wait {
            Some(wait) => nanoseconds(wait),
            None => drain().zip(&Sourced::default_in(queue, ()), |wait, ()| *wait),
        };
        let consumer = Consumer {
            name: raw.consumer.clone(),
            subject: raw.subject.clone(),
            ack_wait,
            max_deliver: given_or(raw.max_deliver.as_ref(), queue.inputs(), 5),
            max_pending: given_or(raw.max_pending.as_ref(), queue.inputs(), 1000),
        };
        let mut asked = queue.inputs().clone();
        asked.extend(raw.stream.inputs());
        Sourced::derived(consumer, asked)
    });
    stream.map(|_| Stream {
        name: stream.map(|_| name.clone()),
        subjects: raw.subjects.clone(),
        retention: given_or(raw.retention.as_ref(), stream.inputs(), Retention::WorkQueue)
            .map(|retention| retention.as_str().to_owned()),
        replicas: copies,
        max_age: raw.max_age.as_ref().map_or_else(|| Sourced::default_in(stream, 0), nanoseconds),
        max_bytes: match &raw.max_size {
            Some(size) => size.map(|size| i64::try_from(size.bytes()).unwrap_or(i64::MAX)),
            None => Sourced::default_in(stream, -1),
        },
        consumers: consumers.collect(),
    })
}

const NANOSECONDS: i64 = 1_000_000_000;

fn nanoseconds_of(duration: &Duration) -> i64 {
    i64::try_from(duration.seconds()).unwrap_or(i64::MAX).saturating_mul(NANOSECONDS)
}

fn external(raw: &declare::Store) -> BTreeMap<PortName, Sourced<Endpoint>> {
    let host = || raw.external.host.as_ref().map(|host| host.zip(&raw.via, |host, _| host.to_string()));
    let ports = raw.external.ports.iter();
    ports
        .map(|(name, port)| (name.clone(), port.map(|_| Endpoint { host: host(), port: port.clone() })))
        .collect()
}

/// Each port is had from the Service of the part that listens on it.
fn embedded(declared: &Declared, name: &Name, raw: &declare::Store) -> BTreeMap<PortName, Sourced<Endpoint>> {
    let (system, parts) = (&declared.system.value().name, &raw.embedded.parts);
    let of_part = |(part, table): (&Name, &Sourced<declare::Part>)| {
        let full = part.of_store(name);
        let host = system.zip(&table.zip(&raw.via, |_, _| ()), |system, ()| format!("{system}-{full}"));
        let ports = table.value().own.ports.iter();
        let ends = ports.map(move |(name, port)| {
            (name.clone(), port.map(|_| Endpoint { host: Some(host.clone()), port: port.clone() }))
        });
        ends.collect::<Vec<_>>()
    };
    parts.iter().flat_map(of_part).collect()
}

/// Each port is had from a Service of the release.
fn of_chart(declared: &Declared, name: &Name) -> BTreeMap<PortName, Sourced<Endpoint>> {
    let pods = declared.pods_of_charts().filter(|of| of.store == name);
    let ends = pods.flat_map(|of| {
        of.pods.value().ports.iter().map(move |(name, port)| {
            let host = releases::host(declared, of, name.as_str());
            (name.clone(), port.map(|_| Endpoint { host, port: port.clone() }))
        })
    });
    ends.collect()
}

//! All workloads of a declaration, whatever their sort.

use std::collections::BTreeMap;

use super::chart::ChartPods;
use super::file::{Declared, PartOf, PartSort};
use super::scale::Scale;
use super::store::{Part, Store};
use super::values::{Duration, Name, Need, PortName, PortNumber, StreamName, Via};
use super::workload::{
    CronJob, CronJobKeys, Expose, Job, JobKeys, Metrics, Pod, Ports, Probe, Queue, Replicas, Scratch,
    Service, Slo, Worker,
};
use crate::merge::{InputSet, Sourced};

/// What parts and jobs of a store call the store itself in their `uses`.
const STORE: &str = "store";

/// A declared workload, and what its sort says of it.
#[derive(Clone, Copy)]
pub struct Workload<'a> {
    pub name: &'a Name,
    /// The table that holds its sort: `services`.
    pub table: &'static str,
    /// Those of its own table.
    pub inputs: &'a InputSet,
    pub pod: &'a Pod,
    pub sort: Sort<'a>,
    /// The store that it is part of, or a job of.
    pub store: Option<PartOfStore<'a>>,
}

/// A workload's place in a store.
#[derive(Clone, Copy)]
pub struct PartOfStore<'a> {
    /// The store's name.
    pub name: &'a Name,
    pub store: &'a Sourced<Store>,
    /// What the store calls it.
    pub part: &'a Name,
}

/// What can be meant by an entry of `uses`.
#[derive(Clone, Copy)]
pub enum Target<'a> {
    Workload(Workload<'a>),
    /// Parts of a store, one of which has the port.
    Parts(&'a Name, &'a Store),
    /// A store that Helm installs.
    Chart(&'a Name, &'a Store),
    /// A store that somebody else runs.
    External(&'a Store),
}

/// The end of a connection.
pub struct Endpoint<'a> {
    /// Who listens.
    pub at: Listener<'a>,
    /// The port's name.
    pub port: &'a str,
    pub number: &'a Sourced<PortNumber>,
}

/// Who listens at the end of a connection.
#[derive(Clone, Copy)]
pub enum Listener<'a> {
    Workload(Workload<'a>),
    Chart(PodsOfChart<'a>),
    External(&'a Store),
}

/// Pods that a chart makes for a store.
#[derive(Clone, Copy)]
pub struct PodsOfChart<'a> {
    /// The store's name.
    pub store: &'a Name,
    /// What the chart's description calls them.
    pub name: &'a Name,
    pub pods: &'a Sourced<ChartPods>,
}

/// The sort of a workload.
#[derive(Clone, Copy)]
pub enum Sort<'a> {
    /// Its pods run on and on.
    Serving(Serving<'a>),
    Job(&'a JobKeys),
    CronJob(&'a CronJobKeys),
}

/// What services and workers say.
#[derive(Clone, Copy)]
pub struct Serving<'a> {
    pub ports: &'a Ports,
    pub replicas: &'a Sourced<Replicas>,
    pub scale: Option<&'a Sourced<Scale>>,
    pub readiness: Option<&'a Sourced<Probe>>,
    pub liveness: Option<&'a Sourced<Probe>>,
    /// Of parts of stores only: the ports on which its pods talk to each other.
    pub peers: &'a [Sourced<PortName>],
    pub start_within: Option<&'a Sourced<Duration>>,
    /// Of services only.
    pub expose: Option<&'a Sourced<Expose>>,
    /// Of services only.
    pub slo: Option<&'a Sourced<Slo>>,
    pub metrics: Option<&'a Sourced<Metrics>>,
    /// Of parts of stores only: whether it reads the metrics of all workloads.
    pub scrapes: Option<&'a Sourced<bool>>,
    /// Of workers only.
    pub queue: Option<&'a Sourced<Queue>>,
}

impl<'a> Workload<'a> {
    /// Whether it is to run in this environment.
    pub fn is_enabled(&self) -> bool {
        self.pod.enabled.as_ref().is_none_or(|enabled| *enabled.value())
    }

    /// What it says as a service or worker.
    pub fn serving(&self) -> Option<Serving<'a>> {
        match self.sort {
            Sort::Serving(serving) => Some(serving),
            _ => None,
        }
    }

    /// Its writable folders that end with the pod, by name: its own, and those of all workloads but parts of stores.
    pub fn scratch<'d>(
        &self,
        declared: &'d Declared,
    ) -> impl Iterator<Item = (&'d Name, &'d Sourced<Scratch>)>
    where
        'a: 'd,
    {
        let is_own = self.store.is_none();
        declared.system.value().scratch.iter().filter(move |_| is_own).chain(&self.pod.scratch)
    }

    /// The number of a port, its own or of a sidecar.
    pub fn port(&self, name: &PortName) -> Option<&'a Sourced<PortNumber>> {
        let own = self.serving().and_then(|serving| serving.ports.get(name));
        own.or_else(|| self.pod.sidecars.values().find_map(|sidecar| sidecar.value().ports.get(name)))
    }

    /// The word for one of its sort: `service`.
    pub fn noun(&self) -> String {
        self.table.trim_end_matches('s').replace('_', " ")
    }
}

fn service<'a>((name, service): (&'a Name, &'a Sourced<Service>)) -> Workload<'a> {
    let own = &service.value().own;
    let serving = Serving {
        ports: &own.ports,
        replicas: &own.replicas,
        scale: own.scale.as_ref(),
        readiness: Some(&own.probes.readiness),
        liveness: Some(&own.probes.liveness),
        start_within: own.probes.start_within.as_ref(),
        expose: own.expose.as_ref(),
        slo: own.slo.as_ref(),
        metrics: own.metrics.as_ref(),
        scrapes: None,
        queue: None,
        peers: &[],
    };
    let (inputs, pod) = (service.inputs(), &service.value().common);
    Workload { name, table: "services", inputs, pod, sort: Sort::Serving(serving), store: None }
}

fn worker<'a>((name, worker): (&'a Name, &'a Sourced<Worker>)) -> Workload<'a> {
    let own = &worker.value().own;
    let serving = Serving {
        ports: &own.ports,
        replicas: &own.replicas,
        scale: own.scale.as_ref(),
        readiness: own.probes.readiness.as_ref(),
        liveness: own.probes.liveness.as_ref(),
        start_within: own.probes.start_within.as_ref(),
        expose: None,
        slo: None,
        metrics: own.metrics.as_ref(),
        scrapes: None,
        queue: own.queue.as_ref(),
        peers: &[],
    };
    let (inputs, pod) = (worker.inputs(), &worker.value().common);
    Workload { name, table: "workers", inputs, pod, sort: Sort::Serving(serving), store: None }
}

fn job<'a>((name, job): (&'a Name, &'a Sourced<Job>)) -> Workload<'a> {
    let (inputs, pod) = (job.inputs(), &job.value().common);
    Workload { name, table: "jobs", inputs, pod, sort: Sort::Job(&job.value().own), store: None }
}

fn cron_job<'a>((name, job): (&'a Name, &'a Sourced<CronJob>)) -> Workload<'a> {
    let (inputs, pod) = (job.inputs(), &job.value().common);
    Workload { name, table: "cron_jobs", inputs, pod, sort: Sort::CronJob(&job.value().own), store: None }
}

fn part<'a>(name: &'a Name, part: &'a Sourced<Part>, store: PartOfStore<'a>) -> Workload<'a> {
    let own = &part.value().own;
    let serving = Serving {
        ports: &own.ports,
        replicas: &own.replicas,
        scale: None,
        readiness: Some(&own.probes.readiness),
        liveness: Some(&own.probes.liveness),
        peers: &own.peers,
        start_within: own.probes.start_within.as_ref(),
        expose: None,
        slo: None,
        metrics: own.metrics.as_ref(),
        scrapes: own.scrapes.as_ref(),
        queue: None,
    };
    let (inputs, pod) = (part.inputs(), &part.value().common);
    Workload { name, table: "stores", inputs, pod, sort: Sort::Serving(serving), store: Some(store) }
}

impl Store {
    /// The part that has a port.
    fn part_with(&self, port: &str) -> Option<&Name> {
        let mut parts = self.embedded.parts.iter();
        parts.find(|(_, part)| part.value().own.ports.contains_key(port)).map(|(name, _)| name)
    }

    /// The pods that its chart makes.
    pub(super) fn chart_pods(&self) -> impl Iterator<Item = (&Name, &Sourced<ChartPods>)> {
        self.chart.iter().flat_map(|chart| &chart.value().pods)
    }
}

impl<'a> Target<'a> {
    /// Every port that it listens on, by name.
    pub fn ports(self) -> BTreeMap<&'a str, &'a Sourced<PortNumber>> {
        let tables: Vec<&Ports> = match self {
            Target::Workload(workload) => workload.serving().iter().map(|serving| serving.ports).collect(),
            Target::Parts(_, store) => {
                store.embedded.parts.values().map(|part| &part.value().own.ports).collect()
            }
            Target::Chart(_, store) => store.chart_pods().map(|(_, pods)| &pods.value().ports).collect(),
            Target::External(store) => vec![&store.external.ports],
        };
        tables.into_iter().flatten().map(|(name, number)| (name.as_str(), number)).collect()
    }

    /// The port that is meant where none is named.
    pub fn default_port(self) -> Option<&'a str> {
        let declared = match self {
            Target::Workload(workload) => {
                workload.store.and_then(|of| of.store.value().default_port.as_ref())
            }
            Target::Parts(_, store) | Target::Chart(_, store) | Target::External(store) => {
                store.default_port.as_ref()
            }
        };
        let ports = self.ports();
        match declared {
            Some(port) => Some(port.value().as_str()),
            None if ports.len() == 1 => ports.into_keys().next(),
            None => None,
        }
    }
}

fn of_store<'a>(name: &'a Name, store: &'a Store) -> Target<'a> {
    match store.via.value() {
        Via::Embedded => Target::Parts(name, store),
        Via::Chart => Target::Chart(name, store),
        Via::External => Target::External(store),
    }
}

impl Declared {
    /// Gives the parts and jobs of stores the names of workloads.
    pub(super) fn name_parts(&mut self) {
        for (name, store) in &self.stores {
            let (name, store) = (name.clone(), store.value());
            let parts = match store.via.value() {
                Via::Embedded => &store.embedded.parts,
                Via::Chart | Via::External => &BTreeMap::new(),
            };
            for part in parts.keys() {
                let full = part.of_store(&name);
                let at = PartOf { store: name.clone(), name: part.clone(), sort: PartSort::Part };
                self.parts.insert(full, at);
            }
            let is_needed =
                |job: &&Name| match store.jobs.get(*job).and_then(|job| job.value().own.needs.as_ref()) {
                    Some(need) => match need.value() {
                        Need::Streams => !store.streams.is_empty(),
                    },
                    None => true,
                };
            for job in store.jobs.keys().filter(is_needed) {
                let at = PartOf { store: name.clone(), name: job.clone(), sort: PartSort::Job };
                self.parts.insert(job.below(&name), at);
            }
        }
    }

    fn part<'a>(&'a self, (name, at): (&'a Name, &'a PartOf)) -> Option<Workload<'a>> {
        let store = self.stores.get(&at.store)?;
        let of = PartOfStore { name: &at.store, store, part: &at.name };
        match at.sort {
            PartSort::Part => Some(part(name, store.value().embedded.parts.get(&at.name)?, of)),
            PartSort::Job => {
                let job = job((name, store.value().jobs.get(&at.name)?));
                Some(Workload { table: "stores", store: Some(of), ..job })
            }
        }
    }

    /// Every workload, sort by sort, also those that are switched off.
    pub fn all_workloads(&self) -> impl Iterator<Item = Workload<'_>> {
        let serving = self.services.iter().map(service).chain(self.workers.iter().map(worker));
        let own = serving.chain(self.jobs.iter().map(job)).chain(self.cron_jobs.iter().map(cron_job));
        own.chain(self.parts.iter().filter_map(|named| self.part(named)))
    }

    /// The workload of a name, also one that is switched off.
    pub fn workload(&self, name: &str) -> Option<Workload<'_>> {
        let services = self.services.get_key_value(name).map(service);
        let workers = || self.workers.get_key_value(name).map(worker);
        let jobs = || self.jobs.get_key_value(name).map(job);
        let cron_jobs = || self.cron_jobs.get_key_value(name).map(cron_job);
        let parts = || self.part(self.parts.get_key_value(name)?);
        services.or_else(workers).or_else(jobs).or_else(cron_jobs).or_else(parts)
    }

    /// The workloads that run in this environment.
    pub fn workloads(&self) -> impl Iterator<Item = Workload<'_>> {
        self.all_workloads().filter(Workload::is_enabled)
    }

    /// What a name means in the `uses` of a workload: to parts of a store first another part of it.
    pub fn target<'a>(&'a self, user: &Workload<'a>, name: &str) -> Option<Target<'a>> {
        if let Some(own) = user.store {
            if name == STORE {
                return Some(of_store(own.name, own.store.value()));
            }
            let sibling = |(full, at): (_, &PartOf)| {
                (at.store == *own.name && at.name.as_str() == name).then_some(full)
            };
            let full: Option<&Name> = self.parts.iter().find_map(sibling);
            if let Some(workload) = full.and_then(|full| self.workload(full.as_str())) {
                return Some(Target::Workload(workload));
            }
        }
        match self.stores.get_key_value(name) {
            Some((name, store)) => Some(of_store(name, store.value())),
            None => self.workload(name).map(Target::Workload),
        }
    }

    /// The store that a name means in the `uses` of a workload.
    pub fn store<'a>(&'a self, user: &Workload<'a>, name: &str) -> Option<&'a Sourced<Store>> {
        let own = user.store.filter(|_| name == STORE).map(|of| of.store);
        own.or_else(|| self.stores.get(name))
    }

    /// The pods that charts make for stores.
    pub fn pods_of_charts(&self) -> impl Iterator<Item = PodsOfChart<'_>> {
        let stores = self.stores.iter().filter(|(_, store)| *store.value().via.value() == Via::Chart);
        stores.flat_map(|(store, of)| {
            of.value().chart_pods().map(move |(name, pods)| PodsOfChart { store, name, pods })
        })
    }

    /// The end of the connection that an entry of `uses` means; none when there is no such.
    pub fn endpoint<'a>(&'a self, user: &Workload<'a>, used: (&str, Option<&str>)) -> Option<Endpoint<'a>> {
        let target = self.target(user, used.0)?;
        let ports = target.ports();
        let named = used.1.or_else(|| target.default_port())?;
        let (&port, &number) = ports.get_key_value(named)?;
        let at = match target {
            Target::Workload(workload) => Listener::Workload(workload),
            Target::External(store) => Listener::External(store),
            Target::Chart(store, of) => {
                let mut all = of.chart_pods();
                let (name, pods) = all.find(|(_, pods)| pods.value().ports.contains_key(port))?;
                Listener::Chart(PodsOfChart { store, name, pods })
            }
            Target::Parts(name, store) => {
                let part = store.part_with(named)?;
                Listener::Workload(self.workload(part.of_store(name).as_str())?)
            }
        };
        Some(Endpoint { at, port, number })
    }

    /// The name of the cluster that kind makes; none when something else makes it.
    pub fn kind_name(&self) -> Option<Sourced<Name>> {
        let cluster = self.cluster.value();
        let named = || cluster.kind.value().name.clone().unwrap_or_else(|| self.system.value().name.clone());
        cluster.is_kind().then(named)
    }

    /// The context of a kubeconfig that kind makes for it.
    pub fn kind_context(&self) -> Option<Sourced<String>> {
        Some(self.kind_name()?.map(|name| format!("kind-{name}")))
    }

    /// The store that has a stream.
    pub fn store_with(&self, stream: &StreamName) -> Option<(&Name, &Sourced<Store>)> {
        self.stores.iter().find(|(_, store)| store.value().streams.contains_key(stream))
    }

    /// The queues of a stream, with the workers that take their work from them.
    pub fn queues<'a>(
        &'a self,
        stream: &StreamName,
    ) -> impl Iterator<Item = (Workload<'a>, &'a Sourced<Queue>)> {
        let queues = self.workloads().filter_map(|workload| Some((workload, workload.serving()?.queue?)));
        queues.filter(move |(_, queue)| queue.value().stream.value() == stream)
    }
}

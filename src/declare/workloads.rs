//! All workloads of a declaration, whatever their sort.

use super::file::Declared;
use super::values::{Duration, Name};
use super::workload::{
    CronJob, CronJobKeys, Expose, Job, JobKeys, Pod, Ports, Probe, Replicas, Scale, Service, Slo, Worker,
};
use crate::merge::{InputSet, Sourced};

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
    pub start_within: Option<&'a Sourced<Duration>>,
    /// Of services only.
    pub expose: Option<&'a Sourced<Expose>>,
    /// Of services only.
    pub slo: Option<&'a Sourced<Slo>>,
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
    };
    let (inputs, pod) = (service.inputs(), &service.value().common);
    Workload { name, table: "services", inputs, pod, sort: Sort::Serving(serving) }
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
    };
    let (inputs, pod) = (worker.inputs(), &worker.value().common);
    Workload { name, table: "workers", inputs, pod, sort: Sort::Serving(serving) }
}

fn job<'a>((name, job): (&'a Name, &'a Sourced<Job>)) -> Workload<'a> {
    let (inputs, pod) = (job.inputs(), &job.value().common);
    Workload { name, table: "jobs", inputs, pod, sort: Sort::Job(&job.value().own) }
}

fn cron_job<'a>((name, job): (&'a Name, &'a Sourced<CronJob>)) -> Workload<'a> {
    let (inputs, pod) = (job.inputs(), &job.value().common);
    Workload { name, table: "cron_jobs", inputs, pod, sort: Sort::CronJob(&job.value().own) }
}

impl Declared {
    /// Every workload, sort by sort, also those that are switched off.
    pub fn all_workloads(&self) -> impl Iterator<Item = Workload<'_>> {
        let serving = self.services.iter().map(service).chain(self.workers.iter().map(worker));
        serving.chain(self.jobs.iter().map(job)).chain(self.cron_jobs.iter().map(cron_job))
    }

    /// The workload of a name, also one that is switched off.
    pub fn workload(&self, name: &str) -> Option<Workload<'_>> {
        let services = self.services.get_key_value(name).map(service);
        let workers = || self.workers.get_key_value(name).map(worker);
        let jobs = || self.jobs.get_key_value(name).map(job);
        services.or_else(workers).or_else(jobs).or_else(|| self.cron_jobs.get_key_value(name).map(cron_job))
    }

    /// The workloads that run in this environment.
    pub fn workloads(&self) -> impl Iterator<Item = Workload<'_>> {
        self.all_workloads().filter(Workload::is_enabled)
    }

    /// The ports of the workload or store of that name, for those that use it.
    pub fn ports_of(&self, name: &str) -> Option<&Ports> {
        let workload = self.workload(name).and_then(|workload| workload.serving());
        let stores = || self.stores.get(name).map(|store| &store.value().external.ports);
        workload.map(|serving| serving.ports).or_else(stores)
    }
}

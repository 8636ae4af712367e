//! What a workload asks of the cluster, at the fewest and at the most.

use super::amount::{Amount, Resource};
use super::values::{Sharing, TaintEffect, Tier, Via};
use super::workload::{Replicas, Volume};
use super::{Declared, Name, Pool, Workload};
use crate::merge::{Input, Sourced};

/// At which of its two ends a workload's range of replicas is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// As many pods as there are when little is to be done; of jobs none.
    Fewest,
    /// As many as an autoscaler may make; of jobs one.
    Most,
}

impl Scale {
    /// The words for it.
    pub fn words(self) -> &'static str {
        match self {
            Scale::Fewest => "at the fewest",
            Scale::Most => "at the most",
        }
    }
}

impl<'a> Workload<'a> {
    /// How many pods it has.
    pub fn pods(&self, scale: Scale) -> u32 {
        match (self.serving().map(|serving| serving.replicas.value()), scale) {
            (None, Scale::Fewest) => 0,
            (None, Scale::Most) => 1,
            (Some(Replicas::Fixed(number)), _) => *number,
            (Some(Replicas::Range(range)), Scale::Fewest) => *range.min.value(),
            (Some(Replicas::Range(range)), Scale::Most) => *range.max.value(),
        }
    }

    /// How many pods more it has while it is replaced. One that has a volume of its own ends before the next starts.
    pub fn surge(&self) -> u32 {
        let mut volumes = self.pod.storage.value().values();
        let has_own = volumes.any(|volume| is_each_pods(volume.value()));
        u32::from(self.serving().is_some() && !has_own)
    }

    /// What one pod requests, all its containers together.
    pub fn request(&self, resource: Resource) -> Option<Amount> {
        let sidecars = self.pod.sidecars.values().map(|sidecar| &sidecar.value().resources);
        let mut containers = std::iter::once(&self.pod.resources).chain(sidecars);
        containers.try_fold(resource.none(), |all, needs| {
            let one = match resource {
                Resource::Cpu => resource.amount(needs.cpu.value().as_str())?,
                Resource::Memory => resource.amount(needs.memory.value().as_str())?,
                // All containers are one pod.
                Resource::Pods => return Some(resource.whole(1)),
                Resource::Storage => return None,
            };
            Some(all + one)
        })
    }

    /// Where it says what one pod requests.
    pub fn request_text(&self, resource: Resource) -> Sourced<String> {
        let resources = &self.pod.resources;
        match (resource, self.serving()) {
            (Resource::Cpu, _) => resources.cpu.text(),
            (Resource::Memory, _) => resources.memory.text(),
            (_, Some(serving)) => serving.replicas.map(|_| "1".to_owned()),
            (_, None) => self.pod.image.map(|_| "1".to_owned()),
        }
    }

    /// Its volumes that outlive pods, with how many there are of each.
    pub fn claims(&self, scale: Scale, tier: Tier) -> Vec<(&'a Name, &'a Volume, u32)> {
        // In the tier for tests, they are kept in memory.
        let volumes = self.pod.storage.value().iter().filter(|_| tier != Tier::Testing);
        let claims = volumes.map(|(name, volume)| {
            let volume = volume.value();
            let count = match self.serving() {
                Some(_) if is_each_pods(volume) => self.pods(scale),
                // A claim is there whether the job runs or not.
                _ => 1,
            };
            (name, volume, count)
        });
        claims.collect()
    }
}

fn is_each_pods(volume: &Volume) -> bool {
    volume.sharing.as_ref().is_none_or(|sharing| *sharing.value() == Sharing::Pod)
}

impl Declared {
    /// The pools on whose nodes the pods of a workload may run: the one that it names, or else all that keep nobody off.
    pub fn pools_of<'a>(&'a self, workload: &Workload<'_>) -> Vec<(&'a Name, &'a Sourced<Pool>)> {
        let pools = self.cluster.value().pools.iter();
        match &workload.pod.placement.value().pool {
            Some(named) => pools.filter(|(name, _)| *name == named.value()).collect(),
            None => pools.filter(|(_, pool)| pool.value().is_open()).collect(),
        }
    }

    /// What the rules and verbs have looked at, and need not be read by a template.
    pub fn looked_at_by_rules(&self) -> impl Iterator<Item = Input> {
        fn of<T>(value: Option<&Sourced<T>>) -> impl Iterator<Item = Input> {
            value.into_iter().flat_map(|value| value.inputs().iter())
        }
        let cluster = self.cluster.value();
        let whole = of(cluster.template.as_ref())
            .chain(of(cluster.provider.as_ref()))
            .chain(of(Some(&cluster.kubernetes)))
            .chain(of(cluster.nodes.as_ref()))
            .chain(of(cluster.tenants.as_ref()))
            .chain(of(cluster.storage.as_ref()))
            .chain(of(cluster.prices.as_ref()))
            .chain(cluster.contexts.iter().flat_map(|context| context.inputs().iter()));
        let charts = self.releases().flat_map(|release| {
            let chart = release.chart.value();
            of(Some(&chart.version))
                .chain(chart.known.values().flat_map(|known| known.inputs().iter()))
                .chain(chart.after_charts.iter().flat_map(|after| after.inputs().iter()))
                .chain(chart.crds.iter().flat_map(|crd| crd.inputs().iter()))
        });
        // Of a pool on which nothing runs, nobody takes any notice.
        let pools = self.workloads().flat_map(|workload| self.pools_of(&workload));
        let of_pools = pools.flat_map(|(_, pool)| {
            let pool = pool.value();
            of(pool.nodes.as_ref())
                .chain(of(Some(&pool.cpu)))
                .chain(of(Some(&pool.memory)))
                .chain(of(pool.pods.as_ref()))
                .chain(of(pool.overhead.as_ref()))
                .chain(of(pool.storage.as_ref()))
                .chain(of(pool.price.as_ref()))
                .chain(pool.zones.iter().flat_map(|zone| zone.inputs().iter()))
        });
        let deployed = self.stores.values().filter(|store| *store.value().via.value() != Via::External);
        let of_stores = deployed.flat_map(|store| {
            let parts = store.value().embedded.parts.values();
            let keeps = parts.flat_map(|part| {
                let own = &part.value().own;
                of(own.keeps_data.as_ref()).chain(of(own.single.as_ref()))
            });
            of(store.value().stands_alone.as_ref()).chain(keeps)
        });
        whole.chain(charts).chain(of_pools).chain(of_stores).chain(of(self.policy.digests.as_ref()))
    }

    /// How many nodes a pool has: what it says, or else what is left of the cluster's; none where neither says anything.
    pub fn nodes_of(&self, pool: &Pool) -> Option<Sourced<u32>> {
        if let Some(nodes) = &pool.nodes {
            return Some(nodes.clone());
        }
        let cluster = self.cluster.value();
        let others = cluster.pools.values().filter_map(|pool| pool.value().nodes.as_ref());
        let all = cluster.nodes.as_ref()?.clone();
        Some(others.fold(all, |left, nodes| left.zip(nodes, |left, nodes| left.saturating_sub(*nodes))))
    }
}

impl Pool {
    /// Whether pods that tolerate nothing may run on its nodes.
    fn is_open(&self) -> bool {
        let mut effects = self.taints.values().map(|taint| *taint.value().effect.value());
        effects.all(|effect| effect == TaintEffect::PreferNoSchedule)
    }

    /// What of a resource pods may have on one of its nodes, beside what the nodes' own pods take.
    pub fn room(&self, resource: Resource) -> Option<Amount> {
        /// The kubelet's own limit, `maxPods`.
        const PODS_OF_A_NODE: u32 = 110;
        let overhead = self.overhead.as_ref().map(Sourced::value);
        let (there, taken) = match resource {
            Resource::Cpu => (
                resource.amount(self.cpu.value().as_str())?,
                overhead.and_then(|it| resource.amount(it.cpu.as_ref()?.value().as_str())),
            ),
            Resource::Memory => (
                resource.amount(self.memory.value().as_str())?,
                overhead.and_then(|it| resource.amount(it.memory.as_ref()?.value().as_str())),
            ),
            Resource::Pods => (
                resource.whole(self.pods.as_ref().map_or(PODS_OF_A_NODE, |pods| *pods.value())),
                overhead.and_then(|it| Some(resource.whole(*it.pods.as_ref()?.value()))),
            ),
            Resource::Storage => return None,
        };
        Some(there.without(taken.unwrap_or_else(|| resource.none())))
    }
}

//! What a cluster costs a month, estimated from the prices that are declared.
//!
//! A month has [`HOURS`] hours. A pool costs nodes × price of a node × hours, whatever runs on it. Of that, a pod has the
//! mean of its shares of a node's CPU and of a node's memory, by what it requests; the rest is idle. A volume costs its GiB
//! × the price of its storage class. All amounts are in millionths of the currency, rounded down.

use std::collections::BTreeSet;

use crate::declare::{Amount, AtScale, Declared, Name, Pool, Price, Resource, Workload};
use crate::merge::Sourced;

/// Hours of a month: 365 days by 12.
pub const HOURS: u32 = 730;

/// The estimate.
#[derive(Clone, Debug)]
pub struct Cost {
    /// None when no prices are declared.
    pub currency: Option<String>,
    pub pools: Vec<PoolCost>,
    pub volumes: Vec<VolumeCost>,
    /// All that has a price.
    pub total: Range,
    /// How many tenants the cluster is meant for.
    pub tenants: Option<u32>,
    /// The keys of the prices that are missing, sorted.
    pub missing: Vec<String>,
    /// What Helm installs: what its pods request is part of what is idle, and its volumes are not counted.
    pub releases: Vec<String>,
}

/// An amount at the fewest and at the most pods, in millionths of the currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    pub fewest: u128,
    pub most: u128,
}

/// A pool of nodes.
#[derive(Clone, Debug)]
pub struct PoolCost {
    pub name: String,
    pub nodes: u32,
    /// Of a node for an hour, in millionths.
    pub price: Option<u64>,
    /// Of all nodes for a month, whatever runs there; none without a price.
    pub month: Option<u128>,
    pub workloads: Vec<Share>,
    /// What nobody requests.
    pub idle: Range,
}

/// What a workload's pods have of a pool.
#[derive(Clone, Debug)]
pub struct Share {
    pub workload: String,
    /// How many pods.
    pub pods: (u32, u32),
    pub month: Range,
}

/// A volume of a workload.
#[derive(Clone, Debug)]
pub struct VolumeCost {
    pub workload: String,
    pub volume: String,
    /// None for the cluster's default storage class.
    pub class: Option<String>,
    /// As declared.
    pub size: String,
    /// How many of them.
    pub count: (u32, u32),
    /// None without a price.
    pub month: Option<Range>,
}

impl Range {
    fn add(&mut self, other: Range) {
        self.fewest += other.fewest;
        self.most += other.most;
    }
}

/// Estimates it.
pub fn cost(declared: &Declared) -> Cost {
    let cluster = declared.cluster.value();
    let (mut total, mut missing) = (Range::default(), BTreeSet::new());
    if cluster.prices.is_none() {
        missing.insert("cluster.prices".to_owned());
    }
    let pools: Vec<PoolCost> =
        cluster.pools.iter().map(|(name, pool)| of_pool(declared, name, pool.value())).collect();
    for pool in &pools {
        match pool.month {
            Some(month) => total.add(Range { fewest: month, most: month }),
            None => drop(missing.insert(format!("cluster.pools.{}.price", pool.name))),
        }
    }
    if pools.is_empty() {
        missing.insert("cluster.pools".to_owned());
    }
    let volumes: Vec<VolumeCost> = declared.workloads().flat_map(|it| of_volumes(declared, &it)).collect();
    for volume in &volumes {
        match (volume.month, &volume.class) {
            (Some(month), _) => total.add(month),
            (None, Some(class)) => drop(missing.insert(format!("cluster.prices.storage.{class}"))),
            (None, None) => drop(missing.insert("cluster.prices.default_storage".to_owned())),
        }
    }
    Cost {
        currency: cluster.prices.as_ref().map(|prices| prices.value().currency.value().to_string()),
        pools,
        volumes,
        total,
        tenants: cluster.tenants.as_ref().map(|tenants| *tenants.value()),
        missing: missing.into_iter().collect(),
        releases: declared.install_order().iter().map(|it| it.name(declared).value().clone()).collect(),
    }
}

fn of_pool(declared: &Declared, name: &Name, pool: &Pool) -> PoolCost {
    let nodes = declared.nodes_of(pool).map_or(0, |nodes| *nodes.value());
    let price = pool.price.as_ref().map(|price| price.value().millionths());
    let of_node = u128::from(price.unwrap_or(0)) * u128::from(HOURS);
    let month = price.map(|_| of_node * u128::from(nodes));
    // One that may run in several pools is counted in the first.
    let is_here = |it: &Workload<'_>| declared.pools_of(it).first().is_some_and(|(first, _)| *first == name);
    let shares = declared.workloads().filter(is_here).map(|workload| {
        let pods = (workload.pods(AtScale::Fewest), workload.pods(AtScale::Most));
        let one = share(&workload, pool, of_node);
        let month = Range { fewest: one(pods.0), most: one(pods.1) };
        Share { workload: label(&workload), pods, month }
    });
    let workloads: Vec<Share> = shares.collect();
    let mut used = Range::default();
    for share in &workloads {
        used.add(share.month);
    }
    let idle = |used: u128| month.unwrap_or(0).saturating_sub(used);
    let idle = Range { fewest: idle(used.fewest), most: idle(used.most) };
    PoolCost { name: name.to_string(), nodes, price, month, workloads, idle }
}

/// What so many pods have of what a node costs.
fn share(workload: &Workload<'_>, pool: &Pool, of_node: u128) -> impl Fn(u32) -> u128 + use<> {
    let parts = [Resource::Cpu, Resource::Memory].map(|resource| {
        let asked = workload.request(resource).map_or(0, Amount::thousandths);
        (asked, pool.room(resource).map_or(0, Amount::thousandths).max(1))
    });
    move |pods| {
        let of = |(asked, room): (u128, u128)| of_node * u128::from(pods) * asked / room / 2;
        of(parts[0]) + of(parts[1])
    }
}

fn of_volumes(declared: &Declared, workload: &Workload<'_>) -> Vec<VolumeCost> {
    let tier = *declared.environment.tier.value();
    let prices = declared.cluster.value().prices.as_ref().map(Sourced::value);
    let (fewest, most) = (workload.claims(AtScale::Fewest, tier), workload.claims(AtScale::Most, tier));
    let volumes = fewest.into_iter().zip(most).map(|((name, volume, few), (_, _, many))| {
        let class = volume.class.as_ref().map(Sourced::value);
        let price = prices.and_then(|prices| match class {
            Some(class) => prices.storage.get(class),
            None => prices.default_storage.as_ref(),
        });
        let size = volume.size.value();
        let bytes = Resource::Storage.amount(size.as_str()).map_or(0, |it| it.thousandths() / 1000);
        let of =
            |price: Price, count: u32| bytes * u128::from(price.millionths()) * u128::from(count) / (1 << 30);
        VolumeCost {
            workload: label(workload),
            volume: name.to_string(),
            class: class.map(ToString::to_string),
            size: size.to_string(),
            count: (few, many),
            month: price
                .map(|price| *price.value())
                .map(|price| Range { fewest: of(price, few), most: of(price, many) }),
        }
    });
    volumes.collect()
}

/// `services.api`
fn label(workload: &Workload<'_>) -> String {
    format!("{}.{}", workload.table, workload.name)
}

//! [`Code::OverCapacity`] of pods: whether they find room on the nodes of their pools, all of them there or some lost.

use std::collections::BTreeSet;

use super::Facts;
use crate::declare::amount::{Amount, Resource};
use crate::declare::demand::Scale;
use crate::declare::packing::{Node, Pods, Vector, unplaced};
use crate::declare::{Name, Pool, Tier, Workload};
use crate::diag::{Code, Diagnostic, Sink};
use crate::merge::Sourced;

const RESOURCES: [Resource; 3] = [Resource::Cpu, Resource::Memory, Resource::Pods];

/// More nodes than this are not tried when it is asked how many would do.
const MOST_NODES: u32 = 5000;

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    nodes(facts, sink);
    let mut grounds = Grounds::of(facts);
    // Of one that is larger than any node, nothing else needs to be said.
    grounds.workloads.retain(|placed| !is_larger_than_nodes(facts, placed, sink));
    let reported = everything_there(facts, &grounds, sink);
    with_losses(facts, &grounds, &reported, sink);
}

/// Whether the pools together have no more nodes than the cluster may have, and each has some.
fn nodes(facts: &Facts<'_>, sink: &mut Sink) {
    let cluster = facts.declared.cluster.value();
    let unsaid: Vec<_> = cluster.pools.iter().filter(|(_, pool)| pool.value().nodes.is_none()).collect();
    let said = cluster.pools.values().filter_map(|pool| pool.value().nodes.as_ref());
    let sum = said.fold(0u32, |sum, nodes| sum.saturating_add(*nodes.value()));
    for (index, (name, pool)) in unsaid.iter().enumerate() {
        let Some(at) = facts.place(pool) else { continue };
        let wrong = |title: String| Diagnostic::error(Code::MissingKey, title).at(at, "has no `nodes`");
        if index > 0 {
            let found = wrong(format!("how many nodes has pool `{name}`?"));
            sink.push(
                found.note("one pool may leave it out, and gets what the others leave of `cluster.nodes`"),
            );
        } else if cluster.nodes.is_none() {
            let found = wrong(format!("how many nodes has pool `{name}`?"));
            sink.push(
                found.help("write its `nodes`, or `cluster.nodes`, of which it gets what other pools leave"),
            );
        }
    }
    let Some(most) = &cluster.nodes else { return };
    let needed = sum.saturating_add(u32::from(!unsaid.is_empty()));
    if !cluster.pools.is_empty()
        && needed > *most.value()
        && let Some(at) = facts.place(most)
    {
        let title = format!("the pools have {needed} nodes, more than the cluster may have");
        sink.push(Diagnostic::error(Code::OverCapacity, title).at(at, "at most"));
    }
}

/// What is compared: pools and the workloads that run on their nodes.
struct Grounds<'a> {
    pools: Vec<(&'a Name, &'a Sourced<Pool>, u32)>,
    /// Of all pools.
    zones: Vec<&'a str>,
    workloads: Vec<Placed<'a>>,
}

/// A workload and the pools whose nodes it may run on.
struct Placed<'a> {
    workload: Workload<'a>,
    pools: Vec<usize>,
    each: Vector,
}

impl<'a> Grounds<'a> {
    fn of(facts: &Facts<'a>) -> Self {
        let declared = facts.declared;
        let pools = declared.cluster.value().pools.iter();
        let pools: Vec<_> = pools
            .filter_map(|(name, pool)| Some((name, pool, *declared.nodes_of(pool.value())?.value())))
            .collect();
        let zones = pools.iter().flat_map(|(_, pool, _)| &pool.value().zones);
        let zones: BTreeSet<&str> = zones.map(|zone| zone.value().as_str()).collect();
        let placed = |workload: Workload<'a>| {
            let known = declared.pools_of(&workload);
            let is_its = |name: &Name| known.iter().any(|(known, _)| *known == name);
            let pools: Vec<usize> = (0..pools.len()).filter(|index| is_its(pools[*index].0)).collect();
            let mut each = [0; 3];
            for (amount, resource) in each.iter_mut().zip(RESOURCES) {
                // What was refused stands for nothing.
                *amount = workload.request(resource).map_or(0, Amount::thousandths);
            }
            (!pools.is_empty()).then_some(Placed { workload, pools, each })
        };
        let workloads = declared.workloads().filter_map(placed).collect();
        Self { workloads, zones: zones.into_iter().collect(), pools }
    }

    /// The nodes, but for those of a lost zone or one of a pool; its zones take turns.
    fn nodes(&self, counts: &[u32], lost: Lost) -> Vec<Node> {
        let mut nodes = Vec::new();
        for (index, (_, pool, _)) in self.pools.iter().enumerate() {
            let pool = pool.value();
            let mut room = [0; 3];
            for (amount, resource) in room.iter_mut().zip(RESOURCES) {
                *amount = pool.room(resource).map_or(0, Amount::thousandths);
            }
            let zone_of = |number: u32| {
                let zone = pool.zones.get(number as usize % pool.zones.len().max(1))?.value().as_str();
                self.zones.iter().position(|known| *known == zone)
            };
            let first = u32::from(lost == Lost::Node { pool: index });
            let all = (first..counts[index]).map(|number| Node { pool: index, zone: zone_of(number), room });
            nodes.extend(all.filter(|node| !matches!(lost, Lost::Zone(zone) if node.zone == Some(zone))));
        }
        nodes
    }

    fn counts(&self) -> Vec<u32> {
        self.pools.iter().map(|(_, _, nodes)| *nodes).collect()
    }

    fn pods(&self, scale: Scale, surge: Surge) -> Vec<Pods> {
        let pods = self.workloads.iter().map(|placed| {
            let more = if surge == Surge::Counted { placed.workload.surge() } else { 0 };
            let count = placed.workload.pods(scale) + more;
            Pods { count, each: placed.each, pools: placed.pools.clone() }
        });
        pods.collect()
    }

    /// How many nodes of a pool would do for all pods that may run there.
    fn enough(&self, pool: usize, pods: &[Pods], lost: Lost) -> Option<u32> {
        let does = |count: u32| {
            let mut counts = self.counts();
            counts[pool] = count;
            let left = unplaced(&self.nodes(&counts, lost), pods);
            left.iter().zip(pods).all(|(left, pods)| *left == 0 || !pods.pools.contains(&pool))
        };
        // Twice as many until they do, then by halves.
        let start = self.pools[pool].2;
        let mut upper = start.max(1);
        while !does(upper) {
            upper = upper.checked_mul(2).filter(|upper| *upper <= MOST_NODES)?;
        }
        let mut lower = start;
        while lower + 1 < upper {
            let middle = lower.midpoint(upper);
            if does(middle) { upper = middle } else { lower = middle }
        }
        Some(upper)
    }
}

/// What is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lost {
    Nothing,
    /// One node of a pool.
    Node {
        pool: usize,
    },
    /// All nodes of a zone.
    Zone(usize),
}

/// Whether a rollout goes on meanwhile.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Surge {
    Counted,
    LeftOut,
}

fn is_larger_than_nodes(facts: &Facts<'_>, placed: &Placed<'_>, sink: &mut Sink) -> bool {
    let mut found = false;
    let candidates = facts.declared.pools_of(&placed.workload);
    for resource in [Resource::Cpu, Resource::Memory] {
        let Some(wanted) = placed.workload.request(resource) else { continue };
        let fits = |pool: &Pool| pool.room(resource).is_none_or(|room| wanted <= room);
        if candidates.iter().any(|(_, pool)| fits(pool.value())) {
            continue;
        }
        let Some((name, pool)) = candidates.first() else { continue };
        let node = match resource {
            Resource::Cpu => pool.value().cpu.text(),
            _ => pool.value().memory.text(),
        };
        let pod = placed.workload.request_text(resource);
        let (Some(pod), Some(node)) = (facts.place(&pod), facts.place(&node)) else { continue };
        let (noun, workload, what) = (placed.workload.noun(), placed.workload.name, resource.noun());
        let title = match candidates.as_slice() {
            [_] => format!("a pod of {noun} `{workload}` is larger than a node of pool `{name}`"),
            _ => format!("a pod of {noun} `{workload}` is larger than any node that it may run on"),
        };
        let finding = Diagnostic::error(Code::OverCapacity, title).at(pod, format!("{what} of the pod"));
        let finding = finding.context(node, format!("{what} of a node"));
        sink.push(match pool.value().overhead.as_ref().and_then(|it| facts.place(it)) {
            Some(overhead) => finding.context(overhead, "of which the node's own pods take this"),
            None => finding,
        });
        found = true;
    }
    found
}

/// With every node there; gives the pools that were reported, with the scale at which they have too little.
fn everything_there(facts: &Facts<'_>, grounds: &Grounds<'_>, sink: &mut Sink) -> Vec<(usize, Scale)> {
    let mut reported: Vec<(usize, Scale)> = Vec::new();
    for (scale, surge) in [(Scale::Fewest, Surge::LeftOut), (Scale::Most, Surge::Counted)] {
        let short = Shortage::of(grounds, scale, surge, Lost::Nothing);
        for pool in short.pools(grounds) {
            if reported.iter().all(|(known, _)| *known != pool) {
                sink.extend(short.finding(facts, grounds, pool, Diagnostic::error));
                reported.push((pool, scale));
            }
        }
    }
    reported
}

/// With a node lost, in production a zone. That production stands it at the fewest is demanded; elsewhere, and at the
/// most, it is good to know.
fn with_losses(facts: &Facts<'_>, grounds: &Grounds<'_>, before: &[(usize, Scale)], sink: &mut Sink) {
    let is_production = *facts.declared.environment.tier.value() == Tier::Production;
    let zones = (0..grounds.zones.len()).map(Lost::Zone);
    // A pool without zones, or in one alone, is judged by its nodes.
    let in_zones = |pool: usize| is_production && grounds.pools[pool].1.value().zones.len() > 1;
    let nodes = (0..grounds.pools.len()).filter(|pool| !in_zones(*pool));
    let nodes = nodes.filter(|pool| grounds.pools[*pool].2 > 1).map(|pool| Lost::Node { pool });
    let losses: Vec<Lost> = zones.filter(|_| is_production).chain(nodes).collect();
    let mut reported: Vec<usize> = before.iter().map(|(pool, _)| *pool).collect();
    for scale in [Scale::Fewest, Scale::Most] {
        for lost in &losses {
            let short = Shortage::of(grounds, scale, Surge::LeftOut, *lost);
            for pool in short.pools(grounds) {
                let is_meant = match lost {
                    Lost::Zone(_) => in_zones(pool),
                    Lost::Node { pool: losing } => pool == *losing,
                    Lost::Nothing => false,
                };
                if !is_meant || reported.contains(&pool) {
                    continue;
                }
                let is_demanded = is_production && scale == Scale::Fewest;
                let severity = if is_demanded { Diagnostic::error } else { Diagnostic::warning };
                sink.extend(short.finding(facts, grounds, pool, severity));
                reported.push(pool);
            }
        }
    }
}

/// Pods that find no node.
struct Shortage {
    scale: Scale,
    lost: Lost,
    pods: Vec<Pods>,
    /// How many of them, for each workload.
    left: Vec<u32>,
}

impl Shortage {
    fn of(grounds: &Grounds<'_>, scale: Scale, surge: Surge, lost: Lost) -> Self {
        let pods = grounds.pods(scale, surge);
        let left = unplaced(&grounds.nodes(&grounds.counts(), lost), &pods);
        Self { scale, lost, pods, left }
    }

    /// The pools that have too little: of those a pod may run in, the first.
    fn pools(&self, grounds: &Grounds<'_>) -> BTreeSet<usize> {
        let left = self.left.iter().zip(&grounds.workloads).filter(|(left, _)| **left > 0);
        left.filter_map(|(_, placed)| placed.pools.first().copied()).collect()
    }

    fn finding(
        &self,
        facts: &Facts<'_>,
        grounds: &Grounds<'_>,
        pool: usize,
        severity: fn(Code, String) -> Diagnostic,
    ) -> Option<Diagnostic> {
        let (name, declared, count) = grounds.pools[pool];
        let nodes = grounds.nodes(&grounds.counts(), self.lost);
        let own: Vec<&Node> = nodes.iter().filter(|node| node.pool == pool).collect();
        let mut notes = Vec::new();
        let mut tightest = None;
        for (at, resource) in RESOURCES.into_iter().enumerate() {
            let asked = self.pods.iter().filter(|pods| pods.pools.first() == Some(&pool));
            let asked: u128 = asked.map(|pods| pods.each[at] * u128::from(pods.count)).sum();
            let there: u128 = own.iter().map(|node| node.room[at]).sum();
            let said = |thousandths: u128| resource.of_thousandths(thousandths).to_string();
            notes.push(format!("{} of {}", said(asked), said(there)));
            let share = asked.saturating_mul(1_000_000) / there.max(1);
            tightest = tightest.max(Some((share, std::cmp::Reverse(at))));
        }
        let resource = RESOURCES[tightest?.1.0];
        let place = match resource {
            Resource::Memory => facts.place(&declared.value().memory),
            _ => facts.place(&declared.value().cpu),
        };
        let when = match self.lost {
            Lost::Nothing => String::new(),
            Lost::Node { .. } => " with one node lost".to_owned(),
            Lost::Zone(zone) => format!(" with zone `{}` lost", grounds.zones[zone]),
        };
        let title = format!("pool `{name}` has no room for all pods {}{when}", self.scale.words());
        let left: Vec<String> = (grounds.workloads.iter().zip(&self.left))
            .filter(|(placed, left)| **left > 0 && placed.pools.first() == Some(&pool))
            .map(|(placed, left)| format!("{left} of `{}`", placed.workload.name))
            .collect();
        let found = severity(Code::OverCapacity, title).at(place?, "of a node");
        let mut found = found.note(format!("{} nodes are asked for {}", own.len(), notes.join(", ")));
        found = found.note(format!("no node is found for {}", left.join(", ")));
        if let Some(nodes) = facts.declared.nodes_of(declared.value()).as_ref().and_then(|it| facts.place(it))
        {
            found = found.context(nodes, "so many nodes");
        }
        let largest = grounds
            .workloads
            .iter()
            .zip(&self.left)
            .filter(|(_, left)| **left > 0)
            .find_map(|(placed, _)| facts.place(&placed.workload.request_text(resource)));
        if let Some(largest) = largest {
            found = found.context(largest, "asked by each of these pods");
        }
        Some(match grounds.enough(pool, &self.pods, self.lost) {
            Some(enough) if enough > count => found.help(format!("{enough} nodes would do")),
            _ => found.help("more nodes like these would not do: take larger ones, or ask less of each pod"),
        })
    }
}

//! [`Code::OverCapacity`] of volumes: whether all of them are within what the cluster, and each pool, has for them.

use super::Facts;
use crate::declare::amount::{Amount, Resource};
use crate::declare::demand::Scale;
use crate::declare::{Bytes, Workload};
use crate::diag::{Code, Diagnostic, Sink, Span};
use crate::merge::Sourced;

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    let cluster = facts.declared.cluster.value();
    if let Some(storage) = &cluster.storage {
        compare(facts, "the cluster", storage, &|_| true, sink);
    }
    for (name, pool) in &cluster.pools {
        if let Some(storage) = &pool.value().storage {
            let is_here =
                |workload: &Workload<'_>| facts.declared.pools_of(workload).iter().any(|(it, _)| *it == name);
            compare(facts, &format!("pool `{name}`"), storage, &is_here, sink);
        }
    }
}

fn compare(
    facts: &Facts<'_>,
    holder: &str,
    there: &Sourced<Bytes>,
    is_here: &dyn Fn(&Workload<'_>) -> bool,
    sink: &mut Sink,
) {
    let resource = Resource::Storage;
    let (Some(at), Some(room)) = (facts.place(there), resource.amount(there.value().as_str())) else {
        return;
    };
    for scale in [Scale::Fewest, Scale::Most] {
        let (wanted, largest) = asked(facts, scale, is_here);
        if wanted <= room {
            continue;
        }
        let title = format!("{holder} has less storage than its volumes ask {}", scale.words());
        let found = Diagnostic::error(Code::OverCapacity, title)
            .at(at, format!("{wanted} are asked, {room} are there"));
        sink.push(match largest {
            Some((amount, place)) => found.context(place, format!("the largest part: {amount}")),
            None => found,
        });
        // At the most it is no less.
        return;
    }
}

/// What volumes ask in all, and the largest part of it with the place that says so.
fn asked(
    facts: &Facts<'_>,
    scale: Scale,
    is_here: &dyn Fn(&Workload<'_>) -> bool,
) -> (Amount, Option<(Amount, Span)>) {
    let tier = *facts.declared.environment.tier.value();
    let (mut sum, mut largest) = (Resource::Storage.none(), None);
    for workload in facts.declared.workloads().filter(is_here) {
        for (_, volume, count) in workload.claims(scale, tier) {
            let Some(size) = Resource::Storage.amount(volume.size.value().as_str()) else { continue };
            sum = sum + size * count;
            largest = largest.max(facts.place(&volume.size).map(|place| (size * count, place)));
        }
    }
    (sum, largest)
}

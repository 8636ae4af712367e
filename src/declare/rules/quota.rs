//! [`Code::OverQuota`]: whether all pods at once, at most, are within the quota. The autoscaler would otherwise run into
//! it under load.

use super::Facts;
use crate::declare::amount::{Amount, Resource};
use crate::declare::demand::Scale;
use crate::diag::{Code, Diagnostic, Sink, Span};
use crate::merge::Sourced;

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(quota) = &facts.declared.environment.quota else { return };
    let quota = quota.value();
    let there = [
        (Resource::Cpu, quota.cpu.text()),
        (Resource::Memory, quota.memory.text()),
        (Resource::Pods, quota.pods.text()),
    ];
    if let Some(storage) = &quota.storage {
        compare(facts, Resource::Storage, &storage.text(), &volumes(facts), sink);
    }
    for (resource, there) in there {
        compare(facts, resource, &there, &pods(facts, resource), sink);
    }
}

/// What each workload asks of a resource, and where it says so.
type Asked = Vec<(Amount, Option<Span>)>;

fn pods(facts: &Facts<'_>, resource: Resource) -> Asked {
    let workloads = facts.declared.workloads();
    let asked = workloads.map(|workload| {
        let one = workload.request(resource).unwrap_or_else(|| resource.none());
        let pods = workload.pods(Scale::Most) + workload.surge();
        (one * pods, facts.place(&workload.request_text(resource)))
    });
    asked.collect()
}

fn volumes(facts: &Facts<'_>) -> Asked {
    let tier = *facts.declared.environment.tier.value();
    let claims = facts.declared.workloads().flat_map(|workload| workload.claims(Scale::Most, tier));
    let asked = claims.filter_map(|(_, volume, count)| {
        let size = Resource::Storage.amount(volume.size.value().as_str())?;
        Some((size * count, facts.place(&volume.size)))
    });
    asked.collect()
}

fn compare(facts: &Facts<'_>, resource: Resource, there: &Sourced<String>, asked: &Asked, sink: &mut Sink) {
    let (Some(at), Some(room)) = (facts.place(there), resource.amount(there.value())) else { return };
    let wanted = asked.iter().fold(resource.none(), |sum, (amount, _)| sum + *amount);
    if wanted <= room {
        return;
    }
    let noun = resource.noun();
    let title = format!("the environment's workloads can request more {noun} than its quota has");
    let found = Diagnostic::error(Code::OverQuota, title).at(at, format!("{wanted} are needed"));
    let found = match resource {
        Resource::Storage => found,
        _ => found.note("counted: the most replicas of each workload, and one pod more while it is replaced"),
    };
    let largest = asked.iter().filter_map(|(amount, place)| Some((*amount, (*place)?))).max();
    sink.push(match largest {
        Some((amount, place)) => found.context(place, format!("the largest part: {amount}")),
        None => found,
    });
}

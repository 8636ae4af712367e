//! [`Code::OverQuota`] and [`Code::OverCapacity`]: whether what is declared has room.

use super::Facts;
use crate::declare::{Quota, Replicas, Sharing, Tier, Volume, Workload};
use crate::diag::{Code, Diagnostic, Sink, Span};
use crate::k8s::thousandths;
use crate::merge::Sourced;

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    quota(facts, sink);
    pools(facts, sink);
    for workload in facts.declared.workloads() {
        scratch(facts, &workload, sink);
    }
}

/// The most pods that a workload can have at once, one more while it is replaced.
fn most(workload: &Workload<'_>) -> u128 {
    let replicas = workload.serving().map(|serving| serving.replicas.value());
    let pods = match replicas {
        None => return 1,
        Some(Replicas::Fixed(number)) => *number,
        Some(Replicas::Range(range)) => *range.max.value(),
    };
    // One that has a volume of its own ends before the next starts.
    let mut volumes = workload.pod.storage.value().values();
    u128::from(pods) + u128::from(!volumes.any(|volume| is_each_pods(volume.value())))
}

fn is_each_pods(volume: &Volume) -> bool {
    volume.sharing.as_ref().is_none_or(|sharing| *sharing.value() == Sharing::Pod)
}

/// The fewest pods that a workload has while it is needed.
fn least(workload: &Workload<'_>) -> u128 {
    match workload.serving().map(|serving| serving.replicas.value()) {
        None => 0,
        Some(Replicas::Fixed(number)) => u128::from(*number),
        Some(Replicas::Range(range)) => u128::from(*range.min.value()),
    }
}

/// All pods at once, at most, against the quota: the autoscaler would otherwise run into it under load.
fn quota(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(quota) = &facts.declared.environment.quota else { return };
    let quota = quota.value();
    let there = [("CPU", quota.cpu.text()), ("memory", quota.memory.text()), ("pods", quota.pods.text())];
    storage(facts, quota, sink);
    for (what, there) in there {
        let (Some(at), Some(room)) = (facts.place(&there), thousandths(there.value())) else { continue };
        let (mut wanted, mut largest) = (0, None);
        for workload in facts.declared.workloads() {
            let one = request(&workload, what);
            let all = most(&workload) * thousandths(one.value()).unwrap_or(0);
            wanted += all;
            largest = largest.max(facts.place(&one).map(|place| (all, place)));
        }
        if wanted > room {
            let title = format!("the environment's workloads can request more {what} than its quota has");
            let label = format!("{} {} are needed", readable(what, wanted), unit(what));
            let found = Diagnostic::error(Code::OverQuota, title)
                .at(at, label)
                .note("counted: the most replicas of each workload, and one pod more while it is replaced");
            sink.push(with_largest(found, what, largest));
        }
    }
}

/// All volumes at once against the quota.
fn storage(facts: &Facts<'_>, quota: &Quota, sink: &mut Sink) {
    let Some(there) = quota.storage.as_ref() else { return };
    let (Some(at), Some(room)) = (facts.place(there), thousandths(there.value().as_str())) else { return };
    // In memory there are no claims.
    if *facts.declared.environment.tier.value() == Tier::Testing {
        return;
    }
    let (mut wanted, mut largest) = (0, None);
    for workload in facts.declared.workloads() {
        for volume in workload.pod.storage.value().values() {
            let size = &volume.value().size;
            let pods = if is_each_pods(volume.value()) { most(&workload) } else { 1 };
            let all = pods * thousandths(size.value().as_str()).unwrap_or(0);
            wanted += all;
            largest = largest.max(facts.place(size).map(|place| (all, place)));
        }
    }
    if wanted > room {
        let title = "the environment's workloads can request more storage than its quota has";
        let label = format!("{} {} are needed", readable("memory", wanted), unit("memory"));
        let found = Diagnostic::error(Code::OverQuota, title).at(at, label);
        sink.push(with_largest(found, "memory", largest));
    }
}

/// What one pod requests; of pods, how many there are.
fn request(workload: &Workload<'_>, what: &str) -> Sourced<String> {
    let resources = &workload.pod.resources;
    match (what, workload.serving()) {
        ("CPU", _) => resources.cpu.text(),
        ("memory", _) => resources.memory.text(),
        (_, Some(serving)) => serving.replicas.map(|_| "1".to_owned()),
        (_, None) => workload.pod.image.map(|_| "1".to_owned()),
    }
}

fn with_largest(found: Diagnostic, what: &str, largest: Option<(u128, Span)>) -> Diagnostic {
    match largest {
        Some((amount, place)) => {
            found.context(place, format!("the largest part: {} {}", readable(what, amount), unit(what)))
        }
        None => found,
    }
}

fn unit(what: &str) -> &'static str {
    match what {
        "CPU" => "cores",
        "memory" => "MiB",
        _ => "pods",
    }
}

/// An amount in thousandths, rounded up to what people read.
fn readable(what: &str, thousandths: u128) -> String {
    match what {
        "memory" => thousandths.div_ceil(1000 * 1024 * 1024).to_string(),
        _ if thousandths.is_multiple_of(1000) => (thousandths / 1000).to_string(),
        _ => format!("{}.{:03}", thousandths / 1000, thousandths % 1000).trim_end_matches('0').to_owned(),
    }
}

/// Whether each pod fits on a node of its pool, and the fewest pods of all workloads on all its nodes.
fn pools(facts: &Facts<'_>, sink: &mut Sink) {
    for (name, pool) in &facts.declared.cluster.value().pools {
        let pool = pool.value();
        let placed = |workload: &Workload<'_>| {
            workload.pod.placement.value().pool.as_ref().is_some_and(|placed| placed.value() == name)
        };
        for (what, node) in [("CPU", pool.cpu.text()), ("memory", pool.memory.text())] {
            let (Some(at), Some(room)) = (facts.place(&node), thousandths(node.value())) else { continue };
            let (mut fewest, mut largest) = (0, None);
            for workload in facts.declared.workloads().filter(placed) {
                let one = request(&workload, what);
                let (Some(pod), Some(wanted)) = (facts.place(&one), thousandths(one.value())) else {
                    continue;
                };
                let all = wanted * least(&workload);
                fewest += all;
                largest = largest.max(Some((all, pod)));
                if wanted > room {
                    let (noun, workload) = (workload.noun(), workload.name);
                    let title =
                        format!("a pod of {noun} `{workload}` is larger than a node of pool `{name}`");
                    let found =
                        Diagnostic::error(Code::OverCapacity, title).at(pod, format!("{what} of the pod"));
                    sink.push(found.context(at, format!("{what} of a node")));
                }
            }
            if fewest > room * u128::from(*pool.nodes.value()) {
                let title = format!("pool `{name}` has less {what} than its workloads need at the fewest");
                let label = format!("{} {} are needed in all", readable(what, fewest), unit(what));
                let found = Diagnostic::error(Code::OverCapacity, title).at(at, label);
                let found = with_largest(found, what, largest);
                sink.push(match facts.place(&pool.nodes) {
                    Some(nodes) => found.context(nodes, "so many nodes"),
                    None => found,
                });
            }
        }
    }
}

/// Whether the folders that end with the pod fit into what it may write.
fn scratch(facts: &Facts<'_>, workload: &Workload<'_>, sink: &mut Sink) {
    let storage = &workload.pod.resources.storage;
    let Some(limit) = thousandths(storage.value().as_str()) else { return };
    for (_, folder) in workload.scratch(facts.declared) {
        let size = &folder.value().size;
        if thousandths(size.value().as_str()).is_some_and(|size| size > limit)
            && let (Some(at), Some(limit)) = (facts.place(size), facts.place(storage))
        {
            let title = format!(
                "`{}` of {} `{}` may hold more than the pod",
                folder.value().path.value(),
                workload.noun(),
                workload.name
            );
            sink.push(
                Diagnostic::error(Code::OverCapacity, title)
                    .at(at, "larger")
                    .context(limit, "than what the whole pod may write"),
            );
        }
    }
}

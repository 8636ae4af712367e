//! [`Code::OverQuota`] and [`Code::OverCapacity`]: whether what is declared has room.

use super::Facts;
use crate::declare::{Replicas, Workload};
use crate::diag::{Code, Diagnostic, Sink};
use crate::k8s::thousandths;

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
    u128::from(pods) + u128::from(workload.pod.storage.value().is_empty())
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
    let sum = |amount: &dyn Fn(&Workload<'_>) -> Option<u128>| -> u128 {
        let all = facts.declared.workloads().map(|workload| most(&workload) * amount(&workload).unwrap_or(0));
        all.sum()
    };
    let checked = [
        ("CPU", thousandths(quota.cpu.value().as_str()), facts.place(&quota.cpu), {
            sum(&|workload| thousandths(workload.pod.resources.cpu.value().as_str()))
        }),
        ("memory", thousandths(quota.memory.value().as_str()), facts.place(&quota.memory), {
            sum(&|workload| thousandths(workload.pod.resources.memory.value().as_str()))
        }),
        (
            "pods",
            Some(u128::from(*quota.pods.value()) * 1000),
            facts.place(&quota.pods),
            sum(&|_| Some(1000)),
        ),
    ];
    for (what, there, at, wanted) in checked {
        if let (Some(there), Some(at)) = (there, at)
            && wanted > there
        {
            let title = format!("the environment's workloads can request more {what} than its quota has");
            let label = format!("{} {} are needed", readable(what, wanted), unit(what));
            sink.push(
                Diagnostic::error(Code::OverQuota, title).at(at, label).note(
                    "counted: the most replicas of each workload, and one pod more while it is replaced",
                ),
            );
        }
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
            let mut fewest = 0;
            for workload in facts.declared.workloads().filter(placed) {
                let resources = &workload.pod.resources;
                let one = if what == "CPU" { resources.cpu.text() } else { resources.memory.text() };
                let (Some(pod), Some(wanted)) = (facts.place(&one), thousandths(one.value())) else {
                    continue;
                };
                fewest += wanted * least(&workload);
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
    for folder in facts.declared.system.scratch.values().chain(workload.pod.scratch.values()) {
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

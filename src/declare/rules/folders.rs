//! [`Code::OverCapacity`] of a pod alone: whether its folders fit into what it may write, and those that are kept in
//! memory into what it may have of that.

use super::Facts;
use crate::declare::amount::{Amount, Resource};
use crate::declare::{Tier, Workload};
use crate::diag::{Code, Diagnostic, Sink};

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    for workload in facts.declared.workloads() {
        scratch(facts, &workload, sink);
        if *facts.declared.environment.tier.value() == Tier::Testing {
            in_memory(facts, &workload, sink);
        }
    }
}

/// Whether each folder that ends with the pod fits into what it may write.
fn scratch(facts: &Facts<'_>, workload: &Workload<'_>, sink: &mut Sink) {
    let storage = &workload.pod.resources.storage;
    let Some(limit) = Resource::Storage.amount(storage.value().as_str()) else { return };
    for (_, folder) in workload.scratch(facts.declared) {
        let size = &folder.value().size;
        if Resource::Storage.amount(size.value().as_str()).is_some_and(|size| size > limit)
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

/// Whether the volumes that are kept in memory leave the program any of it: what they hold counts towards the limit. A
/// warning, because kubelets make such a volume no larger than the pod's limit, and tests may store little.
fn in_memory(facts: &Facts<'_>, workload: &Workload<'_>, sink: &mut Sink) {
    let memory = &workload.pod.resources.memory;
    let Some(limit) = Resource::Memory.amount(memory.value().as_str()) else { return };
    let volumes = || workload.pod.storage.value().values().map(|volume| &volume.value().size);
    let sizes = volumes().filter_map(|size| Resource::Memory.amount(size.value().as_str()));
    let held: Amount = sizes.fold(Resource::Memory.none(), |sum, size| sum + size);
    let placed = volumes().find_map(|size| facts.place(size));
    if held >= limit
        && let (Some(at), Some(memory)) = (placed, facts.place(memory))
    {
        let title =
            format!("volumes of {} `{}` may hold all the memory of a pod", workload.noun(), workload.name);
        sink.push(
            Diagnostic::warning(Code::OverCapacity, title)
                .at(at, format!("in the tier `testing` volumes are kept in memory: {held} in all"))
                .context(memory, format!("{limit} for volumes and program together"))
                .help("give the pod more memory in this environment, or its volumes less"),
        );
    }
}

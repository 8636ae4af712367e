//! [`Code::UnusedStore`]

use std::collections::BTreeSet;

use super::Facts;
use crate::declare::{Name, Target, Via};
use crate::diag::{Code, Diagnostic, Sink};

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    let used: BTreeSet<&Name> = used(facts).collect();
    for (name, store) in &facts.declared.stores {
        let raw = store.value();
        let is_meant = raw.stands_alone.as_ref().is_some_and(|stands| *stands.value());
        if *raw.via.value() == Via::External || is_meant || used.contains(name) {
            continue;
        }
        let Some(at) = facts.place(&raw.via) else { continue };
        sink.push(
            Diagnostic::warning(Code::UnusedStore, format!("no workload uses the store `{name}`"))
                .at(at, "deployed for nobody")
                .help(format!(
                    "name it in the `uses` of a workload; `stores.{name}.stands_alone = true` if it is there for its own sake"
                )),
        );
    }
}

/// The stores that workloads name which are no part of them.
fn used<'a>(facts: &'a Facts<'_>) -> impl Iterator<Item = &'a Name> {
    facts.declared.workloads().flat_map(move |workload| {
        workload.pod.uses.iter().filter_map(move |used| {
            let store = match facts.declared.target(&workload, used.value().parts().0)? {
                Target::Parts(name, _) | Target::Chart(name, _) => name,
                Target::Workload(target) => target.store?.name,
                Target::External(_) => return None,
            };
            (workload.store.map(|of| of.name) != Some(store)).then_some(store)
        })
    })
}

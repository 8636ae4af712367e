//! [`Code::ReplicasAndScale`]

use super::Facts;
use crate::declare::Replicas;
use crate::diag::{Code, Diagnostic, Sink};

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    for workload in facts.declared.all_workloads() {
        let Some(serving) = workload.serving() else { continue };
        let (noun, name, table) = (workload.noun(), workload.name, workload.table);
        let error =
            |what: &str| Diagnostic::error(Code::ReplicasAndScale, format!("{noun} `{name}` has {what}"));
        let Some(replicas) = facts.place(serving.replicas) else { continue };
        let scale = serving.scale.map(|scale| facts.place(scale));
        // It was refused, and nothing is known of it.
        let Some(scale) = scale.map_or(Some(None), |place| place.map(Some)) else { continue };
        match (serving.replicas.value(), scale) {
            (Replicas::Fixed(_), Some(scale)) => sink.push(
                error("a fixed number of replicas and `scale`")
                    .at(scale, "nothing to scale in")
                    .context(replicas, "fixed here")
                    .help("write a range, `replicas = { min = 2, max = 10 }`, or remove `scale`")
                    .help(format!(
                        "a layer below set one of them? `unset = [\"{table}.{name}.scale\"]` removes it here"
                    )),
            ),
            (Replicas::Range(_), None) => sink.push(
                error("a range of replicas and no `scale`")
                    .at(replicas, "a range needs something to scale by")
                    .help("add `scale = { cpu = 70 }`, or write a fixed number"),
            ),
            (Replicas::Range(range), Some(_)) if range.min.value() > range.max.value() => {
                if let (Some(min), Some(max)) = (facts.place(&range.min), facts.place(&range.max)) {
                    let found = error("more replicas at least than at most");
                    sink.push(found.at(min, "the fewest").context(max, "the most"));
                }
            }
            _ => {}
        }
    }
}

//! [`Code::ReplicasAndScale`]

use crate::declare::{Declared, Replicas, place};
use crate::diag::{Code, Diagnostic, Sink};
use crate::merge::Merged;

pub(super) fn check(declared: &Declared, merged: &Merged, sink: &mut Sink) {
    for (name, service) in &declared.services {
        let service = service.value();
        let replicas = place(&merged.inputs, service.replicas.inputs());
        let scale = service.scale.as_ref().and_then(|scale| place(&merged.inputs, scale.inputs()));
        let (Some(replicas), name) = (replicas, name.as_str()) else { continue };
        match (service.replicas.value(), scale) {
            (Replicas::Fixed(_), Some(scale)) => sink.push(
                Diagnostic::error(
                    Code::ReplicasAndScale,
                    format!("service `{name}` has a fixed number of replicas and `scale`"),
                )
                .at(scale, "nothing to scale in")
                .context(replicas, "fixed here")
                .help("write a range, `replicas = { min = 2, max = 10 }`, or remove `scale`")
                .help(format!(
                    "a layer below set one of them? `unset = [\"services.{name}.scale\"]` removes it here"
                )),
            ),
            (Replicas::Range(_), None) => sink.push(
                Diagnostic::error(
                    Code::ReplicasAndScale,
                    format!("service `{name}` has a range of replicas and no `scale`"),
                )
                .at(replicas, "a range needs something to scale by")
                .help("add `scale = { cpu = 70 }`, or write a fixed number"),
            ),
            (Replicas::Range(range), Some(_)) if range.min.value() > range.max.value() => {
                let (min, max) =
                    (place(&merged.inputs, range.min.inputs()), place(&merged.inputs, range.max.inputs()));
                if let (Some(min), Some(max)) = (min, max) {
                    sink.push(
                        Diagnostic::error(
                            Code::ReplicasAndScale,
                            format!("service `{name}` has more replicas at least than at most"),
                        )
                        .at(min, "the fewest")
                        .context(max, "the most"),
                    );
                }
            }
            _ => {}
        }
    }
}

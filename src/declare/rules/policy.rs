//! [`Code::ImageWithoutDigest`]

use super::Facts;
use crate::diag::{Code, Diagnostic, Sink};

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(wanted) = facts.declared.policy.digests.as_ref().filter(|wanted| *wanted.value()) else {
        return;
    };
    for workload in facts.declared.workloads() {
        let sidecars = workload.pod.sidecars.values().map(|sidecar| &sidecar.value().image);
        for image in std::iter::once(&workload.pod.image).chain(sidecars) {
            let text = image.value().to_string();
            let Some(at) = facts.place(image).filter(|_| !text.contains("@sha256:")) else { continue };
            let title = format!("the image of `{}` is named by a tag", workload.name);
            let found =
                Diagnostic::error(Code::ImageWithoutDigest, title).at(at, "somebody may change what this is");
            let found = found.help(format!("`{text}@sha256:…`: registries show the digest of a tag"));
            sink.push(match facts.place(wanted) {
                Some(place) => found.context(place, "digests are wanted"),
                None => found,
            });
        }
    }
}

//! [`Code::ProbeHandler`]

use super::Facts;
use crate::diag::{Code, Diagnostic, Sink};

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    for workload in facts.declared.all_workloads() {
        let Some(serving) = workload.serving() else { continue };
        for probe in [serving.readiness, serving.liveness].into_iter().flatten() {
            let Some(at) = facts.place(probe) else { continue };
            let probe = probe.value();
            let handlers = [
                probe.path.as_ref().map(|path| ("path", facts.place(path))),
                probe.grpc.as_ref().map(|port| ("grpc", facts.place(port))),
                probe.tcp.as_ref().map(|port| ("tcp", facts.place(port))),
                probe.command.first().map(|word| ("command", facts.place(word))),
            ];
            let asked: Vec<_> = handlers.into_iter().flatten().collect();
            let error = |title: &str| Diagnostic::error(Code::ProbeHandler, title);
            match (asked.as_slice(), &probe.port) {
                ([], _) => sink.push(
                    error("a probe that asks nothing")
                        .at(at, "asks nothing")
                        .help("it needs one of `path`, `grpc`, `tcp` and `command`"),
                ),
                ([("path", _)], _) | ([_], None) => {}
                ([(one, _)], Some(port)) => {
                    if let Some(port) = facts.place(port) {
                        let help = format!("`{one}` names its own");
                        sink.push(
                            error("a port that the probe does not ask")
                                .at(port, "goes with `path`")
                                .help(help),
                        );
                    }
                }
                ([(one, first), (two, second), ..], _) => {
                    if let (Some(first), Some(second)) = (*first, *second) {
                        let found = error("a probe can ask one thing only").help(format!(
                            "remove `{one}` or `{two}`; one that a layer below sets: with `unset`"
                        ));
                        sink.push(found.at(second, format!("`{two}`")).context(first, format!("`{one}`")));
                    }
                }
            }
        }
    }
}

//! The real programs of embedded stores, started as their pods say: as that user, with those arguments, variables
//! and files, on a read-only root. Then their probes are asked, they are used, and stopped as a kubelet would.
//!
//! Limits of memory and CPU are not set, nor is a filter of system calls.

mod collector;
mod images;
mod nats;
mod nats_cluster;
mod postgresql;
mod prometheus;
mod redis;

use std::process::Output;

use serde_json::Value;

use crate::accepted::render;
use crate::container::{Container, Objects, Pod};
use crate::sandbox::{Running, Sandbox, said};

/// The objects of `dev`.
fn development(arguments: &[&str]) -> Objects {
    Objects::new(&render(&[&["dev"], arguments].concat()))
}

/// The pods of a workload by its declared name.
fn pods<'a>(objects: &'a Objects, workload: &str) -> Vec<Pod<'a>> {
    let found: Vec<_> = objects.pods().filter(|pod| pod.is_of(workload)).collect();
    assert!(!found.is_empty(), "there is no {workload}");
    found
}

/// The only pod of a workload by its declared name.
fn pod<'a>(objects: &'a Objects, workload: &str) -> Pod<'a> {
    let mut pods = pods(objects, workload);
    assert_eq!(pods.len(), 1, "pods of {workload}");
    pods.remove(0)
}

/// The workload's own container: its pod's first.
fn own(pod: &Pod<'_>) -> Container {
    pod.containers().remove(0)
}

/// Starts a pod and asks all its probes.
fn started(sandbox: &mut Sandbox, pod: &Pod<'_>) -> Running {
    let mut running = sandbox.start(pod);
    for container in &running {
        sandbox.probe(container);
    }
    running.remove(0)
}

/// Runs another command in the place of a pod's own.
fn instead(sandbox: &mut Sandbox, pod: &Pod<'_>, words: &[&str]) -> Output {
    sandbox.output(pod, &own(pod), words)
}

/// The words of a container's command, with others after its program.
fn with(container: &Container, words: &[&'static str]) -> Vec<String> {
    let (program, arguments) = container.command.split_first().expect("a program");
    let between = words.iter().map(ToString::to_string);
    [program.clone()].into_iter().chain(between).chain(arguments.iter().cloned()).collect()
}

/// What a command prints in a container.
fn exec(running: &Running, words: &[&str]) -> String {
    let output = Sandbox::exec(running, words);
    assert!(output.status.success(), "{words:?}: {}", said(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The negative controls of the sandbox: what a pod does not say is not there.
#[test]
fn what_a_pod_does_not_say_is_not_there() {
    let objects = development(&[]);
    let pod = pod(&objects, "nats");
    let mut sandbox = Sandbox::new(&objects, images::images());
    let mut run = |words: &[&str]| instead(&mut sandbox, &pod, words);

    let id = run(&["sh", "-c", "id -u; id -g; id -G; pwd"]);
    assert_eq!(String::from_utf8_lossy(&id.stdout), "1000\n1000\n1000\n/\n", "{}", said(&id));
    for refused in [
        "touch /x",
        "touch /bin/x",
        "touch /etc/x",
        "touch /usr/local/bin/x",
        "touch /etc/nats/x",
        concat!("ls ", env!("CARGO_MANIFEST_DIR")),
        "mount -t tmpfs x /tmp",
        "command -v nats",
        "test -e /var/run/secrets",
        "kill -0 -1",
    ] {
        let output = run(&["sh", "-c", refused]);
        assert!(!output.status.success(), "{refused}: {}", said(&output));
    }
    for allowed in
        ["touch /tmp/x", "touch /data/x", "test -s /etc/nats/nats.conf", "test \"$POD_NAME\" = p8fs-nats-0"]
    {
        let output = run(&["sh", "-c", allowed]);
        assert!(output.status.success(), "{allowed}: {}", said(&output));
    }
}

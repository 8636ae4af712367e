//! The real programs of embedded stores, started as their pods say: as that user, with those arguments, variables
//! and files, on a read-only root. Then their probes are asked.
//!
//! Limits of memory and CPU are not set, nor is a filter of system calls.

use crate::accepted::render;
use crate::container::{Container, Objects, Pod};
use crate::processes::built;
use crate::sandbox::{Image, Running, Sandbox, said};

fn images() -> Vec<Image> {
    let tool = |name: &str| {
        let path = built(name);
        assert!(path.is_file(), "{} is missing: run `make tools`", path.display());
        path
    };
    vec![Image {
        repository: "docker.io/library/nats",
        path: "/usr/local/bin:/usr/bin:/bin",
        programs: vec![(tool("nats-server"), "bin/nats-server")],
        user: ("nats", "/"),
    }]
}

/// The pod of a `StatefulSet` or `Deployment`.
fn pod<'a>(objects: &'a Objects, name: &str) -> Pod<'a> {
    let kinds = ["StatefulSet", "Deployment"];
    let mut found =
        kinds.iter().flat_map(|kind| objects.of_kind(kind)).filter(|it| it["metadata"]["name"] == name);
    objects.pod(found.next().unwrap_or_else(|| panic!("there is no {name}")))
}

/// The container of the store itself: its pod's first.
fn own(mut containers: Vec<Container>) -> Container {
    containers.remove(0)
}

fn started(sandbox: &mut Sandbox, pod: &Pod<'_>) -> Running {
    let mut running = sandbox.start(pod);
    for container in &running {
        sandbox.probe(container);
    }
    running.remove(0)
}

#[test]
fn nats_takes_its_configuration_answers_its_probes_and_stops_when_told() {
    let objects = Objects::new(&render(&["dev"]));
    let pod = pod(&objects, "p8fs-nats");
    let mut sandbox = Sandbox::new(&objects, images());

    let container = own(pod.containers());
    let (program, arguments) = container.command.split_first().expect("a program");
    let check: Vec<_> =
        [program.as_str(), "-t"].into_iter().chain(arguments.iter().map(String::as_str)).collect();
    let checked = sandbox.output(&pod, &container, &check);
    assert!(checked.status.success(), "{}", said(&checked));
    assert!(said(&checked).contains("is valid"), "{}", said(&checked));

    let server = started(&mut sandbox, &pod);
    let (status, stores) = sandbox.get(server.container.ports["monitor"], "/jsz").expect("it answers");
    assert_eq!(status, 200);
    let stores: serde_json::Value = serde_json::from_str(&stores).expect("JSON");
    // What the volume holds: 10 GiB, less a tenth.
    assert_eq!(stores["config"]["max_storage"], 9_663_676_416_u64, "{stores}");
    assert_eq!(stores["config"]["store_dir"], "/data/jetstream", "{stores}");

    let stop: Vec<_> = server.container.stop.iter().flatten().map(String::as_str).collect();
    let stopped = Sandbox::exec(&server, &stop);
    assert!(stopped.status.success(), "{}", said(&stopped));
    sandbox.ended(&server);
}

/// The negative controls: neither the file system nor the check is open to everything.
#[test]
fn what_a_pod_does_not_say_is_not_there() {
    let objects = Objects::new(&render(&["dev"]));
    let pod = pod(&objects, "p8fs-nats");
    let container = own(pod.containers());
    let mut sandbox = Sandbox::new(&objects, images());
    let mut run = |words: &[&str]| sandbox.output(&pod, &container, words);

    let id = run(&["sh", "-c", "id -u; id -g; id -G; pwd"]);
    assert_eq!(String::from_utf8_lossy(&id.stdout), "1000\n1000\n1000\n/\n", "{}", said(&id));
    for refused in [
        "touch /x",
        "touch /etc/x",
        "touch /usr/local/bin/x",
        "touch /etc/nats/x",
        concat!("ls ", env!("CARGO_MANIFEST_DIR")),
        "mount -t tmpfs x /tmp",
        "command -v nats",
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
    let wrong = run(&["nats-server", "-t", "--config", "/etc/nats/missing.conf"]);
    assert!(!wrong.status.success(), "{}", said(&wrong));
}

//! kind itself makes the cluster of `dev`, on a docker that notes what it is told: there is no engine where these tests
//! run. kind checks the configuration as always, and what it wants of docker is compared.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::accepted::render;

/// A machine with kind and a docker on which nothing runs.
struct Machine {
    folder: TempDir,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let kind = root.join("target/tools/kind");
        assert!(kind.is_file(), "{} is missing: run `make tools`", kind.display());
        fs::create_dir(folder.path().join("bin")).expect("made");
        for (program, name) in [(kind, "kind"), (root.join("tests/real/kind/docker"), "docker")] {
            symlink(program, folder.path().join("bin").join(name)).expect("linked");
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, program: &str, arguments: &[&str], input: &str) -> Output {
        let stdin = self.path("stdin");
        fs::write(&stdin, input).expect("written");
        Command::new(program)
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", self.path("bin").display()))
            .env("HOME", self.folder.path())
            .env("FAKE_DOCKER", self.folder.path())
            .stdin(Stdio::from(fs::File::open(&stdin).expect("opened")))
            .output()
            .expect("the program can be started")
    }

    /// Runs a verb of ours; gives what it printed for people.
    fn ours(&self, arguments: &[&str]) -> String {
        let output = self.run(env!("CARGO_BIN_EXE_p8fs-gen"), &[&["kind"], arguments].concat(), "");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}\n{}", self.log());
        said
    }

    /// Has kind make a cluster of a configuration; gives what it says against it.
    fn refused(&self, configuration: &str) -> String {
        let output = self.run("kind", &["create", "cluster", "--config=-"], configuration);
        assert!(!output.status.success(), "kind accepted it:\n{configuration}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// What docker was told.
    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Forgets it.
    fn clear_log(&self) {
        fs::write(self.path("log"), "").expect("written");
    }

    fn containers(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.path("containers")).expect("listed");
        entries.map(|entry| entry.expect("entry").file_name().into_string().expect("UTF-8")).collect()
    }

    /// With what a container was started.
    fn container(&self, name: &str) -> String {
        fs::read_to_string(self.path("containers").join(name)).expect("the container was started")
    }

    /// What was put into a node.
    fn file(&self, node: &str, path: &str) -> String {
        let name = format!("{node}{}", path.replace('/', "_"));
        fs::read_to_string(self.path("files").join(name)).unwrap_or_else(|_| panic!("no {path} in {node}"))
    }
}

fn cluster_file() -> String {
    let family = render(&["dev", "--only", "kind"]);
    family.split("---\n").next().expect("it comes first").to_owned()
}

#[test]
fn kind_makes_the_cluster_of_dev_and_up_adds_what_is_missing() {
    let machine = Machine::new();
    let said = machine.ours(&["up"]);
    // Its own words.
    assert!(said.contains("Creating cluster \"p8fs\""), "{said}");
    let nodes = ["p8fs-control-plane", "p8fs-worker", "p8fs-worker2"];
    let wanted: BTreeSet<String> = nodes.iter().chain(&["kind-registry"]).map(ToString::to_string).collect();
    assert_eq!(machine.containers(), wanted);
    for node in nodes {
        let started = machine.container(node);
        let image =
            " kindest/node:v1.36.4@sha256:099e049362a1526b2db71494e1947aae99bd16290d7c895f2b7ea312e3cbfaed\n";
        assert!(started.ends_with(image), "{started}");
        let is_entry = node == nodes[0];
        for port in ["--publish=127.0.0.1:80:80/TCP", "--publish=127.0.0.1:443:443/TCP"] {
            assert_eq!(started.contains(port), is_entry, "{started}");
        }
        let kubeadm = machine.file(node, "/kind/kubeadm.conf");
        assert_eq!(kubeadm.contains("ingress-ready=true"), is_entry, "{kubeadm}");
        assert_eq!(
            machine.file(node, "/etc/containerd/certs.d/localhost:5001/hosts.toml"),
            "[host.\"http://kind-registry:5000\"]\ncapabilities = [\"pull\", \"resolve\"]\n"
        );
    }
    let registry = machine.container("kind-registry");
    assert!(registry.contains("--network kind --publish 127.0.0.1:5001:5000 registry:3"), "{registry}");
    let applied = machine.file(nodes[0], "/applied");
    assert!(
        applied.contains("name: local-registry-hosting") && applied.contains("localhost:5001"),
        "{applied}"
    );
    // The context that environments/dev.toml names.
    let kubeconfig = fs::read_to_string(machine.path(".kube/config")).expect("kind wrote it");
    assert!(kubeconfig.contains("current-context: kind-p8fs\n"), "{kubeconfig}");

    machine.clear_log();
    let again = machine.ours(&["up", "dev"]);
    assert!(again.contains("is there already"), "{again}");
    assert!(!machine.log().contains("\nrun "), "{}", machine.log());

    fs::write(machine.path("stopped"), "").expect("written");
    machine.ours(&["up"]);
    assert!(machine.log().contains("\nstart kind-registry\n"), "{}", machine.log());

    let moved = ["kind", "up", "--set", "cluster.kind.registry.port=5002"];
    let moved = machine.run(env!("CARGO_BIN_EXE_p8fs-gen"), &moved, "");
    assert_eq!(moved.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&moved.stderr).contains("publishes port 5001"));

    let unasked = machine.run(env!("CARGO_BIN_EXE_p8fs-gen"), &["kind", "down"], "y\n");
    assert_eq!(unasked.status.code(), Some(2), "no terminal, no answer");
    assert_eq!(machine.containers(), wanted);
    machine.ours(&["down", "--yes"]);
    assert_eq!(machine.containers(), BTreeSet::from(["kind-registry".to_owned()]));
    assert!(machine.ours(&["down", "--yes"]).contains("nothing to do"));
}

#[test]
fn images_of_the_registry_are_pushed_and_others_loaded() {
    let machine = Machine::new();
    machine.ours(&["up"]);
    fs::write(machine.path("images"), "localhost:5001/p8fs-api:dev\nregistry.example/auth:1\n")
        .expect("written");
    let said = machine.ours(&["load", "--set", "services.auth.image=registry.example/auth:1"]);
    assert!(said.contains("localhost:5001/p8fs-core:dev is not on this machine"), "{said}");
    assert!(said.contains("pushed 1 and loaded 1 "), "{said}");
    let log = machine.log();
    assert!(log.contains("\npush localhost:5001/p8fs-api:dev\n"), "{log}");
    // kind's own way to the nodes.
    assert!(log.contains("save -o ") && log.contains(" registry.example/auth:1\n"), "{log}");
    assert_eq!(machine.file("p8fs-worker", "/imported"), "images\n");
}

#[test]
fn kind_reads_every_key() {
    let machine = Machine::new();
    let set = |text: &'static str| ["--set", text];
    let arguments = [
        set(
            "cluster.kind.nodes.a={ role = 'control-plane', image = 'kindest/node:v1.36.4', labels.disk = 'ssd' }",
        ),
        set(
            "cluster.kind.nodes.b={ role = 'worker', mounts.data = { host = '/srv/data', node = '/data', read_only = true } }",
        ),
        set(
            "cluster.kind.nodes.b.ports.dns={ node = 30053, host = 5353, address = '0.0.0.0', protocol = 'UDP' }",
        ),
        set(
            "cluster.kind.nodes.b.mounts.own={ host = 'target/volumes', node = '/var/local-path-provisioner' }",
        ),
        set("cluster.kind.ip_family=dual"),
        set("cluster.kind.pod_cidrs=['10.7.0.0/16', 'fd00:7::/56']"),
        set("cluster.kind.service_cidrs=['10.8.0.0/16', 'fd00:8::/112']"),
        set("cluster.kind.name=other"),
        set("cluster.contexts=['kind-other']"),
        set("cluster.kind.registry.name=images"),
        set("cluster.kind.registry.image=registry:3.0.0"),
    ];
    machine.ours(&[&["up", "dev"], arguments.concat().as_slice()].concat());
    let worker = machine.container("other-worker");
    let below = format!("--volume={}/target/volumes:/var/local-path-provisioner", env!("CARGO_MANIFEST_DIR"));
    for wanted in ["--volume=/srv/data:/data:ro", "--publish=0.0.0.0:5353:30053/UDP", &below] {
        assert!(worker.contains(wanted), "no {wanted}: {worker}");
    }
    assert!(machine.container("other-control-plane").ends_with(" kindest/node:v1.36.4\n"));
    assert!(machine.container("images").ends_with(" registry:3.0.0\n"));
    let kubeadm = machine.file("other-control-plane", "/kind/kubeadm.conf");
    for wanted in ["disk=ssd", "10.7.0.0/16,fd00:7::/56", "10.8.0.0/16,fd00:8::/112"] {
        assert!(kubeadm.contains(wanted), "no {wanted}: {kubeadm}");
    }
}

#[test]
fn kind_refuses_what_is_wrong() {
    let machine = Machine::new();
    let good = cluster_file();
    for (before, after, said) in [
        ("hostPort: 443", "hostPort: 99999", "invalid hostPort: invalid port number: 99999"),
        ("hostPort: 443", "hostPort: 80", "same listen address, port and protocol"),
        ("role: control-plane", "role: worker", "must have at least one control-plane node"),
        ("ipFamily: ipv4", "ipFamily: ipv7", "invalid ipFamily: ipv7"),
        ("  ipFamily: ipv4", "  podSubnet: fd00::/56", "invalid pod subnet"),
        ("  labels:", "  lables:", "field lables not found"),
        ("name: p8fs", "name: P8FS", "not a valid cluster name"),
    ] {
        let bad = good.replacen(before, after, 1);
        assert_ne!(bad, good, "{before} is not there");
        let refusal = machine.refused(&bad);
        assert!(refusal.contains(said), "{after}: {refusal}");
    }
    assert!(!machine.log().contains("\nrun "), "nothing was started");
}

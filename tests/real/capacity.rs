//! The scheduler agrees with the rule about capacity: what `check` accepts finds its place, what it refuses does not.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::cluster::Cluster;
use crate::nodes::Node;

/// A pool of nodes and what runs on it.
struct Layout {
    /// Also the namespace and the pool's label.
    name: &'static str,
    tier: &'static str,
    /// Of the pool: nodes, CPU, memory, and what else it says.
    pool: (u32, &'static str, &'static str, &'static str),
    /// Name, replicas, CPU, memory; each pod with a volume of its own, so that a rollout needs no further room.
    workers: &'static [(&'static str, &'static str, &'static str, &'static str)],
    /// The zone whose nodes are not there.
    lost: Option<&'static str>,
    fits: bool,
}

const ZONES: &str = "zones = [\"a\", \"b\", \"c\"]";

const LAYOUTS: &[Layout] = &[
    Layout {
        name: "full",
        tier: "development",
        pool: (2, "4", "8Gi", ""),
        workers: &[("work", "4", "2", "1Gi")],
        lost: None,
        fits: true,
    },
    Layout {
        name: "one-too-many",
        tier: "development",
        pool: (2, "4", "8Gi", ""),
        workers: &[("work", "5", "2", "1Gi")],
        lost: None,
        fits: false,
    },
    Layout {
        name: "in-pieces",
        tier: "development",
        pool: (3, "4", "32Gi", ""),
        workers: &[("large", "3", "2500m", "1Gi"), ("small", "3", "1500m", "1Gi")],
        lost: None,
        fits: true,
    },
    // Of 12 cores 11 are asked, and no node has two left.
    Layout {
        name: "no-whole-piece",
        tier: "development",
        pool: (3, "4", "32Gi", ""),
        workers: &[("large", "3", "3", "1Gi"), ("middle", "1", "2", "1Gi")],
        lost: None,
        fits: false,
    },
    Layout {
        name: "many-small",
        tier: "development",
        pool: (2, "4", "8Gi", "pods = 4"),
        workers: &[("work", "8", "10m", "16Mi")],
        lost: None,
        fits: true,
    },
    Layout {
        name: "too-large",
        tier: "development",
        pool: (3, "4", "8Gi", ""),
        workers: &[("work", "1", "1", "9Gi")],
        lost: None,
        fits: false,
    },
    Layout {
        name: "at-most",
        tier: "development",
        pool: (3, "4", "8Gi", ""),
        workers: &[("work", "{ min = 1, max = 6 }", "100m", "4Gi")],
        lost: None,
        fits: true,
    },
    Layout {
        name: "not-at-most",
        tier: "development",
        pool: (2, "4", "8Gi", ""),
        workers: &[("work", "{ min = 1, max = 6 }", "100m", "3Gi")],
        lost: None,
        fits: false,
    },
    Layout {
        name: "zone-lost",
        tier: "production",
        pool: (6, "4", "8Gi", ZONES),
        workers: &[("work", "4", "3", "1Gi")],
        lost: Some("b"),
        fits: true,
    },
    Layout {
        name: "not-with-zone-lost",
        tier: "production",
        pool: (6, "4", "8Gi", ZONES),
        workers: &[("work", "5", "3", "1Gi")],
        lost: Some("b"),
        fits: false,
    },
];

impl Layout {
    /// A workspace with it as environment `layout`.
    fn write(&self, folder: &Path) {
        let Self { name, tier, pool: (nodes, cpu, memory, more), .. } = self;
        let mut text = format!(
            "[system]\nname = \"x\"\n[environment]\ntier = \"{tier}\"\nnamespace = \"{name}\"\n\
             [cluster]\nkubernetes = \"1.36\"\n[cluster.pools.only]\nnodes = {nodes}\ncpu = \"{cpu}\"\n\
             memory = \"{memory}\"\nlabels.layout = \"{name}\"\n{more}\n"
        );
        for (worker, replicas, cpu, memory) in self.workers {
            let scale = if replicas.starts_with('{') { "scale.cpu = 80\n" } else { "" };
            write!(
                text,
                "[workers.{worker}]\nimage = \"registry.example/{worker}:1\"\nreplicas = {replicas}\n{scale}\
                 placement.pool = \"only\"\nstorage.data = {{ path = \"/data\", size = \"1Gi\" }}\n\
                 resources = {{ cpu = \"{cpu}\", memory = \"{memory}\", storage = \"64Mi\" }}\n"
            )
            .expect("a text can be written to");
        }
        fs::create_dir(folder.join("environments")).expect("made");
        fs::write(folder.join("environments/layout.toml"), text).expect("written");
    }
}

fn ours(folder: &Path, arguments: &[&str]) -> Output {
    let mut ours = Command::new(env!("CARGO_BIN_EXE_p8fs-gen"));
    ours.args(arguments).current_dir(folder).output().expect("the binary can be started")
}

#[tokio::test]
async fn what_the_rule_accepts_finds_its_place_and_what_it_refuses_does_not() {
    assert_eq!(LAYOUTS.iter().filter(|layout| layout.fits).count(), 5);
    assert_eq!(LAYOUTS.iter().filter(|layout| !layout.fits).count(), 5);
    let (mut nodes, mut streams) = (Vec::new(), Vec::new());
    for layout in LAYOUTS {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        layout.write(folder.path());
        let checked = ours(folder.path(), &["check"]);
        let said = String::from_utf8_lossy(&checked.stderr).into_owned();
        assert_eq!(checked.status.code(), Some(if layout.fits { 0 } else { 2 }), "{}: {said}", layout.name);
        assert_eq!(said.contains("error[over-capacity]"), !layout.fits, "{}: {said}", layout.name);

        let own = Node::declared(folder.path(), "layout").into_iter();
        nodes.extend(
            own.filter(|node| layout.lost.is_none() || node.zone.as_deref() != layout.lost)
                .map(|node| Node { name: format!("{}-{}", layout.name, node.name), ..node }),
        );
        // What is refused is rendered for larger nodes, which changes nothing else.
        let room = ["nodes=900", "cpu='900'", "memory='900Gi'", "pods=900"];
        let room: Vec<String> = room.iter().map(|text| format!("--set=cluster.pools.only.{text}")).collect();
        let arguments: Vec<&str> =
            ["render", "layout"].into_iter().chain(room.iter().map(String::as_str)).collect();
        let rendered = ours(folder.path(), &arguments);
        assert!(rendered.status.success(), "{}", String::from_utf8_lossy(&rendered.stderr));
        streams.push(String::from_utf8(rendered.stdout).expect("the stream is UTF-8"));
    }

    let cluster = Cluster::with_nodes(&nodes).await;
    for stream in &streams {
        cluster.apply(stream).await;
    }
    cluster.scale_to_maximum().await;
    let pending = cluster.pods_pending().await;
    for layout in LAYOUTS {
        let is_own = |pod: &str| pod.split('/').any(|part| part == layout.name);
        let own: Vec<_> = pending.iter().filter(|(pod, _)| is_own(pod)).collect();
        assert_eq!(own.is_empty(), layout.fits, "{}: {own:#?}", layout.name);
    }
}

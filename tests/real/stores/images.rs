//! What stands for the images of stores.

use std::path::PathBuf;

use crate::processes::built;
use crate::sandbox::Image;

/// Where most images look for programs.
const USUAL: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// That of `PostgreSQL` has its programs in a folder of its own; this is Debian's.
const POSTGRESQL: &str = "/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin";

pub fn images() -> Vec<Image> {
    let there = |path: PathBuf| {
        assert!(path.is_file(), "{} is missing: run `make tools`", path.display());
        path
    };
    let tool = |name: &str| there(built(name));
    let debian = |path: &str| there(PathBuf::from(path));
    // It is found by its path.
    debian("/usr/lib/postgresql/15/bin/postgres");
    vec![
        Image {
            repository: "docker.io/library/nats",
            path: USUAL,
            programs: vec![(tool("nats-server"), "/usr/local/bin/nats-server")],
            user: ("nats", "/"),
        },
        Image {
            repository: "docker.io/natsio/nats-box",
            path: USUAL,
            programs: vec![(tool("nats"), "/usr/local/bin/nats")],
            user: ("nats", "/"),
        },
        Image {
            repository: "docker.io/library/postgres",
            path: POSTGRESQL,
            programs: Vec::new(),
            user: ("postgres", "/var/lib/postgresql"),
        },
        Image {
            repository: "docker.io/library/redis",
            path: USUAL,
            programs: vec![
                (debian("/usr/bin/redis-server"), "/usr/local/bin/redis-server"),
                (debian("/usr/bin/redis-cli"), "/usr/local/bin/redis-cli"),
            ],
            user: ("redis", "/home/redis"),
        },
        Image {
            repository: "docker.io/prom/prometheus",
            path: "/bin",
            programs: vec![(tool("prometheus"), "/bin/prometheus"), (tool("promtool"), "/bin/promtool")],
            user: ("nobody", "/home"),
        },
        Image {
            repository: "docker.io/otel/opentelemetry-collector-contrib",
            path: USUAL,
            programs: vec![(tool("otelcol"), "/otelcol-contrib")],
            user: ("otel", "/"),
        },
    ]
}

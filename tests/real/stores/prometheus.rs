//! Prometheus. Its API server is not there: it goes on looking for it.

use serde_json::Value;

use super::images::images;
use super::{development, instead, json_of, pod, started};
use crate::sandbox::{Sandbox, said};

#[test]
fn prometheus_takes_its_configuration_and_is_ready() {
    let objects = development(&[]);
    let pod = pod(&objects, "prometheus");
    let mut sandbox = Sandbox::new(&objects, images());

    let checked =
        instead(&mut sandbox, &pod, &["promtool", "check", "config", "/etc/prometheus/prometheus.yml"]);
    assert!(checked.status.success(), "{}", said(&checked));
    // The negative control: a flag that it does not know.
    let wrong = instead(&mut sandbox, &pod, &["/bin/prometheus", "--storage.tsdb.retention.tme=2d"]);
    assert!(!wrong.status.success() && said(&wrong).contains("retention.tme"), "{}", said(&wrong));

    let server = started(&mut sandbox, &pod);
    let (_, flags) = sandbox.http(&server, "http", "/api/v1/status/flags", None).expect("an answer");
    let flags = &json_of(&flags)["data"];
    assert_eq!(flags["storage.tsdb.path"], "/prometheus");
    assert_eq!(flags["storage.tsdb.retention.time"], "2d");
    let mut pools = Value::Null;
    let port = server.container.ports["http"];
    sandbox.until("the pools are there", |network| {
        let answer = network.http(&server.pod, port, "/api/v1/scrape_pools", None).expect("an answer").1;
        pools = json_of(&answer)["data"]["scrapePools"].clone();
        pools.as_array().is_some_and(|pools| !pools.is_empty())
    });
    for wanted in ["nats", "otel", "seaweedfs-volume"] {
        assert!(pools.as_array().is_some_and(|pools| pools.contains(&wanted.into())), "{pools}");
    }
    // It has the token of its pod and the address of the API server: it asks there.
    for _ in 0..60 {
        if sandbox.said(&server).contains("10.96.0.1:443") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
    assert!(sandbox.said(&server).contains("10.96.0.1:443"), "{}", sandbox.said(&server));

    let stopped = sandbox.stop(&server);
    assert!(stopped.success(), "{stopped}: {}", sandbox.said(&server));
}

//! NATS: one server, and the Job that makes its streams and consumers.

use serde_json::Value;

use super::images::images;
use super::{development, instead, json_of, own, pod, started, with};
use crate::sandbox::{Running, Sandbox, said};

/// The streams of a server with their consumers, as it says itself.
fn streams(sandbox: &Sandbox, server: &Running) -> Value {
    let (status, stores) =
        sandbox.http(server, "monitor", "/jsz?consumers=1&config=1", None).expect("an answer");
    assert_eq!(status, 200, "{stores}");
    json_of(&stores)["account_details"][0]["stream_detail"].clone()
}

/// What was asked for in a server's streams: without what it says of the moment.
fn settled(mut streams: Value) -> Value {
    for stream in streams.as_array_mut().into_iter().flatten() {
        let consumers = stream["consumer_detail"].take();
        let asked = |consumer: &Value| {
            [&consumer["name"], &consumer["created"], &consumer["config"]].map(Clone::clone)
        };
        let mut consumers: Vec<_> = consumers.as_array().into_iter().flatten().map(asked).collect();
        consumers.sort_by_key(|consumer| consumer[0].to_string());
        *stream = serde_json::json!([stream["name"], stream["created"], stream["config"], consumers]);
    }
    streams
}

#[test]
fn nats_takes_its_configuration_answers_its_probes_and_stops_when_told() {
    let objects = development(&[]);
    let pod = pod(&objects, "nats");
    let mut sandbox = Sandbox::new(&objects, images());

    let check = with(&own(&pod), &["-t"]);
    let check: Vec<_> = check.iter().map(String::as_str).collect();
    let checked = instead(&mut sandbox, &pod, &check);
    assert!(checked.status.success() && said(&checked).contains("is valid"), "{}", said(&checked));
    let wrong = instead(&mut sandbox, &pod, &["nats-server", "-t", "--config", "/etc/nats/missing.conf"]);
    assert!(!wrong.status.success(), "{}", said(&wrong));

    let server = started(&mut sandbox, &pod);
    let (status, stores) = sandbox.http(&server, "monitor", "/jsz", None).expect("an answer");
    assert_eq!(status, 200);
    let stores = json_of(&stores);
    // What the volume holds: 10 GiB, less a tenth.
    assert_eq!(stores["config"]["max_storage"], 9_663_676_416_u64, "{stores}");
    assert_eq!(stores["config"]["store_dir"], "/data/jetstream", "{stores}");

    let stopped = sandbox.stop(&server);
    assert!(stopped.success(), "{stopped}: {}", sandbox.said(&server));
    assert!(sandbox.said(&server).contains("lame duck"), "{}", sandbox.said(&server));
}

#[test]
fn the_job_waits_for_the_server_makes_its_streams_and_then_changes_what_differs() {
    let objects = development(&[]);
    let job = pod(&objects, "nats-streams");
    let mut sandbox = Sandbox::new(&objects, images());

    // The server comes later.
    let waiting = sandbox.start(&job).remove(0);
    let server = started(&mut sandbox, &pod(&objects, "nats"));
    let ended = sandbox.ended(&waiting);
    assert!(ended.success(), "{ended}: {}", sandbox.said(&waiting));

    let made = streams(&sandbox, &server);
    let stream = &made[0];
    assert_eq!(stream["config"]["name"], "P8FS_JOBS", "{made}");
    assert_eq!(stream["config"]["storage"], "file");
    assert_eq!(stream["config"]["retention"], "workqueue");
    assert_eq!(stream["config"]["max_age"], 7 * 24 * 3600 * 1_000_000_000_u64);
    let consumers = stream["consumer_detail"].as_array().expect("consumers");
    let mut names: Vec<_> = consumers.iter().filter_map(|consumer| consumer["name"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["embedding", "processing"]);
    for consumer in consumers {
        let config = &consumer["config"];
        assert_eq!(config["ack_policy"], "explicit", "{consumer}");
        assert_eq!(config["ack_wait"], 600_u64 * 1_000_000_000, "{consumer}");
        assert_eq!(config["durable_name"], consumer["name"], "{consumer}");
    }

    // Again: nothing changes.
    let again = sandbox.run(&job);
    assert!(again.status.success(), "{}", said(&again));
    assert_eq!(said(&again).matches("No difference in configuration").count(), 3, "{}", said(&again));
    assert_eq!(settled(streams(&sandbox, &server)), settled(made.clone()));

    // As a later version of the environment wants it: the stream is changed, and the same.
    let later = development(&[
        "--set",
        "stores.nats.streams.P8FS_JOBS.max_age=3d",
        "--set",
        "workers.embedding.queue.max_deliver=9",
    ]);
    let changed = sandbox.run(&pod(&later, "nats-streams"));
    assert!(changed.status.success(), "{}", said(&changed));
    let now = streams(&sandbox, &server);
    assert_eq!(now[0]["config"]["max_age"], 3 * 24 * 3600 * 1_000_000_000_u64);
    assert_eq!(now[0]["created"], made[0]["created"]);
    let embedding = now[0]["consumer_detail"].as_array().into_iter().flatten();
    let embedding: Vec<_> = embedding.filter(|consumer| consumer["name"] == "embedding").collect();
    assert_eq!(embedding[0]["config"]["max_deliver"], 9, "{now}");
}

/// It is not waited for without end, nor is a failure taken for success.
#[test]
fn the_job_fails_without_a_server_and_with_what_the_server_refuses() {
    let objects = development(&["--set", "stores.nats.jobs.streams.timeout=4s"]);
    let mut sandbox = Sandbox::new(&objects, images());
    let alone = sandbox.run(&pod(&objects, "nats-streams"));
    assert!(!alone.status.success() && said(&alone).contains("no answer from"), "{}", said(&alone));

    // A single server cannot keep three copies.
    let refused = development(&["--set", "stores.nats.streams.P8FS_JOBS.replicas=3"]);
    let server = started(&mut sandbox, &pod(&refused, "nats"));
    let output = sandbox.run(&pod(&refused, "nats-streams"));
    assert!(!output.status.success() && said(&output).contains("replicas"), "{}", said(&output));
    assert_eq!(streams(&sandbox, &server).as_array().map_or(0, Vec::len), 0);
}

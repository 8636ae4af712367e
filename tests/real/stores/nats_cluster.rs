//! NATS: three servers that agree among each other.

use serde_json::Value;

use super::images::images;
use super::{development, instead, json_of, pod, pods};
use crate::container::Pod;
use crate::sandbox::{Running, Sandbox, said};

/// What the command-line client says of the stream, asked from the Job's pod.
fn stream(sandbox: &mut Sandbox, job: &Pod<'_>) -> Option<Value> {
    let words = ["sh", "-c", "nats --server \"$STORE_CLIENT_ADDRESSES\" stream info P8FS_JOBS --json"];
    let output = instead(sandbox, job, &words);
    output.status.success().then(|| json_of(&String::from_utf8_lossy(&output.stdout)))
}

fn until_stream(sandbox: &mut Sandbox, job: &Pod<'_>, what: &str, reached: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..60 {
        if let Some(found) = stream(sandbox, job).filter(&reached) {
            return found;
        }
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
    panic!("not after a minute: {what}");
}

#[test]
fn three_servers_elect_a_leader_and_keep_a_stream_three_times() {
    let objects = development(&["--set", "stores.nats.embedded.parts.main.replicas=3"]);
    let mut sandbox = Sandbox::new(&objects, images());
    let job = pod(&objects, "nats-streams");

    // One alone has no majority: the streams have to wait.
    let waiting = sandbox.start(&job).remove(0);
    let mut servers: Vec<Running> = Vec::new();
    let mut pods = pods(&objects, "nats").into_iter();
    servers.extend(sandbox.start(&pods.next().expect("three")));
    sandbox.probe(&servers[0]);
    let refused = stream(&mut sandbox, &job);
    assert_eq!(refused, None, "one of three answers for all");
    for pod in pods {
        servers.extend(sandbox.start(&pod));
    }
    assert_eq!(servers.len(), 3);
    for server in &servers {
        sandbox.probe(server);
    }
    let ended = sandbox.ended(&waiting);
    assert!(ended.success(), "{ended}: {}", sandbox.said(&waiting));

    let names = ["p8fs-nats-0", "p8fs-nats-1", "p8fs-nats-2"];
    let meta = json_of(&sandbox.http(&servers[0], "monitor", "/jsz", None).expect("an answer").1);
    let meta = &meta["meta_cluster"];
    assert_eq!((&meta["name"], &meta["cluster_size"]), (&"p8fs-nats".into(), &3.into()), "{meta}");
    assert!(names.contains(&meta["leader"].as_str().unwrap_or_default()), "{meta}");

    let publish = ["sh", "-c", "nats --server \"$STORE_CLIENT_ADDRESSES\" req p8fs.jobs.embedding work"];
    let published = instead(&mut sandbox, &job, &publish);
    assert!(said(&published).contains("\"seq\":1"), "{}", said(&published));
    let is_whole = |stream: &Value| {
        let replicas: Vec<_> = stream["cluster"]["replicas"].as_array().into_iter().flatten().collect();
        replicas.len() == 2 && replicas.iter().all(|replica| replica["current"] == true)
    };
    let before = until_stream(&mut sandbox, &job, "three copies", is_whole);
    assert_eq!((&before["config"]["num_replicas"], &before["state"]["messages"]), (&3.into(), &1.into()));

    // The stream's leader goes: another takes its place, and nothing is lost.
    let leader = before["cluster"]["leader"].as_str().expect("a leader").to_owned();
    let lost = servers.iter().position(|server| server.pod == leader).expect("one of them");
    let lost = servers.remove(lost);
    Sandbox::signal(&lost, rustix::process::Signal::KILL);
    assert!(!sandbox.ended(&lost).success());
    let after = until_stream(&mut sandbox, &job, "another leader", |stream| {
        stream["cluster"]["leader"].as_str().is_some_and(|now| now != leader && names.contains(&now))
    });
    assert_eq!(after["state"]["messages"], 1, "{after}");

    // And it comes back with the copy that it had.
    let back = super::pods(&objects, "nats").into_iter().find(|pod| pod.name == leader).expect("it is one");
    servers.extend(sandbox.start(&back));
    until_stream(&mut sandbox, &job, "three copies again", is_whole);
    for server in &servers {
        let stopped = sandbox.stop(server);
        assert!(stopped.success(), "{stopped}: {}", sandbox.said(server));
    }
}

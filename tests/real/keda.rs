//! KEDA: its definitions take every `ScaledObject` as it is, and what a trigger asks of a queue is there to be asked.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use kube::api::PatchParams;
use serde_json::Value;

use crate::accepted::{environments, render_in};
use crate::api_server::{ApiServer, free_ports};
use crate::definitions;
use crate::processes::{Processes, built};
use crate::stream::{self, complaints};

const START_LIMIT: Duration = Duration::from_mins(1);
const POLL_PAUSE: Duration = Duration::from_millis(100);

/// What KEDA looks at, of every environment that has it.
fn scaled() -> String {
    let streams = environments().into_iter().map(|(workspace, environment)| {
        render_in(workspace, &[&environment, "--only", "keda"]).trim_end().to_owned()
    });
    streams.filter(|stream| !stream.is_empty()).collect::<Vec<_>>().join("\n---\n")
}

#[tokio::test]
async fn every_scaled_object_is_accepted_and_a_wrong_one_is_not() {
    let right = scaled();
    let count = |kind: &str| right.matches(&format!("kind: {kind}\n")).count();
    assert!(count("ScaledObject") >= 5 && count("TriggerAuthentication") >= 1, "{right}");
    definitions::installed().await;
    let client = ApiServer::shared().await.client().await;
    let documents = stream::split(&right);
    let setup = PatchParams::apply("tests");
    stream::apply(&client, &stream::missing_namespaces(&documents), &setup).await;
    let params = PatchParams::apply("p8fs-gen").dry_run();
    let said = complaints(&stream::apply(&client, &documents, &params).await);
    assert!(said.is_empty(), "{}", said.join("\n"));
    // The negative controls: text is text, fields are those that there are, and CEL rules are evaluated.
    for (from, to) in [
        ("lagThreshold: \"50\"", "lagThreshold: 50"),
        ("minReplicaCount: 0", "minReplicaCount: 11"),
        ("cooldownPeriod:", "cooldown:"),
        ("- name: p8fs-prometheus", "- nam: p8fs-prometheus"),
    ] {
        assert!(right.contains(from), "{from}");
        let wrong = right.replacen(from, to, 1);
        let said = complaints(&stream::apply(&client, &stream::split(&wrong), &params).await);
        assert_eq!(said.len(), 1, "{from} -> {to}: {}", said.join("\n"));
    }
}

/// A real server with the stream and the consumer that the Job of a store makes, asked as KEDA asks it: the names in the
/// trigger lead to the consumer, and what waits for it is the lag that KEDA divides.
#[test]
fn what_a_trigger_names_is_what_the_job_of_the_store_makes() {
    let one = "stores.events.embedded.parts.main.replicas=1";
    let rendered = render_in("examples/shop", &["live", "--set", one]);
    let documents = stream::split(&rendered);
    let of_kind = |kind: &str, name: &str| -> Value {
        let mut found = documents
            .iter()
            .filter(|it| it.kind().kind == kind && it.object.metadata.name.as_deref() == Some(name));
        found.next().unwrap_or_else(|| panic!("no {kind} {name}")).object.data.clone()
    };
    let object = of_kind("ScaledObject", "shop-mailer");
    let triggers = object["spec"]["triggers"].as_array().expect("triggers");
    let of_queue = triggers.iter().find(|it| it["type"] == "nats-jetstream").expect("a trigger");
    let says = |key: &str| of_queue["metadata"][key].as_str().expect("text").to_owned();

    let mut processes = Processes::new("keda");
    let [clients, monitor] = free_ports();
    let mut server = Command::new(built("nats-server"));
    server.args(["--jetstream", "--addr", "127.0.0.1", "--port", &clients.to_string()]);
    server.args(["--http_port", &monitor.to_string(), "--store_dir"]).arg(processes.folder().join("data"));
    processes.start("nats-server", &mut server);
    let until = Instant::now() + START_LIMIT;
    while get(monitor, "/healthz").is_none_or(|(status, _)| status != 200) {
        processes.assert_running();
        assert!(Instant::now() < until, "{}", processes.all_last_lines());
        std::thread::sleep(POLL_PAUSE);
    }

    let folder = processes.folder().to_owned();
    let run = |command: &mut Command| {
        let programs = format!("{}:/usr/bin:/bin", built("").display());
        let command = command.current_dir(&folder).env("HOME", &folder).env("PATH", programs);
        let output = command.output().expect("sh, and nats: run `make tools`");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let config = of_kind("ConfigMap", "shop-events-streams-config");
    for (name, text) in config["data"].as_object().expect("files") {
        fs::write(folder.join(name), text.as_str().expect("text")).expect("written");
    }
    let address = format!("127.0.0.1:{clients}");
    run(Command::new("sh").arg("apply.sh").env("STORE_CLIENT_ADDRESSES", &address));
    let nats = |words: &[&str]| run(Command::new(built("nats")).args(["--server", &address]).args(words));
    let (name, consumer) = (says("stream"), says("consumer"));
    nats(&["pub", "orders.placed", "an order", "--count", "120"]);
    nats(&["pub", "orders.paid", "not for the mailer"]);
    nats(&["consumer", "next", &name, &consumer, "--count", "20", "--no-ack"]);

    let (status, answer) =
        get(monitor, &format!("/jsz?acc={}&consumers=true&config=true", says("account"))).expect("an answer");
    assert_eq!(status, 200, "{answer}");
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    let named = |list: &Value, name: &str| -> Value {
        let mut items = list.as_array().into_iter().flatten();
        items.find(|item| item["name"] == name).unwrap_or_else(|| panic!("no {name}: {answer}")).clone()
    };
    let account = named(&answer["account_details"], &says("account"));
    let found = named(&account["stream_detail"], &name);
    let found = named(&found["consumer_detail"], &consumer);
    let number = |key: &str| found[key].as_u64().expect("a number");
    // Those in hand count as well: the pods that have them are needed.
    assert_eq!((number("num_pending"), number("num_ack_pending")), (100, 20), "{found}");
    assert_eq!(found["config"]["durable_name"], consumer.as_str(), "{found}");
    assert!(found["config"]["inactive_threshold"].as_u64().unwrap_or_default() == 0, "{found}");
    let lag = number("num_pending") + number("num_ack_pending");
    assert_eq!(lag.div_ceil(says("lagThreshold").parse().expect("a number")), 3);
}

/// Status and body of an answer on this machine; none when nobody answers.
fn get(port: u16, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}

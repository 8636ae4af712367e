//! The flags of programs that can be had neither from Go's module proxy nor from Debian: each that is rendered is one
//! that the program knows, with a value of its type.
//!
//! `<program>-<version>.tsv` holds what the program's source says: sub-command, flag, type, default. The version is that
//! of the image.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

#[path = "../run/mod.rs"]
mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use run::{root, run};
use serde_json::Value;

/// Images, and what the facts about their programs are called.
const PROGRAMS: [(&str, &str); 1] = [("docker.io/chrislusf/seaweedfs", "seaweedfs")];

/// The flags of a program by sub-command, that of none being those before it: each with its type and default.
struct Facts(BTreeMap<String, BTreeMap<String, (String, String)>>);

impl Facts {
    fn of(program: &str, version: &str) -> Self {
        let path = root().join(format!("tests/flags/{program}-{version}.tsv"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut facts: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for line in text.lines() {
            let cells: Vec<_> = line.split('\t').collect();
            let [command, flag, kind, default] = cells[..] else { panic!("{line}: not four cells") };
            let known = facts.entry(command.to_owned()).or_default();
            known.insert(flag.to_owned(), (kind.to_owned(), default.to_owned()));
        }
        Self(facts)
    }

    /// What is wrong with the words of a command, and the ports that it listens on.
    fn judge(&self, words: &[String]) -> (Vec<String>, BTreeSet<u16>) {
        let mut wrong = Vec::new();
        let mut command = "";
        let mut given = BTreeMap::new();
        for word in words.iter().skip(1) {
            let Some(flag) = word.strip_prefix('-') else {
                if command.is_empty() && self.0.contains_key(word) {
                    command = word;
                } else {
                    wrong.push(format!("{word}: neither a flag nor a sub-command"));
                }
                continue;
            };
            let Some((flag, value)) = flag.split_once('=') else {
                wrong.push(format!("{word}: no value"));
                continue;
            };
            match self.0[command].get(flag) {
                None => wrong.push(format!("{word}: `{command}` has no such flag")),
                Some((kind, _)) if !fits(kind, value) => wrong.push(format!("{word}: no {kind}")),
                Some(_) if given.insert(flag, value).is_some() => wrong.push(format!("{word}: given twice")),
                Some(_) => {}
            }
        }
        let listens = |flag: &str| flag == "port" || flag.starts_with("port.") || flag == "metricsPort";
        let effective = self.0[command].iter().filter(|(flag, _)| listens(flag));
        let ports =
            effective.map(|(flag, (_, default))| given.get(&**flag).map_or(&**default, |value| value));
        (wrong, ports.filter_map(|port| port.parse().ok()).filter(|port| *port != 0).collect())
    }
}

/// Whether a value is of a type, as Go's flags read it. What Kubernetes puts in is known in the pod alone, and is text.
fn fits(kind: &str, value: &str) -> bool {
    match kind {
        "bool" => matches!(value, "true" | "false"),
        "int" | "int64" | "level" => value.parse::<i64>().is_ok(),
        "uint" => value.parse::<u64>().is_ok(),
        "float64" => value.parse::<f64>().is_ok(),
        "duration" => value.strip_suffix(['s', 'm', 'h']).is_some_and(|number| number.parse::<f64>().is_ok()),
        "string" | "var" => true,
        other => panic!("{other} is no type"),
    }
}

fn texts(value: &Value) -> impl Iterator<Item = String> {
    value.as_array().into_iter().flatten().map(|word| word.as_str().expect("text").to_owned())
}

/// Every container of an object.
fn containers(object: &Value) -> impl Iterator<Item = &Value> {
    object["spec"]["template"]["spec"]["containers"].as_array().into_iter().flatten()
}

#[test]
fn every_rendered_flag_is_known_and_every_port_that_it_opens_is_declared() {
    let mut seen = BTreeSet::new();
    for workspace in [".", "examples/shop"] {
        let workspace = root().join(workspace);
        let rendered = run(&workspace, &["render", "--all", "--format", "json"]);
        assert_eq!(rendered.code, Some(0), "{}", rendered.stderr);
        for line in rendered.stdout.lines() {
            let object: Value = serde_json::from_str(line).expect("an object a line");
            for container in containers(&object) {
                let image = container["image"].as_str().expect("an image");
                let (repository, version) = image.rsplit_once(':').expect("an image has a tag");
                let Some((_, program)) = PROGRAMS.iter().find(|(image, _)| *image == repository) else {
                    continue;
                };
                let words: Vec<_> = texts(&container["command"]).chain(texts(&container["args"])).collect();
                let (wrong, opened) = Facts::of(program, version).judge(&words);
                assert!(wrong.is_empty(), "{words:?}: {wrong:#?}");
                let ports = container["ports"].as_array().into_iter().flatten();
                let declared = ports.filter_map(|port| port["containerPort"].as_u64());
                let declared: BTreeSet<u16> = declared.filter_map(|port| u16::try_from(port).ok()).collect();
                assert_eq!(opened, declared, "{words:?}: other ports than declared");
                seen.insert((*program, words[2].clone()));
            }
        }
    }
    let wanted = ["filer", "master", "s3", "volume"].map(|command| ("seaweedfs", command.to_owned()));
    assert_eq!(seen, BTreeSet::from(wanted));
}

#[test]
fn a_flag_that_is_not_known_is_found() {
    let facts = Facts::of("seaweedfs", "4.44");
    let judge = |words: &str| facts.judge(&words.split(' ').map(str::to_owned).collect::<Vec<_>>());
    assert_eq!(judge("weed -v=1 master -port=9333 -peers=$(A)"), (Vec::new(), BTreeSet::from([9333])));
    for wrong in [
        "weed masters",
        "weed master port",
        "weed -port=9333 master",
        "weed master -prot=9333",
        "weed master -port=x",
        "weed master -port",
        "weed master -volumeSizeLimitMB=-1",
        "weed master -telemetry=no",
        "weed master -electionTimeout=10",
        "weed master -port=1 -port=2",
        "weed s3 -mdir=/data",
    ] {
        assert_eq!(judge(wrong).0.len(), 1, "{wrong}: {:?}", judge(wrong).0);
    }
}

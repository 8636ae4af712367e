//! Entry points for the fuzz targets of `tests/fuzz`. None may panic, whatever it is given; those that compare say
//! whether it held.

use std::sync::Arc;

use crate::diag::{Sink, Sources, Span, human};
use crate::emit::yaml;
use crate::k8s::{Made, Node, Value};
use crate::manifest::{documents, objects};
use crate::pipeline::{Compiler, Coverage};
use crate::template::{self, Recording};
use crate::workspace::{Memory, Workspace};

/// A layer and an environment on top of it, through every room, and what is found printed.
pub fn environment(layer: &[u8], environment: &[u8]) {
    let top = [b"extends = [\"base.toml\"]\n", environment].concat();
    let files = Memory::default().with("environments/base.toml", layer).with("environments/x.toml", &top);
    let workspace = Workspace::open(Box::new(files));
    let Ok(mut compiler) = Compiler::new(&workspace) else { return };
    let compiled = compiler.compile("x", Recording::Leaves);
    if compiled.is_ok() && compiler.without_effect(&["x".to_owned()], Coverage::Every).is_ok() {
        print(compiler.sink, &compiler.sources);
    }
}

/// A template is understood, or something is found to be wrong with it.
pub fn template(text: &str) -> bool {
    let (mut sources, mut sink) = (Sources::default(), Sink::default());
    let file = sources.add("templates/a/b.yaml", text);
    let is_understood =
        template::template("a/b.yaml", file, &sources, &mut sink).is_some() || sink.errors() > 0;
    print(sink, &sources);
    is_understood
}

/// Any bytes as a manifest.
pub fn manifest(text: &str) {
    let (mut sources, mut sink) = (Sources::default(), Sink::default());
    let file = sources.add("manifest.yaml", text);
    for document in documents(file, &sources, &mut sink) {
        sink.extend(objects(&document, &sources).1);
    }
    print(sink, &sources);
}

/// A text, written as a value and as a key, is read back as it was.
pub fn yaml(text: &str) -> bool {
    let (mut sources, mut sink) = (Sources::default(), Sink::default());
    let place = Span::new(sources.add("nowhere", ""), 0..0);
    let node = |value| Node { value, at: place, lead: 0, made: Made::Data, from: None };
    let string = |text: &str| node(Value::String(Arc::from(text)));
    let map = |entries: Vec<(&str, Node)>| {
        node(Value::Map(entries.into_iter().map(|(key, value)| (Arc::from(key), value)).collect()))
    };
    let data = map(vec![(text, string(text))]);
    let metadata = map(vec![("name", string("x"))]);
    let root = map(vec![
        ("apiVersion", string("v1")),
        ("kind", string("ConfigMap")),
        ("metadata", metadata),
        ("data", data.clone()),
    ]);
    let mut written = String::new();
    yaml::write(&root, None, &mut written);
    let file = sources.add("written.yaml", written);
    let documents = documents(file, &sources, &mut sink);
    let read = documents.iter().flat_map(|document| objects(document, &sources).0);
    read.map(|object| object.root.get("data") == Some(&data)).eq([true])
}

fn print(sink: Sink, sources: &Sources) {
    for diagnostic in sink.into_sorted() {
        human::render(&diagnostic, sources);
    }
}

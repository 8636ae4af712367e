use std::slice;
use std::sync::Arc;

use super::*;
use crate::diag::{Sources, Span};
use crate::k8s::{Made, Node, Value};

pub(in crate::emit) fn object(api_version: &str, kind: &str, namespace: &str, name: &str) -> Object {
    let node = |value| Node {
        value,
        at: Span::new(Sources::default().add("", ""), 0..0),
        lead: 0,
        made: Made::Literal,
        from: None,
    };
    let entry = |key: &str, value: &str| (Arc::from(key), node(Value::String(value.into())));
    let root = node(Value::Map(vec![entry("kind", kind), entry("apiVersion", api_version)]));
    let identity = Identity {
        api_version: api_version.into(),
        kind: kind.into(),
        namespace: Some(namespace.to_owned()).filter(|namespace| !namespace.is_empty()),
        name: name.into(),
    };
    Object { identity, family: "".into(), root }
}

fn written(objects: &[Object], format: Format) -> String {
    let mut out = Vec::new();
    stream_of(objects.iter().collect(), Catalog::of("1.36").unwrap(), format, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_stream_is_in_install_order() {
    let objects = [
        object("apps/v1", "Deployment", "b", "api"),
        object("apps/v1", "Deployment", "a", "api"),
        object("v1", "ConfigMap", "a", "z"),
        object("v1", "Namespace", "", "a"),
    ];
    let text = "\
apiVersion: v1\nkind: Namespace\n---\napiVersion: v1\nkind: ConfigMap\n---\n\
apiVersion: apps/v1\nkind: Deployment\n---\napiVersion: apps/v1\nkind: Deployment\n";
    assert_eq!(written(&objects, Format::Yaml), text);
    assert_eq!(written(&[], Format::Yaml), "");
    let lines = "\
{\"apiVersion\":\"v1\",\"kind\":\"Namespace\"}\n{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\"}\n\
{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\"}\n{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\"}\n";
    assert_eq!(written(&objects, Format::Json), lines);
}

#[test]
fn pieces_do_not_show() {
    let objects: Vec<_> =
        (0..=PIECE).map(|index| object("v1", "ConfigMap", "a", &format!("{index:05}"))).collect();
    let documents: Vec<_> = objects.iter().map(|one| written(slice::from_ref(one), Format::Yaml)).collect();
    assert_eq!(written(&objects, Format::Yaml), documents.join("---\n"));
}

#[test]
fn a_closed_pipe_ends_the_stream() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let objects = [object("v1", "ConfigMap", "a", "z")];
    let ended = stream_of(objects.iter().collect(), Catalog::of("1.36").unwrap(), Format::Yaml, &mut Closed);
    assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

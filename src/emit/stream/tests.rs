use std::sync::Arc;

use super::*;
use crate::diag::{Sources, Span};
use crate::k8s::{Made, Node, Value};

fn object(api_version: &str, kind: &str, namespace: &str, name: &str) -> Object {
    let node = |value| Node {
        value,
        at: Span::new(Sources::default().add("", ""), 0..0),
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

fn paths(objects: &[Object]) -> Vec<String> {
    let files = files_of(objects, Catalog::of("1.36").unwrap());
    assert_eq!(files.len(), objects.len());
    files.into_keys().collect()
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
    assert_eq!(stream_of(objects.iter().collect(), Catalog::of("1.36").unwrap()), text);
}

#[test]
fn paths_name_namespace_kind_and_name() {
    let objects = [
        object("v1", "Namespace", "", "p8fs"),
        object("networking.k8s.io/v1", "NetworkPolicy", "p8fs", "api.v2"),
        object("rbac.authorization.k8s.io/v1", "ClusterRole", "", "system:Node_x"),
    ];
    assert_eq!(
        paths(&objects),
        [
            "manifests/_cluster/clusterrole-system_3a_4eode_5fx.yaml",
            "manifests/_cluster/namespace-p8fs.yaml",
            "manifests/p8fs/networkpolicy-api.v2.yaml",
        ]
    );
}

#[test]
fn no_two_identities_share_a_path() {
    let mut objects = vec![object("v1", "Service", "a", "web")];
    objects.extend([252, 253].map(|length| object("a/v1", "Long", "a", &"n".repeat(length))));
    for (kind, name) in
        [("Foobar", "x"), ("FooBar", "x"), ("Foo", "bar-x"), ("Foo-bar", "x"), ("Foo.v1.a", "x")]
    {
        objects.push(object("a/v1", kind, "a", name));
        objects.push(object("v1.a", kind, "a", name));
        objects.push(object("v1", kind, "a", name));
    }
    let paths = paths(&objects);
    assert_eq!(paths.iter().filter(|path| path.contains("__")).count(), objects.len() - 1);
    for path in paths {
        assert!(path.rsplit('/').next().is_some_and(|name| name.len() <= LONGEST_NAME), "{path}");
    }
}

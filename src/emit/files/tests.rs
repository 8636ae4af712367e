use super::*;
use crate::emit::stream::tests::object;

fn paths(objects: &[Object]) -> Vec<String> {
    let files = files_of(objects, Catalog::of("1.36").unwrap());
    assert_eq!(files.len(), objects.len());
    files.into_keys().collect()
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

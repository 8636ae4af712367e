//! What patches make of objects, through every room.

use super::tests::ENVIRONMENT;
use super::*;
use crate::emit;
use crate::workspace::Memory;

/// The stream of the workload with a patch of this body, or the codes of what was found.
fn patched(target: &str, body: &str) -> Result<String, Vec<&'static str>> {
    let patch = format!("target: {{ {target} }}\n---\n{body}\n");
    let files = Memory::default().with("environments/x.toml", ENVIRONMENT).with("patches/x.yaml", &patch);
    let workspace = Workspace::open(Box::new(files));
    let mut compiler = Compiler::new(&workspace).unwrap();
    let compiled = compiler.compile("x", Recording::Reads).unwrap();
    compiler.without_effect(&["x".to_owned()], Coverage::Every).unwrap();
    let codes: Vec<_> = compiler.sink.into_sorted().into_iter().map(|found| found.code.as_str()).collect();
    match compiled {
        Some(compiled) if codes.is_empty() => {
            let mut out = Vec::new();
            emit::stream(&compiled.objects, None, emit::Format::Yaml, &mut out).unwrap();
            Ok(String::from_utf8(out).unwrap())
        }
        _ => Err(codes),
    }
}

const DEPLOYMENT: &str = "apiVersion: apps/v1, kind: Deployment, name: shop-web";

fn of_container(fields: &str) -> String {
    format!("spec: {{ template: {{ spec: {{ containers: [{{ name: web, {fields} }}] }} }} }}")
}

#[test]
fn a_field_of_an_item_is_changed_added_and_removed_and_its_neighbours_stay() {
    let stream = patched(DEPLOYMENT, &of_container("readinessProbe: { periodSeconds: 9 }")).unwrap();
    assert!(stream.contains("periodSeconds: 9\n") && stream.contains("containerPort: 8080\n"), "{stream}");

    let stream =
        patched(DEPLOYMENT, &of_container("env: [{ name: A, value: \"${{ system.name }}\" }]")).unwrap();
    assert!(stream.contains("- name: A\n          value: shop\n"), "{stream}");

    let stream = patched(DEPLOYMENT, &of_container("readinessProbe: { $remove: true }")).unwrap();
    assert!(!stream.contains("readinessProbe") && stream.contains("livenessProbe"), "{stream}");

    let ports = "ports: [{ containerPort: 8080, $remove: true }, { containerPort: 9090, name: more }]";
    let probes = "startupProbe: { $remove: true }, livenessProbe: { $remove: true }, readinessProbe: { $remove: true }";
    let stream = patched(DEPLOYMENT, &of_container(&format!("{ports}, {probes}"))).unwrap();
    assert!(!stream.contains("containerPort: 8080") && stream.contains("containerPort: 9090"), "{stream}");
}

#[test]
fn a_list_that_is_no_map_is_replaced() {
    let capabilities = "securityContext: { capabilities: { drop: [NET_RAW] } }";
    let stream = patched(DEPLOYMENT, &of_container(capabilities)).unwrap();
    assert!(stream.contains("- NET_RAW\n") && !stream.contains("- ALL\n"), "{stream}");
}

#[test]
fn a_loop_patches_the_object_of_each_item() {
    let target = "apiVersion: apps/v1, kind: Deployment, name: \"${{ service.object_name }}\" }\n\
                  for: [service in services]\nif: service.replicas == 2 #";
    let body = "spec: { template: { spec: { hostname: \"${{ service.name }}\" } } }";
    let stream = patched(target, body).unwrap();
    assert!(stream.contains("hostname: web\n"), "{stream}");
}

#[test]
fn a_patch_is_checked_as_a_template_is_and_must_have_an_effect() {
    let fits = of_container("tty: true");
    for (target, body, code) in [
        (DEPLOYMENT, of_container("imagePullPolice: Always"), "template-schema"),
        (DEPLOYMENT, of_container("imagePullPolicy: Allways"), "template-schema"),
        (DEPLOYMENT, of_container("tty: \"${{ system.name }}\""), "template-schema"),
        (DEPLOYMENT, of_container("command: [\"${{ system.nam }}\"]"), "template-unknown-name"),
        (DEPLOYMENT, of_container("env: [{ value: x }]"), "template-schema"),
        (DEPLOYMENT, "metadata: { name: other }".to_owned(), "template-schema"),
        (DEPLOYMENT, "kind: StatefulSet".to_owned(), "template-schema"),
        (DEPLOYMENT, of_container("image: { $remove: false }"), "template-directive"),
        (DEPLOYMENT, of_container("lifecycle: { $remove: true, preStop: {} }"), "template-directive"),
        ("apiVersion: apps/v1, kind: Deploymnt", fits.clone(), "unknown-kind"),
        ("apiVersion: apps/v1, kind: Deployment, nam: x", fits.clone(), "template-directive"),
        ("apiVersion: apps/v1, kind: Deployment, name: shop-api", fits.clone(), "patch-without-effect"),
        ("apiVersion: apps/v1, kind: Deployment, labels: { a: b }", fits, "patch-without-effect"),
        (DEPLOYMENT, of_container("readinessProbe: { periodSeconds: 5 }"), "patch-without-effect"),
        (DEPLOYMENT, of_container("stdin: { $remove: true }"), "patch-without-effect"),
        // What only the whole object shows.
        (
            DEPLOYMENT,
            "spec: { template: { spec: { containers: [{ name: two, image: two, tty: { $remove: true } }] } } }"
                .to_owned(),
            "",
        ),
        (DEPLOYMENT, "spec: { template: { $remove: true } }".to_owned(), "missing-field"),
    ] {
        let found = patched(target, &body);
        match code {
            "" => assert!(found.is_ok(), "{body}: {found:?}"),
            code => assert_eq!(found, Err(vec![code]), "{body}"),
        }
    }
}

#[test]
fn what_would_widen_when_empty_may_not_be_emptied() {
    let policy = "apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, name: shop-web";
    let labels = "app.kubernetes.io/name: { $remove: true }, app.kubernetes.io/instance: { $remove: true }";
    let body = format!("spec: {{ podSelector: {{ matchLabels: {{ {labels} }} }} }}");
    assert_eq!(patched(policy, &body), Err(vec!["empty-means-all"]));
}

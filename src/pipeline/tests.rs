//! What templates make of data, through every room.

use super::*;
use crate::emit;
use crate::workspace::Memory;

pub(crate) const ENVIRONMENT: &str = r#"
[system]
name = "shop"
[environment]
tier = "development"
namespace = "shop"
[cluster]
kubernetes = "1.36"
[services.web]
image = "registry.example/web:1"
ports.http = 8080
replicas = 2
probes = { readiness.path = "/", liveness.path = "/" }
resources = { cpu = "1", memory = "1Gi", storage = "1Gi" }
"#;

/// The stream of one more template, or the codes of what was found.
fn render(template: &str) -> Result<String, Vec<&'static str>> {
    let files =
        Memory::default().with("environments/x.toml", ENVIRONMENT).with("templates/more/x.yaml", template);
    let workspace = Workspace::open(Box::new(files));
    let mut compiler = Compiler::new(&workspace).unwrap();
    let compiled = compiler.compile("x", Recording::Reads).unwrap();
    match compiled {
        Some(compiled) => {
            let mut out = Vec::new();
            emit::stream(&compiled.objects, Some("more"), emit::Format::Yaml, &mut out).unwrap();
            Ok(String::from_utf8(out).unwrap())
        }
        None => Err(compiler.sink.into_sorted().into_iter().map(|found| found.code.as_str()).collect()),
    }
}

fn policy(spec: &str) -> String {
    format!(
        "for: [service in services]\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
         metadata: {{ name: x, namespace: shop }}\nspec:\n  podSelector: {{ matchLabels: {{ a: b }} }}\n  {spec}\n"
    )
}

#[test]
fn what_would_widen_when_empty_may_not_become_empty() {
    for spec in [
        "ingress: [{ from: [{ $for: edge in service.ingress, podSelector: {} }] }]",
        "ingress: [{ ports: [{ protocol: TCP, port: \"${{ service.replicas if service.scale else none }}\" }] }]",
        "ingress: [{ from: [{ podSelector: { matchLabels: { zone: \"${{ service.placement.spread_over }}\" } } }] }]",
        "ingress: [{ from: { $if: service.scale, $value: [{ podSelector: {} }] } }]",
        "policyTypes: [\"${{ service.placement.spread_over }}\"]",
    ] {
        assert_eq!(render(&policy(spec)), Err(vec!["empty-means-all"]), "{spec}");
    }
}

#[test]
fn what_is_written_empty_or_empty_without_harm_stays() {
    for (spec, wanted) in [
        ("ingress: [{ from: [] }]", "from: []"),
        ("ingress: [{ from: [{ podSelector: {} }] }]", "podSelector: {}"),
        ("ingress: [{ $for: edge in service.ingress, from: [] }]", "ingress: []"),
    ] {
        let stream = render(&policy(spec)).unwrap();
        assert!(stream.contains(wanted), "{stream}");
    }
}

fn config(data: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: x, namespace: shop }}\ndata:\n  {data}\n")
}

/// The data of a `ConfigMap` has no such keys.
#[test]
fn a_key_that_looks_like_a_directive_is_escaped() {
    let revision = "apiVersion: apps/v1\nkind: ControllerRevision\nmetadata: { name: x, namespace: shop }\n\
                    revision: 1\ndata: { $$for: x }\n";
    assert!(render(revision).is_ok_and(|stream| stream.contains("  $for: x\n")));
}

#[test]
fn data_is_placed_as_the_language_says() {
    for (data, wanted) in [
        ("a: \"${{ system.name }}\"", "  a: shop\n"),
        ("a: \"n ${{ 1 + 2 }} ${{ true }}\"", "  a: n 3 true\n"),
        ("a: \"$${{ x }}\"", "${{ x }}"),
        ("a: x\n  $merge: { b: q, a: r }", "  a: r\n  b: q\n"),
        (
            "$for: \"key, value in system.labels\"\n  \"${{ key | length }}\": \"${{ value }}\"",
            "  \"28\": p8fs-gen\n",
        ),
        ("a: { $if: config, $value: x, $else: q }", "  a: q\n"),
    ] {
        match render(&config(data)) {
            Ok(stream) => assert!(stream.contains(wanted), "{data}\n{stream}"),
            Err(codes) => panic!("{data}: {codes:?}"),
        }
    }
}

#[test]
fn what_the_language_does_not_have_is_refused_before_there_is_data() {
    for (data, code) in [
        ("a: \"${{ system.nam }}\"", "template-unknown-name"),
        ("a: \"${{ services.web }}\"", "template-unknown-name"),
        ("a: \"${{ config.name }}\"", "template-unknown-name"),
        ("a: \"${{ config ~ 'x' }}\"", "template-value"),
        ("a: \"x ${{ config }}\"", "template-value"),
        ("a: \"${{ now() }}\"", "template-expression"),
        ("a: 1", "template-schema"),
        ("a: 0644", "template-syntax"),
        ("a:", "template-syntax"),
        ("a: &b c", "template-syntax"),
        ("&b a: c", "template-syntax"),
        ("!!str a: c", "template-syntax"),
        ("a: \"is ${{ environment.tier == 'prodction' }}\"", "template-value"),
        ("$if: \"environment.tier in ['staging', 'live']\"\n  a: b", "template-value"),
        ("$for: name in system.labels\n  a: b", "template-directive"),
        ("$for: name in system.labels\n  $value: \"${{ name }}\"", "template-schema"),
        ("$fro: x", "template-directive"),
        ("$for: \"system in services\"\n  \"${{ system.name }}\": x", "template-shadowing"),
        ("$include: fragments/pods.yaml", "template-include"),
    ] {
        assert_eq!(render(&config(data)), Err(vec![code]), "{data}");
    }
}

#[test]
fn a_file_of_the_output_is_printed_with_its_family_alone() {
    let template = "file: kind/cluster.yaml\n---\nnodes: [{ role: worker, \"on\": \"${{ environment.namespace }}\" }]\n\
        kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n";
    let text = "\
apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\nnodes:\n- \"on\": shop\n  role: worker\n";
    assert_eq!(render(template).as_deref(), Ok(text));
    assert_eq!(render("file: a/b.sql\n---\n|\n  SELECT 1;\n").as_deref(), Ok("SELECT 1;\n"));
    assert_eq!(render("file: a/b.yaml\n---\n{}\n").as_deref(), Ok("{}\n"));
    let each = "for: [service in services]\nfile: \"a/${{ service.name }}.json\"\n---\na: 1\n";
    assert_eq!(render(each).as_deref(), Ok("a: 1\n"));
}

#[test]
fn a_file_of_the_output_has_a_place_of_its_own() {
    for path in
        ["/a", "a/", "a//b", "../a", "a/../b", ".a", "A", "a b", "manifests/a.yaml", "-a", "größe", "\"\""]
    {
        assert_eq!(render(&format!("file: {path}\n---\na: 1\n")), Err(vec!["template-value"]), "{path}");
    }
    assert_eq!(render("file: a\n---\n- 1\n"), Err(vec!["template-value"]));
    assert_eq!(render("file: 1\n---\na: 1\n"), Err(vec!["template-directive"]));
    assert_eq!(render("file: \"${{ services }}\"\n---\na: 1\n"), Err(vec!["template-value"]));
    assert_eq!(render("file: \"${{ servces }}\"\n---\na: 1\n"), Err(vec!["template-unknown-name"]));
    for (one, other, is_fine) in [
        ("a", "a", false),
        ("a", "a/b", false),
        ("a/b/c", "a", false),
        ("a/b", "a/c", true),
        ("a", "ab", true),
    ] {
        let template = |path: &str| format!("file: {path}\n---\na: 1\n");
        let files = Memory::default()
            .with("environments/x.toml", ENVIRONMENT)
            .with("templates/more/one.yaml", &template(one))
            .with("templates/more/other.yaml", &template(other));
        let workspace = Workspace::open(Box::new(files));
        let mut compiler = Compiler::new(&workspace).unwrap();
        let compiled = compiler.compile("x", Recording::Reads).unwrap();
        let found: Vec<_> =
            compiler.sink.into_sorted().into_iter().map(|found| found.code.as_str()).collect();
        assert_eq!(compiled.is_some(), is_fine, "{one} {other}");
        assert_eq!(found, if is_fine { [].as_slice() } else { &["duplicate-object"] });
    }
}

#[test]
fn every_built_in_template_is_rendered_by_some_golden() {
    let mut idle = render::built_in_paths();
    idle.retain(|path| !path.starts_with("fragments/") && path.split('/').nth(1) != Some("files"));
    assert!(idle.len() > 20, "{idle:?}");
    // The goldens are what these workspaces render, which another test says.
    for folder in ["", "examples/shop"] {
        let workspace =
            Workspace::find(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
        let mut compiler = Compiler::new(&workspace).unwrap();
        for environment in compiler.environments().unwrap() {
            let compiled = compiler.compile(&environment, Recording::Reads).unwrap().unwrap();
            let objects = compiled.objects.objects().iter().map(|object| &object.root);
            let files = compiled.objects.artifacts().iter().map(|artifact| &artifact.root);
            for root in objects.chain(files) {
                let template = compiler.sources.path(root.at);
                idle.retain(|path| !template.ends_with(&**path));
            }
        }
    }
    assert!(idle.is_empty(), "nothing golden comes of {idle:?}");
}

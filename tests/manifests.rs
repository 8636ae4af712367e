//! `check -f`: manifests of any origin, as scripts and editors see the findings.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod run;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use run::{Ran, command, root, run};

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }
    folder
}

/// `file:line:column code` of every finding.
fn findings(directory: &Path, arguments: &[&str]) -> Vec<String> {
    let all = [&["--message-format", "json", "check"], arguments].concat();
    let output = run(directory, &all);
    let lines =
        output.stderr.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    lines
        .map(|line| {
            let at = &line["primary"];
            format!("{}:{}:{} {}", text(&at["file"]), at["line"], at["column"], text(&line["code"]))
        })
        .collect()
}

#[test]
fn files_folders_and_standard_input_are_read_without_a_workspace() {
    let broken = format!("{CONFIG_MAP}data: {{ x: 1 }}\n");
    let folder = folder(&[
        ("b/z.yml", &broken),
        ("b/a.yaml", &broken),
        (
            "b/c/d.json",
            "{\"apiVersion\": \"v1\",\n\t\"kind\": \"ConfigMap\",\n\t\"metadata\": {\"nam\": \"j\"}}",
        ),
        ("b/notes.md", "# not a manifest"),
        ("b/.hidden/x.yaml", "not: one"),
        ("fine.yaml", CONFIG_MAP),
    ]);
    let found = findings(folder.path(), &["-f", "b"]);
    assert_eq!(
        found,
        [
            "b/a.yaml:4:12 wrong-field-type",
            "b/c/d.json:3:14 missing-field",
            "b/c/d.json:3:16 unknown-field",
            "b/z.yml:3:19 duplicate-object",
            "b/z.yml:4:12 wrong-field-type",
        ]
    );
    let fine = run(folder.path(), &["check", "-f", "fine.yaml"]);
    assert_eq!((fine.code, &*fine.stderr), (Some(0), "checked 1 object against Kubernetes 1.36\n"));
    assert_eq!(run(folder.path(), &["check", "-f", "fine.yaml", "-f", "b/a.yaml"]).code, Some(2));

    let mut child = command(folder.path(), &["check", "-f", "-"]);
    let mut child =
        child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("runs");
    child.stdin.take().expect("a pipe").write_all(broken.as_bytes()).expect("read");
    let output = Ran::from(child.wait_with_output().expect("ends"));
    assert!(output.stderr.contains("--> <stdin>:4:12"), "{}", output.stderr);
    assert_eq!(output.code, Some(2));
}

#[test]
fn what_holds_no_objects_is_no_success() {
    let folder = folder(&[("empty.yaml", "# nothing\n---\n"), ("x/readme.md", "")]);
    for arguments in [["check", "-f", "empty.yaml"], ["check", "-f", "x"], ["check", "-f", "missing.yaml"]] {
        assert_eq!(run(folder.path(), &arguments).code, Some(2), "{arguments:?}");
    }
}

#[test]
fn what_no_schema_says_of_pods_is_checked() {
    let pod = "\
apiVersion: v1
kind: Pod
metadata: { name: p }
spec:
  volumes: [{ name: data, emptyDir: {}, hostPath: { path: / } }]
  containers:
    - name: a
    - name: b
      image: b:1
      volumeMounts: [{ name: dat, mountPath: /data }]
      env: [{ name: A, value: a, valueFrom: { fieldRef: { fieldPath: metadata.name } } }]
    - name: c
      image: c:1
      livenessProbe: { tcpSocket: { port: 1 }, exec: { command: [a] } }
      resources: { requests: { memory: 1Gi }, limits: { memory: 64Mi } }
";
    let folder = folder(&[("pod.yaml", pod)]);
    assert_eq!(
        findings(folder.path(), &["-f", "."]),
        [
            "./pod.yaml:5:51 invalid-field-value",
            "./pod.yaml:7:13 missing-field",
            "./pod.yaml:10:30 invalid-field-value",
            "./pod.yaml:11:45 invalid-field-value",
            "./pod.yaml:14:35 invalid-field-value",
            "./pod.yaml:15:40 invalid-field-value"
        ]
    );
}

#[test]
fn a_text_is_read_as_kubectl_reads_it() {
    let windows = format!("\u{feff}---\r\n{CONFIG_MAP}# none\n---\n").replace('\n', "\r\n");
    let list = "apiVersion: v1\nkind: List\nitems:\n- &a {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n\
                - {<<: *a, metadata: {name: c, labels: {x: on}}}\n";
    let typed = "kind: ConfigMapList\napiVersion: v1\nitems:\n- metadata: {name: d}\n- metadata: {nam: e}\n";
    let status = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: b}]}\n\
                  status: {conditions: [{type: Ready}], phases: x}\n";
    let folder = folder(&[
        ("a.yaml", &windows),
        ("b.yaml", list),
        ("c.yaml", typed),
        ("d.json", "{\"kind\": \"ConfigMap\", \"apiVersion\": \"v1\", \"metadata\": {\"name\": \"f\"}}\n{}"),
        ("e.yaml", status),
    ]);
    let found = findings(folder.path(), &["-f", "."]);
    assert_eq!(
        found,
        [
            "./b.yaml:5:44 wrong-field-type",
            "./c.yaml:5:13 missing-field",
            "./c.yaml:5:14 unknown-field",
            "./d.json:2:1 not-an-object",
            "./e.yaml:5:39 unknown-field",
        ]
    );
}

#[test]
fn the_minor_decides_what_there_is() {
    let pod =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {workloadRef: {}, containers: [{name: a}]}\n";
    let folder = folder(&[("pod.yaml", pod)]);
    let check = |minor| run(folder.path(), &["check", "--kubernetes", minor, "-f", "pod.yaml"]).stderr;
    assert!(check("1.34").contains("unknown field `spec.workloadRef`"), "{}", check("1.34"));
    assert!(check("1.34").contains("note: Kubernetes 1.35 has it"), "{}", check("1.34"));
    assert!(!check("1.35").contains("unknown field"), "{}", check("1.35"));
    assert!(check("1.33").contains("1.34, 1.35, 1.36"), "{}", check("1.33"));
}

#[test]
fn a_template_that_the_cluster_is_too_old_for_is_refused() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let environments = folder.path().join("environments");
    fs::create_dir(&environments).expect("made");
    for name in ["settings.toml", "base.toml", "dev.toml"] {
        let text = fs::read_to_string(root().join("environments").join(name)).expect("readable");
        let text = text.replace("kubernetes = \"1.36\"", "kubernetes = \"1.34\"");
        fs::write(environments.join(name), text).expect("written");
    }
    assert_eq!(run(folder.path(), &["render", "dev"]).code, Some(0));

    let templates = folder.path().join("templates/extra");
    fs::create_dir_all(&templates).expect("made");
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: { name: x, namespace: \"${{ environment.namespace }}\" }\n\
               spec: { schedulingGroup: {}, containers: [{ name: a }] }\n";
    let rule =
        "apiVersion: resource.k8s.io/v1beta2\nkind: DeviceTaintRule\nmetadata: { name: x }\nspec: {}\n";
    fs::write(templates.join("pod.yaml"), pod).expect("written");
    fs::write(templates.join("rule.yaml"), rule).expect("written");
    let output = run(folder.path(), &["render", "dev"]);
    assert_eq!(output.code, Some(2));
    for wanted in ["unknown field `schedulingGroup`", "1.34 has no resource.k8s.io/v1beta2 DeviceTaintRule"] {
        assert!(output.stderr.contains(wanted), "{wanted}: {}", output.stderr);
    }
    assert_eq!(output.stderr.matches("note: Kubernetes 1.36 has it").count(), 2, "{}", output.stderr);
}

#[test]
fn custom_resources_are_checked_against_their_definitions() {
    let definition = r"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: backups.example.org }
spec:
  group: example.org
  names: { kind: Backup, plural: backups }
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          description: said to people
          required: [spec]
          properties:
            spec:
              type: object
              required: [schedule]
              properties:
                schedule: { type: string, pattern: '^[\d*/ ,-]+$', maxLength: 20 }
                keep: { type: integer, minimum: 1, maximum: 30 }
                mode: { type: string, enum: [full, partial] }
                port: { x-kubernetes-int-or-string: true }
                extra: { type: object, x-kubernetes-preserve-unknown-fields: true }
                labels: { type: object, additionalProperties: { type: string } }
                steps:
                  type: array
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [name]
                  items: { type: object, required: [name], properties: { name: { type: string } } }
";
    let with_rule =
        definition.replace("required: [schedule]", "x-kubernetes-validations: [{ rule: 'true' }]");
    let backup = |spec: &str| {
        format!(
            "apiVersion: example.org/v1\nkind: Backup\nmetadata: {{ name: a }}\nspec: {{ schedule: '*', {spec} }}\n"
        )
    };
    let folder = folder(&[
        ("crds/backup.yaml", definition),
        ("rule/backup.yaml", &with_rule),
        ("fine.yaml", &backup("keep: 3, mode: full, port: 80, extra: { any: [1] }, labels: { a: b }")),
        ("unknown.yaml", &backup("kep: 3")),
        ("range.yaml", &backup("keep: 31")),
        ("mode.yaml", &backup("mode: none")),
        ("twice.yaml", &backup("steps: [{ name: a }, { name: a }]")),
        (
            "pattern.yaml",
            "apiVersion: example.org/v1\nkind: Backup\nmetadata: { name: a }\nspec: { schedule: daily }\n",
        ),
        ("lacks.yaml", "apiVersion: example.org/v1\nkind: Backup\nmetadata: { name: a }\nspec: {}\n"),
        ("version.yaml", "apiVersion: example.org/v2\nkind: Backup\nmetadata: { name: a }\n"),
    ]);
    let check = |file| findings(folder.path(), &["--schemas", "crds", "-f", file]);
    assert_eq!(check("fine.yaml"), Vec::<String>::new());
    assert_eq!(check("unknown.yaml"), ["unknown.yaml:4:24 unknown-field"]);
    assert_eq!(check("range.yaml"), ["range.yaml:4:30 invalid-field-value"]);
    assert_eq!(check("mode.yaml"), ["mode.yaml:4:30 invalid-field-value"]);
    assert_eq!(check("twice.yaml"), ["twice.yaml:4:53 duplicate-item"]);
    assert_eq!(check("pattern.yaml"), ["pattern.yaml:4:19 invalid-field-value"]);
    assert_eq!(check("lacks.yaml"), ["lacks.yaml:4:7 missing-field"]);
    assert_eq!(check("version.yaml"), ["version.yaml:2:7 not-checked"]);
    let unproved = findings(folder.path(), &["--schemas", "rule", "-f", "fine.yaml"]);
    assert_eq!(unproved, ["fine.yaml:2:7 not-checked"]);
    // A definition among the manifests serves as well.
    let both = findings(folder.path(), &["-f", "crds", "-f", "range.yaml"]);
    assert_eq!(both, ["range.yaml:4:30 invalid-field-value"]);
}

//! The command line as scripts see it: streams, exit codes, formats.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod run;

use std::fs;
use std::path::Path;
use std::process::Stdio;

use run::{Ran, command, root, run};

/// A copy of the repository's environments, to be changed.
fn workspace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    let environments = folder.path().join("environments");
    fs::create_dir(&environments).expect("folder");
    for name in ["settings", "base", "dev", "staging", "prod"] {
        let file = format!("{name}.toml");
        fs::copy(root().join("environments").join(&file), environments.join(&file)).expect("copied");
    }
    folder
}

fn edit(workspace: &Path, file: &str, from: &str, to: &str) {
    let path = workspace.join("environments").join(file);
    let before = fs::read_to_string(&path).expect("readable");
    assert!(before.contains(from), "{file} has no {from}");
    fs::write(&path, before.replace(from, to)).expect("writable");
}

fn template(workspace: &Path, path: &str, text: &str) {
    let path = workspace.join("templates").join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, text).expect("written");
}

#[test]
fn the_stream_goes_to_standard_output_and_nothing_else_does() {
    let output = run(root(), &["render", "prod"]);
    assert_eq!(output.code, Some(0));
    assert!(output.stdout.starts_with("apiVersion: "));
    assert_eq!(output.stderr, "");

    let folder = workspace();
    edit(folder.path(), "prod.toml", "tier = \"production\"", "tier = \"prod\"");
    let output = run(folder.path(), &["render", "prod"]);
    assert_eq!(output.code, Some(2));
    assert_eq!(output.stdout, "");
}

#[test]
fn the_stream_in_json_is_that_in_yaml() {
    let json = run(root(), &["render", "prod", "--format", "json"]).stdout;
    let yaml = run(root(), &["render", "prod"]).stdout;
    let of_json: Vec<serde_json::Value> =
        json.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    let documents = yaml.split("\n---\n");
    let of_yaml: Vec<serde_json::Value> =
        documents.map(|document| serde_yaml::from_str(document).expect("an object")).collect();
    assert_eq!(of_json, of_yaml);
    assert!(json.starts_with(r#"{"apiVersion":""#) && json.ends_with("}\n"));
}

#[test]
fn a_template_may_make_a_file_beside_the_objects() {
    let folder = workspace();
    let text = "file: grafana/p8fs.json\n---\ntitle: \"${{ environment.namespace }}\"\npanels: []\n";
    template(folder.path(), "grafana/overview.yaml", text);
    let stream = run(folder.path(), &["render", "prod"]);
    assert_eq!(stream.code, Some(0), "{}", stream.stderr);
    assert!(!stream.stdout.contains("panels"));
    let only = run(folder.path(), &["render", "prod", "--only", "grafana"]);
    assert_eq!(only.stdout, "panels: []\ntitle: p8fs\n");

    let written = run(folder.path(), &["render", "prod", "--out", "out"]);
    assert_eq!(written.code, Some(0), "{}", written.stderr);
    let out = folder.path().join("out/prod");
    let file = fs::read_to_string(out.join("grafana/p8fs.json")).expect("written");
    assert_eq!(file, "{\n  \"panels\": [],\n  \"title\": \"p8fs\"\n}\n");
    let inventory = fs::read_to_string(out.join(".p8fs-gen.json")).expect("written");
    assert!(inventory.contains("\"grafana/p8fs.json\": "));
}

#[test]
fn the_same_input_gives_the_same_bytes_from_any_folder() {
    let here = run(root(), &["render", "prod"]).stdout;
    let below = run(&root().join("src/diag"), &["render", "prod"]).stdout;
    let copy = workspace();
    let mut elsewhere = command(copy.path(), &["render", "prod"]);
    elsewhere.env("TZ", "Asia/Tokyo").env("LC_ALL", "C");
    assert_eq!(here, below);
    assert_eq!(here, Ran::from(elsewhere.output().expect("the binary runs")).stdout);
}

#[test]
fn a_closed_pipe_is_quiet() {
    let mut render = command(root(), &["render", "prod"]);
    let mut child = render.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    drop(child.stdout.take());
    let output = Ran::from(child.wait_with_output().expect("ends"));
    assert_eq!((output.code, &*output.stderr), (Some(0), ""));
}

#[test]
fn check_of_a_folder_exits_with_one_when_it_differs() {
    let folder = workspace();
    let render = |extra: &[&str]| run(folder.path(), &[&["render", "prod", "--out", "out"], extra].concat());
    assert_eq!(render(&[]).code, Some(0));
    assert_eq!(render(&["--check"]).code, Some(0));

    edit(folder.path(), "prod.toml", "max = 20", "max = 30");
    let differs = render(&["--check"]);
    assert_eq!(differs.code, Some(1));
    assert!(differs.stdout.contains("-  maxReplicas: 20\n+  maxReplicas: 30\n"), "{}", differs.stdout);
    assert_eq!(render(&["--check"]).code, Some(1), "--check wrote something");
    assert_eq!(render(&[]).code, Some(0));
    assert_eq!(render(&["--check"]).code, Some(0));

    edit(
        folder.path(),
        "prod.toml",
        "replicas = { min = 3, max = 30 }\nscale = { cpu = 70, memory = 80 }",
        "replicas = 3",
    );
    let removed = render(&["--check"]);
    assert!(removed.stdout.contains("+++ /dev/null") && removed.stdout.contains("-  maxReplicas: 30\n"));
}

#[test]
fn a_folder_that_is_not_ours_is_left_alone() {
    let folder = workspace();
    let foreign = folder.path().join("out/prod");
    fs::create_dir_all(&foreign).expect("folder");
    fs::write(foreign.join("diary.txt"), "private").expect("file");
    let output = run(folder.path(), &["render", "prod", "--out", "out"]);
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("out/prod"), "{}", output.stderr);
    assert_eq!(fs::read_dir(&foreign).expect("folder").count(), 1);
}

#[test]
fn findings_come_as_json_when_asked() {
    let folder = workspace();
    edit(folder.path(), "prod.toml", "max = 20", "max = \"20\"");
    let output = run(folder.path(), &["--message-format", "json", "check"]);
    assert_eq!(output.code, Some(2));
    let lines: Vec<serde_json::Value> =
        output.stderr.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0]["code"], "wrong-type");
    assert_eq!(lines[0]["primary"]["file"], "environments/prod.toml");
    let text = fs::read_to_string(folder.path().join("environments/prod.toml")).expect("readable");
    let line = text.lines().position(|line| line.contains("max = \"20\"")).expect("edited") + 1;
    assert_eq!(lines[0]["primary"]["line"], line);
}

#[test]
fn all_mistakes_are_found_in_one_run() {
    let folder = workspace();
    edit(folder.path(), "prod.toml", "tier = \"production\"", "tier = \"prod\"");
    edit(folder.path(), "prod.toml", "cpu = \"500m\"", "cpu = \"500mm\"");
    edit(folder.path(), "prod.toml", "scale = {", "scal = {");
    edit(folder.path(), "base.toml", "uses = [\"nats\"]", "uses = [\"natz\"]");
    edit(folder.path(), "dev.toml", "namespace = \"p8fs-dev\"", "namespace = \"P8FS\"");
    let output = run(folder.path(), &["check"]);
    let found = output.stderr;
    for wanted in
        ["environment.tier", "resources.cpu", "services.api.scal`", "natz", "environments/dev.toml:9"]
    {
        assert!(found.contains(wanted), "{wanted}:\n{found}");
    }
}

#[test]
fn a_layers_key_lives_if_any_environment_reads_it() {
    let folder = workspace();
    // Only staging and prod are exposed: the gateway would have no effect in a file that is dev's alone.
    let gateway = "[cluster.gateway]\nname = \"public\"\nnamespace = \"gateway-system\"\n\n[environment]";
    edit(folder.path(), "dev.toml", "[environment]", gateway);
    let output = run(folder.path(), &["check"]);
    assert!(output.stderr.contains("nothing reads `cluster.gateway.namespace`"), "{}", output.stderr);

    let folder = workspace();
    edit(folder.path(), "base.toml", "[settings]", &gateway.replace("[environment]", "[settings]"));
    let output = run(folder.path(), &["check"]);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
}

#[test]
fn a_workspace_adds_a_template_and_overrides_one() {
    let folder = workspace();
    let quota = "apiVersion: v1\nkind: ResourceQuota\nmetadata: { name: all, namespace: \"${{ environment.namespace }}\" }\nspec: { hard: { pods: 100 } }\n";
    template(folder.path(), "policy/quota.yaml", quota);
    let budget = "scaling/pod-disruption-budget.yaml";
    let built_in = fs::read_to_string(root().join("templates").join(budget)).expect("built in");
    template(folder.path(), budget, &built_in.replace("AlwaysAllow", "IfHealthyBudget"));
    let output = run(folder.path(), &["render", "prod"]);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let stream = output.stdout;
    assert!(
        stream.contains("kind: ResourceQuota")
            && stream.contains("IfHealthyBudget")
            && !stream.contains("AlwaysAllow")
    );
}

#[test]
fn a_file_that_cannot_be_read_is_the_systems_fault_and_one_without_text_the_users() {
    let folder = workspace();
    fs::write(folder.path().join("environments/dev.toml"), b"[environment]\ntier = \"\xff\"\n")
        .expect("written");
    let output = run(folder.path(), &["check"]);
    assert_eq!(output.code, Some(2), "{}", output.stderr);
    assert!(output.stderr.contains("not UTF-8"));

    fs::remove_file(folder.path().join("environments/dev.toml")).expect("removed");
    fs::create_dir(folder.path().join("environments/dev.toml")).expect("folder");
    let output = run(folder.path(), &["render", "dev"]);
    assert_eq!(output.code, Some(3), "{}", output.stderr);
    assert!(output.stderr.contains("cannot read environments/dev.toml: "), "{}", output.stderr);
}

#[test]
fn outside_of_a_workspace_it_says_so() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let output = run(folder.path(), &["check"]);
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("no workspace"), "{}", output.stderr);
}

#[test]
fn hostile_templates_end_in_findings() {
    let deep = (0..2000).fold(String::new(), |deep, depth| deep + &" ".repeat(depth) + "a:\n");
    let sum = format!("kind: \"${{{{ {} }}}}\"\n", vec!["1"; 20_000].join("+"));
    let mut doubling: Vec<(String, String)> = (0..30)
        .map(|level| {
            let next = format!("{{ $include: fragments/{}.yaml }}", level + 1);
            (format!("fragments/{level}.yaml"), format!("a: {next}\nb: {next}\n"))
        })
        .collect();
    doubling.push(("fragments/30.yaml".to_owned(), "a: 1\n".to_owned()));
    doubling.push((
        "x/x.yaml".to_owned(),
        "apiVersion: apps/v1\nkind: ControllerRevision\nrevision: 1\ndata: { $include: fragments/0.yaml }\n"
            .to_owned(),
    ));
    let one = |path: &str, text: String| vec![(path.to_owned(), text)];
    for (files, code) in [
        (one("x/deep.yaml", deep), "template-syntax"),
        (one("x/sum.yaml", sum), "template-expression"),
        (doubling, "template-include"),
    ] {
        let folder = workspace();
        for (path, text) in files {
            template(folder.path(), &path, &text);
        }
        let output = run(folder.path(), &["check"]);
        assert_eq!(output.code, Some(2));
        assert!(output.stderr.contains(code), "{}", output.stderr);
    }
}

#[test]
fn custom_resources_are_known_without_definitions() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let monitor = "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: api, namespace: p8fs}\n\
                   spec: {selector: {}, endpoints: [{port: http, interval: 30 s}]}\n";
    fs::write(folder.path().join("monitor.yaml"), monitor).expect("written");
    let checked = run(folder.path(), &["check", "-f", "monitor.yaml"]);
    assert_eq!(checked.code, Some(2));
    assert!(checked.stderr.contains("`spec.endpoints[0].interval` cannot be `30 s`"), "{}", checked.stderr);
    fs::write(folder.path().join("monitor.yaml"), monitor.replace("30 s", "30s")).expect("written");
    assert_eq!(run(folder.path(), &["check", "-f", "monitor.yaml"]).code, Some(0));
}

#[test]
fn each_cluster_of_an_environment_is_rendered_by_itself() {
    let folder = workspace();
    let clusters = "[clusters.eu]\ncontexts = [\"p8fs-prod-eu\"]\ngateway.name = \"europe\"\n\n\
                    [clusters.us]\ncontexts = [\"p8fs-prod-us\"]\nkubernetes = \"1.35\"\n\n[settings]";
    edit(folder.path(), "prod.toml", "[settings]", clusters);
    let checked = run(folder.path(), &["check"]);
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    assert!(checked.stderr.contains("checked dev, prod/eu, prod/us, staging"), "{}", checked.stderr);

    let one = run(folder.path(), &["render", "prod"]);
    assert_eq!(one.code, Some(2));
    assert!(one.stderr.contains("name one of them: `prod/eu`, `prod/us`"), "{}", one.stderr);
    let slip = run(folder.path(), &["render", "prod/ue"]);
    assert!(slip.stderr.contains("did you mean `prod/eu`?"), "{}", slip.stderr);

    let (eu, us) = (
        run(folder.path(), &["render", "prod/eu"]).stdout,
        run(folder.path(), &["render", "prod/us"]).stdout,
    );
    assert!(eu.contains("- name: europe\n") && eu.contains("enforce-version: v1.36"));
    assert!(us.contains("- name: public\n") && us.contains("enforce-version: v1.35"));

    let written = run(folder.path(), &["render", "--all", "--out", "out"]);
    assert_eq!(written.code, Some(0), "{}", written.stderr);
    assert!(
        folder.path().join("out/prod/us/manifests").is_dir()
            && folder.path().join("out/dev/manifests").is_dir()
    );
    assert_eq!(run(folder.path(), &["render", "--all", "--out", "out", "--check"]).code, Some(0));

    edit(folder.path(), "prod.toml", "gateway.name = \"europe\"", "gatway.name = \"europe\"");
    let found = run(folder.path(), &["check"]).stderr;
    assert!(found.contains("did you mean `gateway`?"), "{found}");
}

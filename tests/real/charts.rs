//! The values of charts, taken by Helm itself with the charts that can be had, and what Helm makes of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::processes::built;
use crate::run::{root, run};

/// A release of `prod`, and the chart that it is of.
const RELEASES: [(&str, &str); 2] = [("cert-manager", "cert-manager"), ("gateway", "gateway-helm")];

fn chart(name: &str) -> PathBuf {
    let path = built("charts").join(name);
    assert!(path.join("Chart.yaml").is_file(), "{} is missing: run `make tools`", path.display());
    path
}

/// Where the values of an environment's releases lie.
fn rendered(workspace: &Path) -> tempfile::TempDir {
    let out = tempfile::tempdir().expect("temporary folder");
    let path = out.path().to_str().expect("UTF-8");
    let ran = run(workspace, &["render", "prod", "--out", path]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    out
}

/// What Helm makes of a chart with values, or what it says about them.
fn template(release: &str, namespace: &str, of: &str, values: &Path) -> Result<String, String> {
    let mut helm = Command::new(built("helm"));
    helm.args(["template", release]).arg(chart(of));
    helm.args(["--include-crds", "--kube-version", "1.36", "--namespace", namespace, "--values"]).arg(values);
    let output = helm.output().expect("Helm runs");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(said(&output.stdout)) } else { Err(said(&output.stderr)) }
}

fn releases(out: &Path) -> Value {
    let text = fs::read_to_string(out.join("prod/helm/releases.yaml")).expect("releases");
    serde_yaml::from_str(&text).expect("YAML")
}

#[test]
fn helm_takes_the_values_and_the_objects_that_it_makes_are_sound() {
    let out = rendered(root());
    let releases = releases(out.path());
    for (release, of) in RELEASES {
        let known = releases["releases"].as_array().into_iter().flatten();
        let declared = known.into_iter().find(|it| it["name"] == release).expect("declared");
        let namespace = declared["namespace"].as_str().expect("a namespace");
        let values = out.path().join("prod/helm").join(declared["values"].as_str().expect("a path"));
        let objects = template(release, namespace, of, &values).unwrap_or_else(|said| panic!("{said}"));
        let manifest = out.path().join(format!("{release}.yaml"));
        fs::write(&manifest, &objects).expect("written");
        let checked = run(root(), &["check", "-f", manifest.to_str().expect("UTF-8")]);
        assert_eq!(checked.code, Some(0), "{release}: {}", checked.stderr);

        // Each definition that is said to come with it does, and no other.
        let facts = fs::read_to_string(root().join(format!("charts/{of}.toml"))).expect("facts");
        let (_, list) = facts.split_once("crds = [").expect("definitions");
        let said: Vec<&str> =
            list.split_once(']').expect("it ends").0.split('"').skip(1).step_by(2).collect();
        let mut found: Vec<&str> = objects
            .split("\n---")
            .filter(|object| object.contains("\nkind: CustomResourceDefinition\n"))
            .filter_map(|object| object.split_once("\n  name: ")?.1.lines().next())
            .map(|name| name.trim_matches('"'))
            .collect();
        found.sort_unstable();
        let mut wanted = said.clone();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{release}");
    }
}

/// What charts do by themselves, and the values are there to change.
#[test]
fn the_values_have_the_effect_that_they_are_there_for() {
    let out = rendered(root());
    let of = |release: &str, chart: &str, namespace: &str| {
        let values = out.path().join(format!("prod/helm/{release}/values.yaml"));
        template(release, namespace, chart, &values).unwrap_or_else(|said| panic!("{said}"))
    };
    let empty = out.path().join("empty.yaml");
    fs::write(&empty, "{}\n").expect("written");
    let objects = of("cert-manager", "cert-manager", "cert-manager");
    let bare = template("cert-manager", "cert-manager", "cert-manager", &empty).expect("it renders");
    for (effect, count) in [
        ("kind: CustomResourceDefinition\n", 6),
        ("helm.sh/resource-policy: keep\n", 6),
        ("kind: PodDisruptionBudget\n", 3),
        ("kind: ServiceMonitor\n", 1),
        ("enableGatewayAPI: true\n", 1),
    ] {
        assert_eq!((objects.matches(effect).count(), bare.matches(effect).count()), (count, 0), "{effect}");
    }
    let objects = of("gateway", "gateway-helm", "gateway-system");
    assert!(objects.contains("minAvailable: 1\n") && objects.contains("replicas: 2\n"), "{objects}");
    assert!(objects.contains("namespace: 'gateway-system'") || objects.contains("namespace: gateway-system"));
}

/// A misspelt value: this chart has a schema, so that Helm can say it as well.
#[test]
fn helm_refuses_what_is_refused() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let values = folder.path().join("values.yaml");
    fs::write(&values, "crds:\n  enable: true\n").expect("written");
    let refused = template("x", "x", "cert-manager", &values).expect_err("refused");
    assert!(refused.contains("enable"), "{refused}");
    let arguments = ["render", "prod", "--set", "charts.cert-manager.values.crds.enable=true"];
    let ran = run(root(), &arguments);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("has no value `crds.enable`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean `enabled`?"), "{}", ran.stderr);
}

#[test]
fn the_commands_are_what_a_shell_understands() {
    let out = rendered(root());
    let script = out.path().join("prod/helm/install.sh");
    let checked = Command::new("sh").arg("-n").arg(&script).output().expect("sh runs");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let text = fs::read_to_string(&script).expect("readable");
    let order: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("install '")?.split('\'').next()).collect();
    let releases = releases(out.path());
    let wanted = releases["releases"].as_array().into_iter().flatten();
    assert!(order.iter().copied().eq(wanted.filter_map(|it| it["name"].as_str())), "{order:?}");
}

//! What people do all day: begin, watch, complete, read the log.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod run;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use run::{Ran, command, root, run};

/// A workspace as `init` makes it.
fn workspace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    let made = run(folder.path(), &["init", ".", "--name", "demo"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    folder
}

fn edit(workspace: &Path, file: &str, from: &str, to: &str) {
    let path = workspace.join("environments").join(file);
    let before = fs::read_to_string(&path).expect("readable");
    assert!(before.contains(from), "{file} has no {from}");
    // As editors save: beside it, then in its place.
    let new = workspace.join(".new");
    fs::write(&new, before.replace(from, to)).expect("writable");
    fs::rename(new, path).expect("renamed");
}

/// A terminal to give to a program, and what it shows.
fn terminal() -> (OwnedFd, File) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let shown = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&shown).expect("granted");
    unlockpt(&shown).expect("unlocked");
    let name = ptsname(&shown, Vec::new()).expect("it has a name").into_string().expect("UTF-8");
    let given = File::options().read(true).write(true).open(name).expect("opened");
    (given.into(), shown.into())
}

/// What a program printed to a terminal, until it ended.
fn on_terminal(mut command: Command) -> String {
    let (given, mut shown) = terminal();
    let mut child = command.stdout(Stdio::null()).stderr(given).spawn().expect("the binary runs");
    // Held by the child alone from here on.
    drop(command);
    let mut text = Vec::new();
    // The terminal's end is an error.
    let _ = shown.read_to_end(&mut text);
    child.wait().expect("it ends");
    String::from_utf8(text).expect("UTF-8")
}

#[test]
fn a_new_workspace_passes_and_renders() {
    let folder = workspace();
    let checked = run(folder.path(), &["check"]);
    assert_eq!((checked.code, &*checked.stderr), (Some(0), "checked dev, prod\n"));
    for environment in ["dev", "prod"] {
        let rendered = run(folder.path(), &["render", environment]);
        assert_eq!(rendered.code, Some(0), "{}", rendered.stderr);
        assert!(rendered.stdout.contains("name: demo-web"), "{}", rendered.stdout);
    }
    // The line that editors follow leads to the schema of this very version.
    let base = fs::read_to_string(folder.path().join("environments/base.toml")).expect("base");
    let schema = base.lines().next().and_then(|line| line.strip_prefix("#:schema ")).expect("a schema");
    let schema = fs::read_to_string(folder.path().join("environments").join(schema)).expect("is there");
    assert_eq!(schema, run(folder.path(), &["schema"]).stdout);
    // The readme's commands are right.
    let readme = fs::read_to_string(folder.path().join("README.md")).expect("a readme");
    let commands: Vec<_> =
        readme.split("`p8fs-gen ").skip(1).filter_map(|rest| rest.split('`').next()).collect();
    assert!(commands.len() >= 5, "{commands:?}");
    for line in commands.iter().filter(|line| !line.starts_with("hook")) {
        let ran = run(folder.path(), &line.split(' ').collect::<Vec<_>>());
        assert_eq!(ran.code, Some(0), "{line}: {}", ran.stderr);
    }
}

#[test]
fn init_takes_nothing_from_anybody() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let made = run(folder.path(), &["init", "shop.v2"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    assert!(made.stderr.ends_with("explain prod deployment/shop-v2-api spec.replicas\n"), "{}", made.stderr);
    let again = run(folder.path(), &["init", "shop.v2"]);
    assert_eq!(again.code, Some(2));
    assert!(again.stderr.contains("`shop.v2/environments`"), "{}", again.stderr);

    fs::create_dir(folder.path().join("other")).expect("a folder");
    fs::write(folder.path().join("other/README.md"), "mine").expect("a file");
    assert_eq!(run(folder.path(), &["init", "other"]).code, Some(2));
    assert_eq!(fs::read_dir(folder.path().join("other")).expect("a folder").count(), 1);
    for name in ["8bit", "Shop", &"x".repeat(41)] {
        assert_eq!(run(folder.path(), &["init", "new", "--name", name]).code, Some(2), "{name}");
    }
    assert!(!folder.path().join("new").exists());
}

#[test]
fn all_environments_are_written_or_none() {
    let folder = workspace();
    let render = |extra: &[&str]| run(folder.path(), &[&["render", "--all", "--out", "out"], extra].concat());
    edit(folder.path(), "prod.toml", "replicas = 3 ", "replica = 3 ");
    assert_eq!(render(&[]).code, Some(2));
    assert!(!folder.path().join("out").exists());
    edit(folder.path(), "prod.toml", "replica = 3 ", "replicas = 3 ");
    assert_eq!(render(&[]).code, Some(0));
    assert!(folder.path().join("out/dev").is_dir() && folder.path().join("out/prod").is_dir());
    assert_eq!(render(&["--check"]).code, Some(0));
    edit(folder.path(), "dev.toml", "namespace = \"demo-dev\"", "namespace = \"demo-test\"");
    let differs = render(&["--check"]);
    assert_eq!(differs.code, Some(1));
    assert!(differs.stderr.ends_with("in out/dev\n"), "{}", differs.stderr);

    let unknown = run(folder.path(), &["render", "dev", "--only", "netwrk"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("did you mean `network`?"), "{}", unknown.stderr);
}

struct Watching {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStderr>>,
}

impl Watching {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = command(folder, arguments);
        let mut child =
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        Self { child, lines }
    }

    /// What was said until it waits.
    fn said(&mut self) -> String {
        let mut said = String::new();
        for line in &mut self.lines {
            let line = line.expect("UTF-8");
            if line.ends_with("waiting for the next save") {
                return said;
            }
            said += &line;
            said += "\n";
        }
        panic!("it ended: {said}");
    }

    /// Ends it as Ctrl-C does.
    fn interrupt(mut self) -> std::process::ExitStatus {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill runs").success());
        self.child.wait().expect("it ends")
    }
}

#[test]
fn a_save_is_picked_up_and_an_error_leaves_the_folder() {
    let folder = workspace();
    let mut watching = Watching::start(folder.path(), &["render", "prod", "--out", "out", "--watch"]);
    watching.said();
    let rendered = folder.path().join("out/prod/manifests/demo/deployment-demo-api.yaml");
    let before = fs::read_to_string(&rendered).expect("rendered");
    assert!(before.contains("  replicas: 3\n"), "{before}");

    edit(folder.path(), "prod.toml", "replicas = 3 ", "replica = 4 ");
    let said = watching.said();
    assert!(said.contains("did you mean `replicas`?"), "{said}");
    assert_eq!(fs::read_to_string(&rendered).expect("still there"), before);

    edit(folder.path(), "prod.toml", "replica = 4 ", "replicas = 4 ");
    let said = watching.said();
    assert!(said.starts_with("wrote out/prod"), "{said}");
    assert!(fs::read_to_string(&rendered).expect("rendered").contains("  replicas: 4\n"));

    // A new file, in a new folder.
    fs::create_dir_all(folder.path().join("new/policy")).expect("made");
    let quota = "apiVersion: v1\nkind: ResourceQuota\nmetadata: { name: all, namespace: demo }\n";
    fs::write(folder.path().join("new/policy/quota.yaml"), quota).expect("written");
    fs::rename(folder.path().join("new"), folder.path().join("templates")).expect("renamed");
    watching.said();
    assert!(folder.path().join("out/prod/manifests/demo/resourcequota-all.yaml").is_file());

    // A shell says 130.
    assert_eq!(watching.interrupt().signal(), Some(2));
    let left = fs::read_dir(folder.path().join("out")).expect("out").count();
    assert_eq!(left, 1, "something half-written is left");
}

#[test]
fn check_watches_too_and_a_terminal_is_cleared() {
    let folder = workspace();
    let mut watching = Watching::start(folder.path(), &["check", "--watch"]);
    assert_eq!(watching.said(), "checked dev, prod\n");
    edit(folder.path(), "dev.toml", "extends = ", "extend = ");
    assert!(watching.said().contains("extend"));
    watching.interrupt();

    let (given, shown) = terminal();
    let mut watch = command(folder.path(), &["check", "--watch"]);
    let mut child = watch.stdout(Stdio::null()).stderr(given).spawn().expect("the binary runs");
    drop(watch);
    let mut shown = BufReader::new(shown);
    let mut until = |wanted: &str| {
        let mut text = String::new();
        while !text.contains(wanted) {
            assert!(shown.read_line(&mut text).expect("a line") > 0, "{text}");
        }
        text
    };
    let clear = "\x1b[2J\x1b[3J\x1b[H";
    assert!(until("waiting").starts_with(clear));
    edit(folder.path(), "dev.toml", "extend = ", "extends = ");
    assert!(until("waiting").starts_with(clear));
    let id = child.id().to_string();
    assert!(Command::new("kill").arg(id).status().expect("kill runs").success());
    child.wait().expect("it ends");
}

#[test]
fn what_takes_long_shows_a_line_on_a_terminal() {
    let folder = workspace();
    let environments = folder.path().join("environments");
    let base = fs::read_to_string(environments.join("base.toml")).expect("readable");
    let (shared, web) = base.split_at(base.find("[services.web]").expect("a service"));
    let services: Vec<_> = (0..300).map(|n| web.replace("services.", &format!("services.x{n}-"))).collect();
    let services = services.concat().replace("uses", "# uses");
    fs::write(environments.join("base.toml"), [shared, &services].concat()).expect("written");
    fs::remove_file(environments.join("prod.toml")).expect("removed");
    for n in 0..100 {
        fs::copy(environments.join("dev.toml"), environments.join(format!("e{n}.toml"))).expect("copied");
    }

    let (given, mut shown) = terminal();
    let mut check = command(folder.path(), &["check"]);
    let mut child =
        check.env_remove("CI").env("TERM", "xterm-256color").stderr(given).spawn().expect("the binary runs");
    drop(check);
    let mut screen = Vec::new();
    while !String::from_utf8_lossy(&screen).contains(" checking e") {
        let mut piece = [0; 256];
        let length = shown.read(&mut piece).expect("it goes on");
        screen.extend_from_slice(&piece[..length]);
    }
    child.kill().expect("it goes on");
    child.wait().expect("it ends");
}

#[test]
fn colours_follow_the_flag_the_variables_and_the_terminal() {
    let folder = workspace();
    edit(folder.path(), "dev.toml", "extends = ", "extend = ");
    let check = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut check = command(folder.path(), &[&["check"], arguments].concat());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
            check.env_remove(name);
        }
        check.env("TERM", "xterm-256color").envs(variables.iter().copied());
        check
    };
    let is_coloured = |text: &str| text.contains("\x1b[");
    for (arguments, variables, piped, shown) in [
        (&[][..], &[][..], false, true),
        (&[], &[("NO_COLOR", "1")], false, false),
        (&[], &[("TERM", "dumb")], false, false),
        (&[], &[("CLICOLOR_FORCE", "1")], true, true),
        (&["--color", "always"], &[("NO_COLOR", "1")], true, true),
        (&["--color", "never"], &[("CLICOLOR_FORCE", "1")], false, false),
    ] {
        let ran = Ran::from(check(arguments, variables).output().expect("the binary runs"));
        assert_eq!(ran.code, Some(2));
        assert_eq!(is_coloured(&ran.stderr), piped, "piped, {arguments:?} {variables:?}");
        let text = on_terminal(check(arguments, variables));
        assert!(text.contains("extend"), "{text}");
        assert_eq!(is_coloured(&text), shown, "on a terminal, {arguments:?} {variables:?}");
    }
}

#[test]
fn quiet_prints_no_notes() {
    let folder = workspace();
    let ran = run(folder.path(), &["-q", "render", "--all", "--out", "out"]);
    assert_eq!((ran.code, &*ran.stderr, &*ran.stdout), (Some(0), "", ""));
}

#[test]
fn the_log_has_the_fields_of_the_systems_own_services() {
    let folder = workspace();
    let mut check = command(folder.path(), &["-vv", "--log-format", "json", "check", "dev"]);
    let ran = Ran::from(check.env("P8FS_GEN_CORRELATION_ID", "ci-7").output().expect("the binary runs"));
    let lines = ran.stderr.lines().filter(|line| line.starts_with('{'));
    let records: Vec<serde_json::Value> =
        lines.map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let loggers: Vec<_> = records.iter().filter_map(|record| record["logger"].as_str()).collect();
    for room in ["load", "merge", "declare", "model", "render", "verify", "pipeline"] {
        assert!(loggers.contains(&&*format!("p8fs-gen.{room}")), "{room}: {loggers:?}");
    }
    for record in &records {
        assert_eq!(record["correlation_id"], "ci-7");
        assert_eq!(record["service"], "p8fs-gen");
        assert!(record["processing_time_ms"].is_number(), "{record}");
        let timestamp = record["timestamp"].as_str().expect("a time");
        assert!(
            timestamp.len() == 24 && timestamp.ends_with('Z') && &timestamp[19..20] == ".",
            "{timestamp}"
        );
    }
    let compiled = records.iter().find(|record| record["message"] == "compiled").expect("compiled");
    assert_eq!((&compiled["level"], &compiled["environment"]), (&"INFO".into(), &"dev".into()));
    assert!(compiled["objects"].is_number());

    let ran = run(folder.path(), &["-v", "check", "dev"]);
    let line = ran.stderr.lines().next().expect("a line");
    let parts: Vec<_> = line.split(" | ").collect();
    assert_eq!(&parts[1..4], ["INFO", "p8fs-gen.pipeline", "compiled"], "{line}");
    assert!(parts[4].starts_with("correlation_id=") && parts[4].contains(" environment=dev "), "{line}");
    assert_eq!(ran.stderr.lines().count(), 2, "{}", ran.stderr);
}

#[test]
fn shells_complete_what_the_workspace_has() {
    let folder = workspace();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(folder.path(), &["completions", shell]).stdout;
        assert!(script.contains("P8FS_GEN_COMPLETE"), "{shell}: {script}");
    }
    // As bash does it, with the script that it was given.
    let complete = |words: &str, at: usize| {
        let script = "PATH=\"$1:$PATH\"; source <(p8fs-gen completions bash); words=($2); \
            COMP_WORDS=(\"${words[@]}\" \"$4\"); COMP_CWORD=$3; COMP_TYPE=9; \
            _clap_complete_p8fs_gen p8fs-gen \"$4\" x; printf '%s\\n' \"${COMPREPLY[@]}\"";
        let program = Path::new(env!("CARGO_BIN_EXE_p8fs-gen")).parent().expect("a folder");
        let (done, typed) = words.rsplit_once(' ').expect("a word");
        let mut bash = Command::new("bash");
        bash.args(["-c", script, "bash"]).arg(program).args([done, &at.to_string(), typed]);
        let ran = Ran::from(bash.current_dir(folder.path()).output().expect("bash runs"));
        assert_eq!(ran.stderr, "");
        ran.stdout.lines().map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(complete("p8fs-gen render p", 2), ["prod"]);
    assert_eq!(complete("p8fs-gen explain prod service/", 3), ["service/demo-api", "service/demo-web"]);
    assert_eq!(complete("p8fs-gen render prod --only net", 4), ["network"]);
    assert_eq!(complete("p8fs-gen compl", 1), ["completions"]);
}

#[test]
fn every_verb_has_a_manual_page_an_example_and_its_exit_codes() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let written = run(folder.path(), &["man", "man1"]);
    assert_eq!(written.code, Some(0), "{}", written.stderr);
    let page = |name: &str| fs::read_to_string(folder.path().join("man1").join(name)).expect(name);
    assert_eq!(run(root(), &["man"]).stdout, page("p8fs-gen.1"));
    let mut verbs: Vec<Vec<String>> = vec![vec![]];
    let mut seen = 0;
    while let Some(verb) = verbs.pop() {
        let words: Vec<&str> = verb.iter().map(String::as_str).collect();
        let help = run(folder.path(), &[&words[..], &["--help"]].concat()).stdout;
        assert!(help.contains("Examples:\n  "), "{verb:?} has no example");
        assert!(help.contains("Exit codes:"), "{verb:?} has no exit codes");
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{verb:?} is too wide:\n{help}");
        page(&format!("{}.1", [&["p8fs-gen"], &words[..]].concat().join("-")));
        seen += 1;
        let commands = help.split("Commands:\n").nth(1).unwrap_or_default();
        for line in commands.lines().take_while(|line| line.starts_with("  ")) {
            match line.split_whitespace().next() {
                Some("help") | None => {}
                Some(name) if line.starts_with("  ") && !line.starts_with("   ") => {
                    verbs.push([&verb[..], &[name.to_owned()]].concat());
                }
                Some(_) => {}
            }
        }
    }
    let pages = fs::read_dir(folder.path().join("man1")).expect("pages").count();
    assert!(seen >= 10, "{seen}");
    assert_eq!(pages, seen);
}

#[test]
fn requirements_name_kinds_and_who_needs_them() {
    let folder = workspace();
    let text = run(folder.path(), &["requires", "prod"]).stdout;
    assert!(text.contains("  apps/v1 Deployment: demo/demo-api, demo/demo-web\n"), "{text}");
    // One that plain Kubernetes does not have.
    fs::create_dir_all(folder.path().join("templates/monitoring")).expect("made");
    let probe = "apiVersion: monitoring.coreos.com/v1\nkind: Probe\nmetadata: { name: web, namespace: demo }\n\
        spec: { prober: { url: prober } }\n";
    fs::write(folder.path().join("templates/monitoring/probe.yaml"), probe).expect("written");
    let text = run(folder.path(), &["requires", "prod"]);
    let first =
        "To be installed first:\n  monitoring.coreos.com/v1 Probe (probes.monitoring.coreos.com): demo/web\n";
    assert!(text.stdout.starts_with(first), "{}{}", text.stdout, text.stderr);
    let json = run(folder.path(), &["requires", "prod", "--format", "json"]).stdout;
    let list: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let install: Vec<_> =
        list.as_array().expect("a list").iter().filter(|it| it["install"] == true).collect();
    assert_eq!(install.len(), 1);
    assert_eq!(install[0]["crd"], "probes.monitoring.coreos.com");
}

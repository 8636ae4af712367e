//! `p8fs-gen settings`, and what becomes of settings in the output.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod run;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use run::{Ran, command, root};

/// A workspace whose only environment says this beside what each needs.
fn workspace(tier: &str, declaration: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    let environments = folder.path().join("environments");
    fs::create_dir(&environments).expect("made");
    let rest = format!(
        "[environment]\ntier = \"{tier}\"\nnamespace = \"p8fs\"\n[cluster]\nkubernetes = \"1.36\"\n\
         [jobs.migrate]\nimage = \"registry.example/core:1.0\"\n\
         resources = {{ cpu = \"100m\", memory = \"128Mi\", storage = \"64Mi\" }}\n{declaration}"
    );
    fs::write(environments.join("one.toml"), rest).expect("written");
    folder
}

fn settings(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = command(folder, &[&["settings"], arguments].concat());
    command.envs(variables.iter().copied()).output().expect("the binary runs").into()
}

const SYSTEM: &str = r#"
[system]
name = "p8fs"
settings_prefix = "P8FS_"
[system.settings.log_level]
type = "choice"
values = ["DEBUG", "INFO", "WARNING"]
description = "The least grave records."
default = "INFO"
defaults.testing = "DEBUG"
[system.settings.limit]
type = "size"
max = "1GB"
description = "The largest file."
default = "100MB"
aliases = ["max_file_size"]
[system.settings.password]
type = "secret"
description = "A password."
[system.settings.user]
type = "text"
description = "A user."
default = "root"
[system.settings.connection]
type = "secret"
description = "All in one."
derived = "db://${{ settings.user | percent_encode }}${{ ':' ~ (settings.password | percent_encode) if settings.password else '' }}@db/${{ environment.namespace }}"
"#;

#[test]
fn the_page_describes_an_environment() {
    let page = fs::read_to_string(root().join("docs/settings.md")).expect("the page");
    let (_, example) = page.split_once("```toml\n").expect("an example");
    let (example, _) = example.split_once("```").expect("it ends");
    let folder = workspace("production", example);
    let printed = settings(folder.path(), &["one"], &[]);
    assert_eq!((printed.code, &*printed.stderr), (Some(0), ""));
    for line in
        ["P8FS_LOG_LEVEL=WARNING\n", "P8FS_PG_HOST=pg.p8fs.example\n", "# P8FS_PG_PASSWORD: (secret: "]
    {
        assert!(printed.stdout.contains(line), "{line} is not in\n{}", printed.stdout);
    }
}

#[test]
fn what_counts_more_stands_for_what_counts_less() {
    let folder = workspace("testing", SYSTEM);
    let path = folder.path();
    let source = |variables: &[(&str, &str)]| {
        let printed = settings(path, &["one", "--sources"], variables);
        assert_eq!(printed.code, Some(0), "{}", printed.stderr);
        printed.stdout.lines().find(|line| line.starts_with("P8FS_LOG_LEVEL")).expect("there").to_owned()
    };
    assert_eq!(source(&[]), "P8FS_LOG_LEVEL=DEBUG  # environments/one.toml:18 (default)");
    let file = path.join("environments/one.toml");
    let declared = fs::read_to_string(&file).expect("there") + "[settings]\nLog_Level = \"INFO\"\n";
    fs::write(&file, declared).expect("written");
    assert_eq!(source(&[]), "P8FS_LOG_LEVEL=INFO  # environments/one.toml:37");
    fs::write(path.join(".env"), "# Here.\np8fs_log_level='WARNING'\nOTHER=1\n").expect("written");
    assert_eq!(source(&[]), "P8FS_LOG_LEVEL=WARNING  # .env:2");
    assert_eq!(
        source(&[("P8FS_LOG_LEVEL", "DEBUG")]),
        "P8FS_LOG_LEVEL=DEBUG  # P8FS_LOG_LEVEL of the process"
    );
    // Nothing of this machine reaches the output.
    let rendered = run::run(path, &["render", "one", "--only", "config"]);
    assert!(rendered.stdout.contains("P8FS_LOG_LEVEL: INFO\n"), "{}", rendered.stdout);
}

#[test]
fn what_does_not_fit_is_said_with_its_variable_and_its_source() {
    let folder = workspace("production", SYSTEM);
    fs::write(folder.path().join(".env"), "P8FS_LIMIT=2GB\nP8FS_LOG_LEVL=INFO\n").expect("written");
    let printed = settings(folder.path(), &["one"], &[("P8FS_LOG_LEVEL", "LOUD"), ("P8FS_NO_SUCH", "x")]);
    assert_eq!((printed.code, &*printed.stdout), (Some(2), ""));
    for said in [
        "error[invalid-value]: `.env` has a `P8FS_LIMIT` that is no `size` of this setting\n --> .env:1:1",
        "at most 1GB",
        "error[unknown-key]: `.env` has `P8FS_LOG_LEVL`, which is no setting\n --> .env:2:1",
        "did you mean `P8FS_LOG_LEVEL`?",
        "the environment of the process has a `P8FS_LOG_LEVEL` that is no `choice` of this setting",
        "the environment of the process has `P8FS_NO_SUCH`, which is no setting",
    ] {
        assert!(printed.stderr.contains(said), "{said} is not in\n{}", printed.stderr);
    }
}

#[test]
fn an_alias_and_any_case_name_the_setting() {
    for written in ["limit", "P8FS_LIMIT", "p8fs_Max_File_Size", "MAX_FILE_SIZE"] {
        let folder = workspace("production", &format!("{SYSTEM}[settings]\n{written} = \"1MB\"\n"));
        let printed = settings(folder.path(), &["one"], &[]);
        assert!(
            printed.stdout.contains("P8FS_LIMIT=1MB\n"),
            "{written}: {}{}",
            printed.stdout,
            printed.stderr
        );
    }
}

/// A secret that could break out of a URL, a shell and a `.env`.
const NASTY: &str = "p@ss/w:rd?#%20 ü'\"\\ ${HOME} $x";

#[test]
fn secrets_are_shown_to_those_who_ask_only() {
    let folder = workspace("production", SYSTEM);
    let variables = [("P8FS_PASSWORD", NASTY)];
    for format in ["env", "json", "toml"] {
        for sources in [&["--sources"][..], &[]] {
            let masked =
                settings(folder.path(), &[&["one", "--format", format], sources].concat(), &variables);
            assert_eq!(masked.code, Some(0), "{}", masked.stderr);
            for part in ["p@ss", "p%40ss", "w:rd", "w%3Ard"] {
                assert!(!masked.stdout.contains(part) && !masked.stderr.contains(part), "{}", masked.stdout);
            }
        }
    }
    let shown = settings(folder.path(), &["one", "--format", "json", "--reveal"], &variables);
    let shown: serde_json::Value = serde_json::from_str(&shown.stdout).expect("JSON");
    assert_eq!(shown["P8FS_PASSWORD"], NASTY);
    assert_eq!(
        shown["P8FS_CONNECTION"],
        "db://root:p%40ss%2Fw%3Ard%3F%23%2520%20%C3%BC%27%22%5C%20%24%7BHOME%7D%20%24x@db/p8fs"
    );
    let env = settings(folder.path(), &["one", "--reveal"], &variables).stdout;
    assert!(!env.contains("P8FS_CONNECTION=") && env.contains("# P8FS_CONNECTION: (secret)\n"), "{env}");
}

#[test]
fn a_written_file_is_for_its_owner_and_is_read_back() {
    let folder = workspace("production", SYSTEM);
    let (file, again) = (folder.path().join(".env"), folder.path().join("again"));
    fs::write(&file, "").expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("ours");
    let variables = [("P8FS_PASSWORD", NASTY), ("P8FS_USER", "it's\nme")];
    let written = settings(folder.path(), &["one", "--reveal", "--out", ".env"], &variables);
    assert_eq!((written.code, &*written.stdout), (Some(0), ""), "{}", written.stderr);
    assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    let read = settings(folder.path(), &["one", "--reveal", "--out", "again"], &[]);
    assert_eq!(read.code, Some(0), "{}", read.stderr);
    assert_eq!(fs::read_to_string(&file).expect("there"), fs::read_to_string(again).expect("there"));
}

#[test]
fn an_expression_is_checked_where_it_stands() {
    for (definition, said) in [
        ("type = \"text\"\nderived = \"${{ environment.teir }}\"", "did you mean `tier`?"),
        (
            "type = \"port\"\nderived = \"${{ environment.namespace }}\"",
            "`system.settings.x.derived` has the wrong type",
        ),
        ("type = \"text\"\nderived = \"${{ settings.password or '' }}\"", "would show the secret `password`"),
        ("type = \"text\"\nderived = \"${{ settings.x }}\"", "setting `x` needs itself"),
        ("type = \"text\"\nderived = \"${{ workload.name }}\"", "with `per = \"workload\"` each has its own"),
        ("type = \"host\"\nderived = \"${{ stores.nats.host }}\"", "it has no attribute `nats`"),
        (
            "type = \"text\"\nderived = \"on ${{ environment.domain }}\"",
            "what may be `none` cannot stand within text",
        ),
    ] {
        let declaration = format!("{SYSTEM}[system.settings.x]\ndescription = \"A case.\"\n{definition}\n");
        let folder = workspace("production", &declaration);
        for verb in [&["render", "one"][..], &["settings", "one"]] {
            let ran = run::run(folder.path(), verb);
            assert!(ran.code == Some(2) && ran.stderr.contains(said), "{definition}: {}", ran.stderr);
        }
    }
}

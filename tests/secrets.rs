//! Secrets as nobody sees them: a value that is told from all others is put wherever a secret may stand, and looked for
//! in all that the program says and writes.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod run;

use std::fs;
use std::path::Path;

use run::{Ran, command};

/// The secret. No other text has it, nor its first half.
const CANARY: &str = "canary7Qx91vWzK4";
/// The same, where a number is wanted.
const NUMBER: &str = "739155862041";

const WORKSPACE: &str = r#"
[system]
name = "shop"
settings_prefix = "SHOP_"

[system.settings.password]
type = "secret"
description = "A password."

[system.settings.connection]
type = "secret"
description = "With it."
derived = "db://${{ settings.password | percent_encode if settings.password else '' }}@db"

[environment]
tier = "development"
namespace = "shop"

[cluster]
kubernetes = "1.36"

[services.web]
image = "registry.example/web:1.0"
ports.http = 8080
replicas = 1
resources = { cpu = "100m", memory = "128Mi", storage = "64Mi" }
probes = { readiness.path = "/ready", liveness.path = "/live" }
env.TOKEN_FILE = "/run/token"
files."token" = { path = "/run/token", secret = "database", key = "token" }

[settings]
password = { secret = "database", key = "password" }

[secrets.database]
via = "literal"
[secrets.database.literal]
password = "CANARY"
token = "t"
"#;

/// A workspace whose environment `dev` is the one above, changed.
fn workspace(change: (&str, &str)) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    let text = WORKSPACE.replace("CANARY", CANARY);
    assert!(text.contains(change.0), "{}", change.0);
    fs::create_dir(folder.path().join("environments")).expect("made");
    fs::write(folder.path().join("environments/dev.toml"), text.replacen(change.0, change.1, 1))
        .expect("written");
    folder
}

/// As text, and as the data of a Secret has it.
fn forms() -> [String; 4] {
    let encoded = |text: &str| {
        // Of the middle part alone, wherever three bytes begin.
        let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let groups = text.as_bytes().chunks_exact(3).flat_map(|three| {
            let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
            [18, 12, 6, 0].map(|shift| char::from(digits[(bits >> shift & 63) as usize]))
        });
        groups.collect::<String>()
    };
    [CANARY[..8].to_owned(), encoded(CANARY), NUMBER[..8].to_owned(), encoded(NUMBER)]
}

fn shows_nothing(ran: &Ran, what: &str) {
    for form in forms() {
        assert!(!ran.stdout.contains(&form), "{what}: standard output shows {form}:\n{}", ran.stdout);
        assert!(!ran.stderr.contains(&form), "{what}: standard error shows {form}:\n{}", ran.stderr);
    }
}

/// Every file below a folder that shows the secret.
fn showing(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            showing(&path, found);
            continue;
        }
        let text = String::from_utf8_lossy(&fs::read(&path).expect("readable")).into_owned();
        if forms().iter().any(|form| text.contains(form)) {
            found.push(path.file_name().expect("a name").to_string_lossy().into_owned());
        }
    }
}

/// All that looks at an environment but does not make objects of it, as loud as it can be.
const LOOKING: &[&[&str]] = &[
    &["check"],
    &["check", "dev", "-vv"],
    &["check", "-vv", "--log-format", "json"],
    &["check", "--message-format", "json"],
    &["check", "--message-format", "sarif"],
    &["check", "--message-format", "github"],
    &["explain", "dev", "secret/shop-database"],
    &["explain", "dev", "secret/shop-database", "data.password"],
    &["explain", "dev", "secret/shop-database", "--format", "json"],
    &["explain", "dev", "deployment/shop-web"],
    &["env", "show", "dev"],
    &["env", "show", "dev", "--format", "json"],
    &["settings", "dev", "--sources"],
    &["settings", "dev", "--format", "json"],
    &["settings", "dev", "--format", "toml"],
    &["requires", "dev"],
    &["cost", "dev"],
    &["templates", "show", "secrets/secret.yaml", "--resolved"],
    &["render", "dev", "--only", "services", "-vv"],
];

#[test]
fn a_secret_is_seen_in_the_data_of_its_secret_and_nowhere_else() {
    let folder = workspace(("", ""));
    for arguments in LOOKING {
        let ran: Ran = command(folder.path(), arguments).output().expect("runs").into();
        shows_nothing(&ran, &arguments.join(" "));
    }
    let run = |arguments: &[&str]| -> Ran {
        command(folder.path(), arguments).output().expect("the binary runs").into()
    };
    let rendered = run(&["render", "dev", "-vv"]);
    assert_eq!(rendered.code, Some(0), "{}", rendered.stderr);
    let holding: Vec<&str> = rendered
        .stdout
        .split("---\n")
        .filter(|object| forms().iter().any(|form| object.contains(form)))
        .collect();
    assert!(holding.len() == 1 && holding[0].contains("kind: Secret\n"), "{holding:?}");
    shows_nothing(&Ran { stdout: String::new(), ..rendered }, "render");

    let mut found = Vec::new();
    shows_nothing(&run(&["render", "dev", "--out", "out", "-vv"]), "render --out");
    showing(&folder.path().join("out"), &mut found);
    assert_eq!(found, ["secret-shop-database.yaml"]);
    assert_eq!(run(&["render", "dev", "--out", "out", "--check"]).code, Some(0));

    // A difference is seen, and not in what it is.
    let other = workspace((CANARY, "another"));
    let arguments = ["render", "dev", "--check", "--out"];
    let out = folder.path().join("out");
    let checked: Ran = command(other.path(), &arguments).arg(&out).output().expect("runs").into();
    assert_eq!(checked.code, Some(1), "{}", checked.stderr);
    assert!(checked.stdout.contains("secret-shop-database.yaml"), "{}", checked.stdout);
    assert!(!checked.stdout.contains("YW5vdGhlcg"), "{}", checked.stdout);
    shows_nothing(&checked, "render --check");
    fs::copy(folder.path().join("environments/dev.toml"), other.path().join("environments/old.toml"))
        .expect("copied");
    let differing: Ran = command(other.path(), &["env", "diff", "old", "dev"]).output().expect("runs").into();
    assert!(differing.stdout.contains("password"), "{}{}", differing.stdout, differing.stderr);
    shows_nothing(&differing, "env diff");
    let differing: Ran = command(other.path(), &["env", "diff", "old", "dev", "--format", "json"])
        .output()
        .expect("runs")
        .into();
    shows_nothing(&differing, "env diff --format json");
}

#[test]
fn no_finding_shows_the_secret_that_it_is_about() {
    let line = format!("password = \"{CANARY}\"");
    let whole = format!("[secrets.database]\nvia = \"literal\"\n[secrets.database.literal]\n{line}");
    let new = |text: &str| text.replace("CANARY", CANARY).replace("NUMBER", NUMBER);
    for (old, slip, code) in [
        ("tier = \"development\"", "tier = \"production\"", "literal-secret"),
        (&*line, "password = NUMBER", "wrong-type"),
        (&line, "password = [\"CANARY\"]", "wrong-type"),
        (&line, "password = { value = \"CANARY\" }", "wrong-type"),
        (&line, "password = 1.NUMBER", "wrong-type"),
        (&line, "password = 1979-05-27", "toml-value"),
        (&line, "password = \"CANARY", "toml-syntax"),
        (&line, "password = CANARY", "toml-syntax"),
        (&line, "password = \"\"\"CANARY\nCANARY", "toml-syntax"),
        (&line, "password = \"\\CANARY\"", "toml-syntax"),
        (&line, "password = \"CANARY\"\npassword = \"CANARY\"", "toml-syntax"),
        (&line, "\"pass word\" = \"CANARY\"", "invalid-value"),
        (&line, "paßword = \"CANARY\"", "toml-syntax"),
        (
            &whole,
            "[secrets.database]\nvia = \"literal\"\nliterals = { password = \"CANARY\" }\n[secrets.x.literal]",
            "unknown-key",
        ),
        (
            &whole,
            "[secret.database]\nvia = \"literal\"\nliteral.password = \"CANARY\"\n[secrets.x.literal]",
            "unknown-key",
        ),
        (&whole, "[secrets]\ndatabase = \"CANARY\"\n[secrets.x.literal]", "wrong-type"),
        (
            &whole,
            "[secrets]\ndatabase = { via = \"literal\", literal = \"CANARY\" }\n[secrets.x.literal]",
            "wrong-type",
        ),
        ("env.TOKEN_FILE = \"/run/token\"", "env.TOKEN = \"CANARY\"", "plain-password"),
        ("env.TOKEN_FILE = \"/run/token\"", "env.DB = \"postgres://shop:CANARY@db\"", "plain-password"),
        ("env.TOKEN_FILE = \"/run/token\"", "env.DB_PASSWORD = [\"CANARY\"]", "wrong-type"),
        ("password = { secret = \"database\", key = \"password\" }", "password = \"CANARY\"", "wrong-type"),
    ] {
        let slip = new(slip);
        let folder = workspace((old, &slip));
        let mut found = String::new();
        for arguments in LOOKING {
            let ran: Ran = command(folder.path(), arguments).output().expect("runs").into();
            shows_nothing(&ran, &format!("{slip}: {}", arguments.join(" ")));
            found += &ran.stderr;
        }
        let said: std::collections::BTreeSet<&str> =
            found.lines().filter(|line| line.starts_with("error[") || line.starts_with("warning[")).collect();
        assert!(said.iter().any(|line| line.contains(&format!("[{code}]"))), "{slip}: {said:?}");
    }
}

#[test]
fn neither_arguments_nor_variables_are_shown() {
    let folder = workspace(("", ""));
    for argument in [
        format!("secrets.database.literal.password={CANARY}"),
        format!("secrets.database.literal.password=\"{CANARY}"),
        format!("secrets.database.literal={CANARY}"),
        format!("secrets.database={{ via = \"literal\", literal.password = \"{CANARY}\", x = 1 }}"),
        format!("services.web.env.DB_PASSWORD={CANARY}"),
    ] {
        for arguments in LOOKING.iter().filter(|arguments| ["explain", "render"].contains(&arguments[0])) {
            let mut command = command(folder.path(), arguments);
            let ran: Ran = command.args(["--set", &argument]).output().expect("runs").into();
            shows_nothing(&ran, &format!("--set {argument}: {}", arguments.join(" ")));
        }
    }
    for (file, process) in [
        (format!("SHOP_PASSWORD={CANARY}\n"), None),
        (format!("SHOP_PASSWRD={CANARY}\n"), None),
        (format!("SHOP_PASSWORD=\"{CANARY}\n"), None),
        (format!("PASSWORD {CANARY}\n"), None),
        (String::new(), Some(("SHOP_PASSWORD", CANARY))),
        (String::new(), Some(("SHOP_PASSWRD", CANARY))),
    ] {
        fs::write(folder.path().join(".env"), &file).expect("written");
        for arguments in LOOKING {
            let mut command = command(folder.path(), arguments);
            let ran: Ran = command.envs(process).output().expect("runs").into();
            shows_nothing(&ran, &format!("{file}{process:?}: {}", arguments.join(" ")));
        }
        // Asked for, it is shown.
        let mut command = command(folder.path(), &["settings", "dev", "--reveal"]);
        let ran: Ran = command.envs(process).output().expect("runs").into();
        let is_known = file.starts_with("SHOP_PASSWORD=canary")
            || process.is_some_and(|(name, _)| name == "SHOP_PASSWORD");
        assert_eq!(ran.stdout.contains(&format!("SHOP_PASSWORD={CANARY}")), is_known, "{}", ran.stdout);
    }
}

#[test]
fn findings_in_manifests_show_nothing_of_secrets() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let head = "apiVersion: v1\nkind: Secret\nmetadata: { name: a }\n";
    for body in [
        "stringData: { password: CANARY }\ntipe: Opaque\n",
        "stringData: { password: NUMBER }\n",
        "data: { password: CANARY }\nstringdata: { password: CANARY }\n",
        "data: CANARY\n",
        "stringData:\n  password: |\n    CANARY\n    CANARY\n  password: CANARY\n",
        "stringData: { password: \"CANARY }\n",
        "stringData:\n  password: CANARY\n x: 1\n",
        "stringData: { password: [CANARY] }\n",
        "stringData: { \"pass word\": CANARY }\nimmutable: x\n",
    ] {
        let body = body.replace("CANARY", CANARY).replace("NUMBER", NUMBER);
        fs::write(folder.path().join("secret.yaml"), format!("{head}{body}")).expect("written");
        for format in ["human", "json", "sarif", "github"] {
            let arguments =
                ["check", "--kubernetes", "1.36", "-f", "secret.yaml", "--message-format", format];
            let ran: Ran = command(folder.path(), &arguments).output().expect("runs").into();
            shows_nothing(&ran, &format!("{format}: {body}"));
        }
    }
}

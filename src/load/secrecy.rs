//! Which declared values are shown to nobody.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::{Tree, Value};
use crate::diag::{FileId, Sources};

/// What the names of passwords and their like end with, in upper case and without what joins words.
const PASSWORDS: [&str; 11] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "TOKEN",
    "APIKEY",
    "PRIVATEKEY",
    "SECRETKEY",
    "ACCESSKEY",
    "ENCRYPTIONKEY",
    "CLIENTSECRET",
    "CREDENTIALS",
];

/// What of `[secrets.<name>]` says where values are, and not what they are.
const PLAIN: [&str; 6] = ["via", "version", "existing", "external", "sops", "generated"];

/// A URL that names a user with a password.
static WITH_PASSWORD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#\s@:]*:[^/?#\s@]+@").ok());

/// Whether the value at a path of a declaration is shown to nobody: what the tables `literal` of secrets hold, and what
/// seems to be a password beside them. Where a path has a slip of the pen, rather more than too little.
pub fn is_secret<T>(path: &str, leaf: Option<&Value<T>>) -> bool {
    leaf.is_some() && is_literal(path) || is_password(path, leaf) || is_of_chart(path, leaf)
}

/// Whether a text is a secret among the values of a chart.
fn is_of_chart<T>(path: &str, leaf: Option<&Value<T>>) -> bool {
    let is_text = matches!(leaf, Some(Value::String(text)) if !text.is_empty());
    let is_value = path.starts_with("charts.") || path.contains(".chart.values.");
    is_text && is_value && path.split('.').any(names_a_secret_of_chart)
}

/// Whether a value of a chart is a secret, by its name.
pub fn names_a_secret_of_chart(name: &str) -> bool {
    let name = name.split('[').next().unwrap_or_default().replace(['-', '_'], "").to_uppercase();
    PASSWORDS.iter().any(|end| name.strip_suffix('S').unwrap_or(&name).ends_with(end) || name.ends_with(end))
}

/// Whether a path leads to the value of a secret.
pub fn is_literal(path: &str) -> bool {
    let mut keys = path.split(['.', '[']);
    match (keys.next(), keys.next(), keys.next()) {
        // Without a key, somebody forgot that there is more to it.
        (Some("secrets"), Some(_), key) => key.is_none_or(|key| !PLAIN.contains(&key)),
        _ => path.split('.').skip(1).any(|key| key == "literal"),
    }
}

/// Whether a value beside `[secrets]` seems to be a password: by a key on its path, or because it is a URL with one.
pub fn is_password<T>(path: &str, leaf: Option<&Value<T>>) -> bool {
    let names_one = || {
        let keys: Vec<&str> = path.split('.').collect();
        let is_table = |key: &&str| matches!(*key, "env" | "triggers" | "settings");
        let refers = matches!(keys.last(), Some(&"secret" | &"key"));
        let Some(table) = keys.iter().position(is_table) else { return false };
        !refers && keys.iter().skip(table + 1).any(|key| names_a_password(key))
    };
    let is_definition = path.starts_with("system.") && !path.contains(".default");
    match leaf {
        Some(Value::String(text)) if !text.is_empty() && !is_definition => {
            names_one() || holds_a_password(text)
        }
        Some(Value::Int(_) | Value::Float(_)) if !is_definition => names_one(),
        _ => false,
    }
}

/// Whether a name is that of a password, as environment variables and settings are named; or nearly so.
fn names_a_password(name: &str) -> bool {
    // An item of a list has the list's name.
    let name = name.split('[').next().unwrap_or_default().to_uppercase();
    let is_near = |word: &str| word.len() > 5 && strsim::damerau_levenshtein(word, "PASSWORD") < 3;
    names_a_secret_of_chart(&name)
        || name.ends_with("SECRET")
        || name.ends_with("_PASS")
        || name == "PASS"
        || name.rsplit('_').next().is_some_and(is_near)
}

fn holds_a_password(text: &str) -> bool {
    // Every text of a workspace is asked, and few are URLs.
    text.contains("://") && WITH_PASSWORD.as_ref().is_some_and(|url| url.is_match(text))
}

/// Shows nobody what of a tree is secret.
pub(super) fn hide(tree: &Tree, file: FileId, sources: &mut Sources) {
    let mut found = Vec::new();
    walk(tree, "", &mut found);
    found.sort_by_key(|range| range.start);
    sources.conceal_secrets(file, &found);
}

fn walk(tree: &Tree, path: &str, found: &mut Vec<Range<usize>>) {
    match &tree.value {
        Value::Table(entries) => {
            for (key, entry) in entries {
                let path = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
                walk(entry, &path, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, path, found)),
        leaf => {
            if is_secret(path, Some(leaf)) {
                found.push(tree.origin.range());
            }
        }
    }
}

/// Shows nobody what may be secret in a file that could not be read: right of the equals signs, in tables of secrets and
/// where the left side or the value looks like a password.
pub(super) fn hide_unread(file: FileId, sources: &mut Sources) {
    let text = std::sync::Arc::clone(&sources.get(file).text);
    let (mut found, mut start, mut is_secret, mut goes_on) = (Vec::new(), 0, false, false);
    for line in text.split_inclusive('\n') {
        let (left, right) = line.split_once('=').map_or((line, None), |(left, right)| (left, Some(right)));
        if right.is_none() && line.trim_start().starts_with('[') {
            is_secret = line.contains("secret") || line.contains("literal");
            goes_on = false;
        } else if right.is_some() {
            let last = left.trim().trim_matches(['"', '\'']);
            goes_on = is_secret
                || left.contains("literal")
                || left.contains("secrets")
                || last.rsplit('.').next().is_some_and(names_a_password)
                || holds_a_password(line);
        }
        if goes_on {
            let hidden = right.map_or(0, |_| left.len() + 1);
            found.push(start + hidden..start + line.len());
        }
        start += line.len();
    }
    sources.conceal_secrets(file, &found);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Sink, Span};

    #[test]
    fn secrets_are_told_by_where_they_stand_and_by_their_names() {
        let text = |text: &str| Some(Value::<()>::String(text.into()));
        for (path, value, wanted) in [
            ("secrets.a.literal.tls.crt", "x", true),
            ("secrets.a.litteral.key", "x", true),
            ("secret.a.literal.key", "x", true),
            ("secrets.a.via", "literal", false),
            ("secrets.a.external.keys.password.key", "p8fs/a", false),
            ("settings.tidb_password", "x", true),
            ("settings.token_url", "http://a/b", false),
            ("settings.jwt_secret.secret", "tokens", false),
            ("settings.jwt_secret.value", "x", true),
            ("settings.tidb_pasword", "x", true),
            ("services.api.env.DJANGO_SECRET_KEY", "x", true),
            ("workers.a.scale.triggers.b.scaler.metadata.apiKey", "x", true),
            ("charts.a.values.auth.passwords[0]", "x", true),
            ("charts.a.values.auth.existingSecret", "x", false),
            ("system.settings.tidb_password.default", "x", true),
            ("system.settings.tidb_password.type", "secret", false),
            ("services.api.env.API_TOKEN", "x", true),
            ("services.api.env.DB", "postgres://u:p@h/d", true),
            ("services.api.env.DB", "postgres://u@h/d", false),
            ("system.settings.pg.derived", "postgresql://${{ a }}:${{ b }}@${{ c }}", false),
        ] {
            assert_eq!(is_secret(path, text(value).as_ref()), wanted, "{path} = {value}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_shows_no_value_that_may_be_secret() {
        let text = "[services.api]\nimage = \"a\"\nenv.DB_PASSWORD = \"canary\nreplicas = 1\n\
                    [secrets.a.literal]\nkey = \"\"\"can\ncanary\"\"\"\n[services.b]\nurl = \"x://u:canary@h\"\nport = 1\n";
        let mut sources = Sources::default();
        let file = sources.add("a.toml", text);
        crate::load::toml::parse(file, &mut sources, &mut Sink::default());
        let shown = sources.text(Span::new(file, 0..text.len()));
        assert!(!shown.contains("can"), "{shown}");
        for kept in ["image = \"a\"", "replicas = 1", "[secrets.a.literal]\nkey =", "port = 1"] {
            assert!(shown.contains(kept), "{kept} is not in {shown}");
        }
    }
}

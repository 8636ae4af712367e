//! [`Code::LiteralSecret`], [`Code::PlainPassword`], and what refers to secrets: [`Code::UnknownReference`]

use super::Facts;
use crate::declare::values::Choice as _;
use crate::declare::{DOCKER_CONFIG, Name, Secret, SecretUse, SecretVia, Tier};
use crate::diag::{Code, Diagnostic, Severity, Sink, closest};
use crate::load::{is_literal, is_password};
use crate::merge::Sourced;

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    for (name, secret) in &facts.declared.secrets {
        variant(facts, name, secret, sink);
        literal(facts, name, secret.value(), sink);
    }
    files(facts, sink);
    plain_passwords(facts, sink);
}

fn plain_passwords(facts: &Facts<'_>, sink: &mut Sink) {
    for (_, info) in facts.merged.inputs.iter() {
        if !is_literal(&info.path) && is_password(&info.path, info.leaf.as_ref()) {
            let title = format!("`{}` seems to be a password", info.path);
            let mut found =
                Diagnostic::warning(Code::PlainPassword, title).at(info.origin, "anybody may read this");
            if matches!(facts.declared.environment.tier.value(), Tier::Staging | Tier::Production) {
                found.severity = Severity::Error;
            }
            sink.push(
                found.help("declare it in `[secrets]`, and refer to it: `{ secret = \"…\", key = \"…\" }`"),
            );
        }
    }
}

/// What has to be whole to be judged.
pub(super) fn check_references(facts: &Facts<'_>, sink: &mut Sink) {
    for SecretUse { secret, key } in facts.declared.secret_uses() {
        let Some(declared) = facts.declared.secrets.get(secret.value()) else {
            unknown(facts, secret, sink);
            continue;
        };
        let Some(keys) = declared.value().keys().filter(|keys| !keys.is_empty()) else { continue };
        let wanted = key.map_or(DOCKER_CONFIG, |key| key.value().as_str());
        let place = key.map_or_else(|| facts.place(secret), |key| facts.place(key));
        let Some(at) = place.filter(|_| !keys.contains_key(wanted)) else { continue };
        let names = || keys.keys().copied();
        let title = format!("secret `{}` has no key `{wanted}`", secret.value());
        let found = Diagnostic::error(Code::UnknownReference, title)
            .at(at, if key.is_some() { "no such key" } else { "images are pulled with this key" })
            .suggest(wanted, names())
            .note(format!("it has `{}`", names().collect::<Vec<_>>().join("`, `")));
        // The slip may be here or there.
        let only = keys.values().next().filter(|_| keys.len() == 1);
        let near = closest(wanted, names()).and_then(|near| keys.get(near)).or(only);
        let near = near.and_then(|inputs| facts.first(inputs));
        sink.push(match near.or_else(|| facts.place(declared)) {
            Some(near) => found.context(near, "declared here"),
            None => found,
        });
    }
}

fn unknown(facts: &Facts<'_>, secret: &Sourced<Name>, sink: &mut Sink) {
    let written = facts.merged.tree.value.get("secrets").and_then(|table| table.value.table());
    let written = || written.into_iter().flatten().map(|(name, _)| &**name);
    let (Some(at), name) = (facts.place(secret), secret.value().as_str()) else { return };
    // One whose declaration was refused has its finding.
    if written().any(|known| known == name) {
        return;
    }
    let found = Diagnostic::error(Code::UnknownReference, format!("no secret is called `{name}`"));
    let found = found.at(at, "not in `[secrets]`").suggest(name, written());
    let near = closest(name, written()).and_then(|near| facts.place(facts.declared.secrets.get(near)?));
    sink.push(match near {
        Some(near) => found.context(near, "nearly of that name"),
        None => found,
    });
}

/// The table that says how it is had.
fn variant(facts: &Facts<'_>, name: &Name, secret: &Sourced<Secret>, sink: &mut Sink) {
    let raw = secret.value();
    let is_there = match raw.via.value() {
        SecretVia::Literal => raw.literal.is_some(),
        SecretVia::Existing => raw.existing.is_some(),
        SecretVia::External => raw.external.is_some(),
        SecretVia::Sops => raw.sops.is_some(),
        SecretVia::Generated => raw.generated.is_some(),
    };
    if let Some(at) = facts.place(&raw.via).filter(|_| !is_there && facts.merged.is_whole) {
        let via = raw.via.value().as_str();
        let found = Diagnostic::error(Code::MissingKey, format!("`secrets.{name}` lacks `{via}`"));
        sink.push(found.at(at, format!("`[secrets.{name}.{via}]` says the rest")));
    }
}

fn literal(facts: &Facts<'_>, name: &Name, secret: &Secret, sink: &mut Sink) {
    let tier = &facts.declared.environment.tier;
    if *secret.via.value() != SecretVia::Literal || *tier.value() == Tier::Development {
        return;
    }
    let (Some(at), Some(tier_at)) = (facts.place(&secret.via), facts.place(tier)) else { return };
    let title = format!("the values of secret `{name}` are written down, in the tier `{}`", tier.value());
    let found = Diagnostic::error(Code::LiteralSecret, title)
        .at(at, "only the tier `development` may do so")
        .context(tier_at, "this is not development")
        .help("refer to them: `existing`, `external`, `sops` or `generated`")
        .help("values that were committed are known to everybody who reads the repository: replace them");
    sink.push(found);
}

/// Where the text of a file comes from.
fn files(facts: &Facts<'_>, sink: &mut Sink) {
    for workload in facts.declared.all_workloads() {
        for (name, file) in &workload.pod.files {
            let Some(at) = facts.place(file) else { continue };
            let raw = file.value();
            let path = format!("{}.{}.files.{name}", workload.table, workload.name);
            let missing = |key: &str| {
                let found = Diagnostic::error(Code::MissingKey, format!("`{path}` lacks {key}"));
                found.at(at, "what does it say?")
            };
            match (&raw.text, &raw.secret, &raw.key) {
                (Some(_), None, None) | (None, Some(_), Some(_)) => {}
                _ if !facts.merged.is_whole => {}
                (None, None, None) => {
                    let found = missing("`text`");
                    sink.push(found.help("or `secret` and `key`, if a secret holds what it says"));
                }
                (None, Some(_), None) => sink.push(missing("`key`")),
                (None, None, Some(_)) => sink.push(missing("`secret`")),
                (Some(text), ..) => {
                    let Some(at) = facts.place(text) else { continue };
                    let title = format!("`{path}` has both `text` and a secret");
                    let found = Diagnostic::error(Code::InvalidValue, title).at(at, "one of them is enough");
                    let other = raw.secret.as_ref().and_then(|secret| facts.place(secret));
                    let other = other.or_else(|| facts.place(raw.key.as_ref()?));
                    sink.push(match other {
                        Some(other) => found.context(other, "what a secret holds"),
                        None => found,
                    });
                }
            }
        }
    }
}

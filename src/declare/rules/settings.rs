//! [`Code::DerivedSetting`], [`Code::MissingSetting`], and whether values fit the definitions of their settings

use super::Facts;
use crate::declare::{Choice as _, Definition, EnvValue, Setting, SettingName, SettingValue, Workload};
use crate::diag::{Code, Diagnostic, Sink, Span, closest};
use crate::merge::Sourced;

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    let declared = facts.declared;
    if declared.system.value().settings.value().is_empty() {
        return any_variables(facts, sink);
    }
    for (key, value) in declared.settings.value() {
        let Some(input) = value.inputs().iter().next() else { continue };
        let (path, place) = (format!("settings.{key}"), facts.merged.inputs.get(input).place());
        match declared.definition(key.as_str()) {
            None => {
                let found = Diagnostic::error(Code::UnknownKey, format!("unknown key `{path}`"));
                sink.push(meant(facts, key.as_str(), found.at(place, "no setting has this name")));
            }
            Some((_, definition)) if definition.value().derived.is_some() => {
                sink.extend(derived(facts, &path, definition, place));
            }
            Some((_, definition)) => fits(facts, &path, definition, value, sink),
        }
    }
    for workload in declared.all_workloads() {
        variables(facts, &workload, sink);
    }
    for (name, definition) in declared.system.value().settings.value() {
        sink.extend(missing(facts, name, definition));
    }
}

/// A name that no setting has.
fn meant(facts: &Facts<'_>, written: &str, found: Diagnostic) -> Diagnostic {
    let declared = facts.declared;
    let bare = written.strip_prefix(declared.settings_prefix()).unwrap_or(written);
    let definitions = declared.system.value().settings.value();
    let Some(near) = closest(&bare.to_lowercase(), definitions.keys().map(SettingName::as_str)) else {
        return found.note("`p8fs-gen settings` lists the settings that there are");
    };
    // As it is written: in the words of variables, or of settings.
    let found = if bare.len() < written.len() {
        found.suggest(written, [&*declared.variable_of(near)])
    } else {
        found.suggest(written, [near])
    };
    // The slip may be here or there.
    match definitions.get(near).and_then(|near| facts.key(near)) {
        Some(there) => found.context(there, "nearly of that name"),
        None => found,
    }
}

fn derived(facts: &Facts<'_>, path: &str, definition: &Sourced<Definition>, at: Span) -> Option<Diagnostic> {
    let expression = definition.value().derived.as_ref()?;
    let title = format!("`{path}` is derived from `{}`", expression.value());
    let found = Diagnostic::error(Code::DerivedSetting, title).at(at, "set here by hand");
    let found = found.help("change what it is derived from, and leave this out");
    Some(match facts.place(expression) {
        Some(place) => found.context(place, "what gives it"),
        None => found,
    })
}

fn fits(
    facts: &Facts<'_>,
    path: &str,
    definition: &Sourced<Definition>,
    value: &Sourced<SettingValue>,
    sink: &mut Sink,
) {
    let (Err(misfit), Some(at)) = (definition.value().fit(value.value()), facts.place(value)) else { return };
    let found = misfit.finding(path, value.value(), at);
    let found = near_value(facts, definition.value(), &value.value().to_string(), found);
    sink.push(found.note(format!("`{path}`: {}", definition.value().description.value())));
}

/// With the value of a choice that is nearly another: the slip may be here or there.
pub(super) fn near_value(
    facts: &Facts<'_>,
    definition: &Definition,
    written: &str,
    found: Diagnostic,
) -> Diagnostic {
    match definition.near(written).and_then(|near| facts.place(near)) {
        Some(there) => found.context(there, "nearly the same"),
        None => found,
    }
}

/// The variables of one workload that are settings, which it may have other values of.
fn variables(facts: &Facts<'_>, workload: &Workload<'_>, sink: &mut Sink) {
    let (declared, prefix) = (facts.declared, facts.declared.settings_prefix());
    for (variable, value) in &workload.pod.env {
        if prefix.is_empty() || !variable.as_str().starts_with(prefix) {
            continue;
        }
        let Some(at) = facts.place(value) else { continue };
        let path = format!("{}.{}.env.{variable}", workload.table, workload.name);
        match declared.setting_of(variable.as_str()) {
            None => {
                let title = format!("`{path}` is no setting");
                let found = Diagnostic::error(Code::UnknownKey, title);
                let found = found.at(at, format!("no setting has the variable `{variable}`"));
                sink.push(meant(facts, variable.as_str(), found));
            }
            Some((_, definition)) if definition.value().derived.is_some() => {
                sink.extend(derived(facts, &path, definition, at));
            }
            Some((_, definition)) => {
                // What a secret holds is not known.
                let EnvValue::Plain(plain) = value.value() else { continue };
                if let Err(misfit) = definition.value().read(&plain.to_string()) {
                    let raw = match plain {
                        Setting::Text(text) => SettingValue::Text(text.clone()),
                        Setting::Number(number) => SettingValue::Integer(*number),
                        Setting::Flag(flag) => SettingValue::Flag(*flag),
                    };
                    sink.push(misfit.finding(&path, &raw, at));
                }
            }
        }
    }
}

/// A setting that this tier cannot do without.
fn missing(facts: &Facts<'_>, name: &SettingName, definition: &Sourced<Definition>) -> Option<Diagnostic> {
    let (declared, raw) = (facts.declared, definition.value());
    let tier = declared.environment.tier.value();
    let required = raw.required.iter().find(|required| required.value() == tier)?;
    let is_set = declared.plain_setting(name.as_str()).is_some() || raw.derived.is_some();
    if is_set || !*declared.applies(definition, |name| declared.plain_text(name)).value() {
        return None;
    }
    let title = format!("setting `{name}` has no value");
    let at = facts.place(&declared.environment.tier)?;
    let found = Diagnostic::error(Code::MissingSetting, title)
        .at(at, format!("an environment of the tier `{}` needs it", tier.as_str()))
        .note(format!("`{name}`: {}", raw.description.value()));
    Some(match facts.place(required) {
        Some(place) => found.context(place, "required here"),
        None => found,
    })
}

/// A system that defines no settings has any variables of text, whole numbers and flags.
fn any_variables(facts: &Facts<'_>, sink: &mut Sink) {
    for (key, value) in facts.declared.settings.value() {
        let Some(input) = value.inputs().iter().next() else { continue };
        let info = facts.merged.inputs.get(input);
        if key.as_str().contains(|c: char| c.is_ascii_lowercase()) {
            let title = format!("`{key}` is not a name for this");
            let label = "the name of an environment variable: upper-case letters, digits and underscores";
            sink.push(Diagnostic::error(Code::InvalidValue, title).at(info.place(), label));
        }
        let found = match value.value() {
            SettingValue::Text(_) | SettingValue::Integer(_) | SettingValue::Flag(_) => continue,
            value => {
                let title = format!("`settings.{key}` has the wrong type");
                let label = format!("expected string or integer or boolean, found {}", value.type_name());
                let found = Diagnostic::error(Code::WrongType, title).at(info.origin, label);
                match value {
                    SettingValue::Number(number) => found.help(format!("with quotes: `\"{number}\"`")),
                    _ => found,
                }
            }
        };
        sink.push(found);
    }
}

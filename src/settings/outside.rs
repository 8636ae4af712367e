//! What is said of settings outside of the declaration: in `.env`, and in the environment of the process.

use std::collections::BTreeMap;

use super::resolve::{Overlaid, Overlay};
use crate::declare::{Choice as _, Declared, Definition, Misfit, SettingName, Typed};
use crate::diag::{Code, Diagnostic, Sink, Sources, Span};
use crate::load;
use crate::merge::Sourced;

/// Variables that say something of settings, those that count more last.
pub struct Outside {
    /// Of `.env`.
    pub file: Vec<load::Variable>,
    /// Of the process.
    pub process: BTreeMap<String, String>,
}

impl Outside {
    /// Lays them over each other; those that no setting has, and values that do not fit, are reported.
    pub fn overlay(&self, declared: &Declared, sources: &Sources, sink: &mut Sink) -> Overlay {
        let mut overlay = Overlay::new();
        for load::Variable { name, value, at } in &self.file {
            let place = Place::File(*at);
            if let Some((setting, value)) = judge(declared, name, value, &place, sink) {
                overlay.insert(setting.clone(), Overlaid { value, place: sources.place(*at) });
            }
        }
        for (name, value) in &self.process {
            if let Some((setting, value)) = judge(declared, name, value, &Place::Process, sink) {
                let place = format!("{name} of the process");
                overlay.insert(setting.clone(), Overlaid { value, place });
            }
        }
        overlay
    }
}

enum Place {
    File(Span),
    Process,
}

impl Place {
    fn refuse(&self, found: Diagnostic, label: &str) -> Diagnostic {
        match self {
            Place::File(at) => found.at(*at, label),
            Place::Process => found.note(label),
        }
    }

    /// In front of the name of a variable.
    fn of(&self) -> &'static str {
        match self {
            Place::File(_) => "`.env`",
            Place::Process => "the environment of the process",
        }
    }
}

/// A setting and its value, if the variable is one. Others are none of our business.
fn judge<'d>(
    declared: &'d Declared,
    variable: &str,
    value: &str,
    place: &Place,
    sink: &mut Sink,
) -> Option<(&'d SettingName, Typed)> {
    let prefix = declared.settings_prefix();
    let is_ours = variable.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    if prefix.is_empty() || !is_ours {
        return None;
    }
    let Some((name, definition)) = declared.setting_of(variable) else {
        let title = format!("{} has `{variable}`, which is no setting", place.of());
        let known: Vec<String> = declared
            .system
            .value()
            .settings
            .value()
            .keys()
            .map(|name| declared.variable_of(name.as_str()))
            .collect();
        let found = place.refuse(Diagnostic::error(Code::UnknownKey, title), "no setting has this variable");
        sink.push(found.suggest(&variable.to_uppercase(), known.iter().map(String::as_str)));
        return None;
    };
    match definition.value().read(value) {
        Ok(typed) => Some((name, typed)),
        Err(misfit) => {
            sink.push(unfit(variable, definition, &misfit, place));
            None
        }
    }
}

fn unfit(variable: &str, definition: &Sourced<Definition>, misfit: &Misfit, place: &Place) -> Diagnostic {
    let kind = definition.value().kind.value().as_str();
    let title = format!("{} has a `{variable}` that is no `{kind}` of this setting", place.of());
    let found = Diagnostic::error(misfit.code, title);
    place
        .refuse(found, &misfit.wanted)
        .note(format!("`{variable}`: {}", definition.value().description.value()))
}

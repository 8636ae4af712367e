//! [`Code::SettingDefinition`], as far as a definition and those that it names say so by themselves

use super::Facts;
use super::settings::near_value;
use crate::declare::typed::whole;
use crate::declare::{Definition, Greeting, SettingName, SettingType as T};
use crate::diag::{Code, Diagnostic, Sink, closest};
use crate::merge::Sourced;

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    for (name, definition) in facts.declared.system.value().settings.value() {
        let judge = Judge { facts, name, kind: *definition.value().kind.value() };
        judge.kind(definition.value(), sink);
        judge.source(definition.value(), sink);
        judge.defaults(definition.value(), sink);
        judge.conditions(definition.value(), sink);
        judge.aliases(definition.value(), sink);
        judge.endpoint(definition.value(), sink);
    }
}

struct Judge<'a> {
    facts: &'a Facts<'a>,
    name: &'a SettingName,
    kind: T,
}

impl Judge<'_> {
    fn refuse<U>(&self, at: &Sourced<U>, what: &str, label: impl Into<String>, sink: &mut Sink) {
        let title = format!("setting `{}` {what}", self.name);
        if let Some(place) = self.facts.place(at) {
            sink.push(Diagnostic::error(Code::SettingDefinition, title).at(place, label));
        }
    }

    /// What its type has no use for, and what it cannot do without.
    fn kind(&self, raw: &Definition, sink: &mut Sink) {
        let kind = self.kind;
        if kind == T::Choice && raw.values.is_empty() {
            self.refuse(
                &raw.kind,
                "has nothing to choose from",
                "list them: `values = [\"a\", \"b\"]`",
                sink,
            );
        }
        if let Some(value) = raw.values.first().filter(|_| kind != T::Choice) {
            self.refuse(
                value,
                "has `values`",
                format!("not of the type `{kind}`; a `choice` has them"),
                sink,
            );
        }
        if let Some(pattern) = &raw.pattern {
            if !matches!(kind, T::Text | T::Choice) {
                let label = format!("not of the type `{kind}`; a `text` or `choice` has one");
                self.refuse(pattern, "has a `pattern`", label, sink);
            } else if whole(pattern.value()).is_err() {
                self.refuse(pattern, "has a `pattern` that cannot be read", "not a regular expression", sink);
            }
        }
        match &raw.items {
            Some(items) if kind != T::List => {
                self.refuse(
                    items,
                    "has `items`",
                    format!("not of the type `{kind}`; a `list` has them"),
                    sink,
                );
            }
            Some(items) if matches!(items.value(), T::List | T::Choice | T::Secret) => {
                self.refuse(items, "lists what cannot be listed", "single values without choices", sink);
            }
            _ => {}
        }
        for bound in [&raw.min, &raw.max].into_iter().flatten() {
            if !matches!(kind, T::Integer | T::Number | T::Size | T::Seconds) {
                let label = format!("not of the type `{kind}`, which has no amount");
                self.refuse(bound, "has a range", label, sink);
            } else if bound.value().amount().is_none() {
                self.refuse(
                    bound,
                    "has a range that cannot be read",
                    "a number, or a size such as `1MB`",
                    sink,
                );
            }
        }
    }

    /// Where its values come from.
    fn source(&self, raw: &Definition, sink: &mut Sink) {
        if let (Some(per), None) = (&raw.per, &raw.derived) {
            self.refuse(per, "differs by workload, and nothing says how", "only with `derived`", sink);
        }
        if raw.derived.is_some() {
            let others = raw.default.iter().chain(raw.defaults.value().iter());
            for other in others {
                self.refuse(other, "is derived, and has a default", "never used", sink);
            }
            for required in &raw.required {
                self.refuse(required, "is derived, and required", "it always has what gives it", sink);
            }
        }
    }

    fn defaults(&self, raw: &Definition, sink: &mut Sink) {
        for value in raw.default.iter().chain(raw.defaults.value().iter()) {
            if let (Err(misfit), Some(at)) = (raw.fit(value.value()), self.facts.place(value)) {
                let path = format!("system.settings.{}.default", self.name);
                let found = misfit.finding(&path, value.value(), at);
                sink.push(near_value(self.facts, raw, &value.value().to_string(), found));
            }
        }
    }

    fn conditions(&self, raw: &Definition, sink: &mut Sink) {
        let definitions = self.facts.declared.system.value().settings.value();
        for (other, wanted) in raw.when.value() {
            let Some(definition) = definitions.get(other.as_str()).map(Sourced::value) else {
                if let Some(at) = self.facts.place(wanted) {
                    let title = format!("setting `{}` depends on `{other}`, which is no setting", self.name);
                    let found = Diagnostic::error(Code::SettingDefinition, title).at(at, "not defined");
                    let found = found.suggest(other.as_str(), definitions.keys().map(SettingName::as_str));
                    // The slip may be here or there.
                    let near = closest(other.as_str(), definitions.keys().map(SettingName::as_str));
                    let near = near.and_then(|near| self.facts.key(definitions.get(near)?));
                    sink.push(match near {
                        Some(near) => found.context(near, "nearly of that name"),
                        None => found,
                    });
                }
                continue;
            };
            if definition.derived.is_some() || !definition.when.value().is_empty() {
                let label = format!("`{other}` is derived, or has a condition itself");
                self.refuse(wanted, "has a condition that cannot be judged", label, sink);
                continue;
            }
            if let Err(misfit) = definition.read(&wanted.value().to_string()) {
                let title = format!("setting `{}` wants of `{other}` what it never is", self.name);
                if let Some(at) = self.facts.place(wanted) {
                    let found = Diagnostic::error(Code::SettingDefinition, title).at(at, misfit.wanted);
                    sink.push(near_value(self.facts, definition, &wanted.value().to_string(), found));
                }
            }
        }
    }

    /// Whether the server can be asked that it tells of.
    fn endpoint(&self, raw: &Definition, sink: &mut Sink) {
        let definitions = self.facts.declared.system.value().settings.value();
        if let Some(protocol) = &raw.protocol {
            let known = || Greeting::protocols();
            let item = raw.items.as_ref().map(|items| *items.value());
            let is_address = |kind: T| matches!(kind, T::Url | T::Address);
            if known().all(|name| name != protocol.value().as_str()) {
                let title = format!("setting `{}` speaks an unknown protocol", self.name);
                if let Some(at) = self.facts.place(protocol) {
                    let listed = known().collect::<Vec<_>>().join("`, `");
                    let found = Diagnostic::error(Code::SettingDefinition, title)
                        .at(at, format!("one of `{listed}`"));
                    sink.push(found.suggest(protocol.value().as_str(), known()));
                }
            } else if !is_address(self.kind) && !item.is_some_and(is_address) && raw.port.is_none() {
                let label = "it is no `url` and no `address`, and a `host` needs `port`";
                self.refuse(protocol, "has a protocol, and no port", label, sink);
            }
        }
        if let Some(port) = &raw.port {
            let is_port = |other: &Sourced<Definition>| *other.value().kind.value() == T::Port;
            if self.kind != T::Host || raw.protocol.is_none() {
                self.refuse(port, "has a `port`", "a `host` with a `protocol` has one", sink);
            } else if !definitions.get(port.value()).is_some_and(is_port) {
                let title = format!("setting `{}` has a `port` that is none", self.name);
                if let Some(at) = self.facts.place(port) {
                    let found = Diagnostic::error(Code::SettingDefinition, title)
                        .at(at, "no setting of the type `port`");
                    let ports = definitions.iter().filter(|(_, other)| is_port(other));
                    let near = closest(port.value().as_str(), ports.map(|(name, _)| name.as_str()));
                    let near = near.and_then(|near| self.facts.key(definitions.get(near)?));
                    sink.push(match near {
                        Some(near) => found.context(near, "nearly of that name"),
                        None => found,
                    });
                }
            }
        }
    }

    fn aliases(&self, raw: &Definition, sink: &mut Sink) {
        let definitions = self.facts.declared.system.value().settings.value();
        for alias in &raw.aliases {
            let is_other = definitions.iter().any(|(name, definition)| {
                let mut theirs = definition.value().aliases.iter();
                name == alias.value()
                    || name != self.name && theirs.any(|other| other.value() == alias.value())
            });
            if is_other {
                self.refuse(alias, "has a name of another one", "two settings would be called so", sink);
            }
        }
    }
}

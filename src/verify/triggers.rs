//! [`Code::TriggerMetadata`]: what KEDA's scalers take, of which its definitions say nothing but that it is text.

use std::collections::{BTreeMap, BTreeSet};

use super::{Findings, Origin};
use crate::diag::{Code, Diagnostic};
use crate::k8s::{Demand, Node, Object, Place, Scaler, Value, is_of_resources, scaler, scaler_names};

/// What the authentications among the objects hold, by namespace and name.
pub(super) struct Authentications<'a> {
    known: BTreeMap<(Option<&'a str>, &'a str), Held<'a>>,
}

/// The parameters that an authentication gives.
enum Held<'a> {
    /// These, and where each is named.
    Keys(BTreeMap<&'a str, &'a Node>),
    /// What only a cluster or a vault can say.
    Unknown,
}

/// The lists of a `TriggerAuthentication` whose items name the parameters that they give.
const NAMED: [&str; 3] = ["configMapTargetRef", "env", "secretTargetRef"];

impl<'a> Authentications<'a> {
    pub(super) fn of(objects: &'a [Object]) -> Self {
        let objects = objects.iter().filter(|object| {
            object.identity.kind == "TriggerAuthentication"
                && object.identity.api_version.starts_with("keda.sh/")
        });
        let held = |object: &'a Object| {
            let spec = object.root.get("spec").map(Node::entries).unwrap_or_default();
            if spec.iter().any(|(key, _)| !NAMED.contains(&&**key)) {
                return Held::Unknown;
            }
            let items = spec.iter().flat_map(|(_, list)| list.items());
            let named = items.filter_map(|item| item.get("parameter"));
            Held::Keys(named.filter_map(|node| Some((node.as_str()?, node))).collect())
        };
        let named = objects.map(|object| {
            let identity = &object.identity;
            ((identity.namespace.as_deref(), identity.name.as_str()), held(object))
        });
        Self { known: named.collect() }
    }

    /// What the authentication of a trigger holds; none where it has no authentication.
    fn of_trigger<'o>(&'o self, object: &'o Object, trigger: &'o Node) -> Option<&'o Held<'a>> {
        let reference = trigger.get("authenticationRef")?;
        let name = reference.get("name").and_then(Node::as_str).unwrap_or_default();
        let kind = reference.get("kind").and_then(Node::as_str);
        let is_own = kind.is_none_or(|kind| kind == "TriggerAuthentication");
        let known = self.known.get(&(object.identity.namespace.as_deref(), name));
        Some(known.filter(|_| is_own).unwrap_or(&Held::Unknown))
    }
}

impl Held<'_> {
    fn may_give(&self, key: &str) -> bool {
        match self {
            Held::Keys(keys) => keys.contains_key(key),
            Held::Unknown => true,
        }
    }
}

/// The triggers of an object that KEDA scales by; of anything else none.
pub(super) fn triggers(object: &Object) -> &[Node] {
    let is_scaled = matches!(&*object.identity.kind, "ScaledObject" | "ScaledJob")
        && object.identity.api_version.starts_with("keda.sh/");
    if is_scaled { object.root.path(&["spec", "triggers"]).map(Node::items).unwrap_or_default() } else { &[] }
}

/// The sort of a trigger.
pub(super) fn sort(trigger: &Node) -> &str {
    trigger.get("type").and_then(Node::as_str).unwrap_or_default()
}

pub(super) fn check(object: &Object, around: &Authentications<'_>, findings: &mut Findings<'_>) {
    let mut names = BTreeSet::new();
    for trigger in triggers(object) {
        let Some(named) = trigger.get("type") else { continue };
        let Some(name) = named.as_str() else { continue };
        if let Some(own) = trigger.get("name")
            && let Some(text) = own.as_str().filter(|text| !text.is_empty())
            && !names.insert(text)
        {
            let title = format!("{}: two triggers are called `{text}`", object.identity);
            findings.push(findings.structure(Code::DuplicateItem, title, own, "the second"));
        }
        measure(object, trigger, name, findings);
        match scaler(name) {
            Some(scaler) => {
                let held = around.of_trigger(object, trigger);
                metadata(object, trigger, (name, scaler), findings);
                lacking(object, trigger, (name, scaler), held, findings);
                superfluous(object, trigger, (name, scaler), held, findings);
            }
            None => {
                let title = format!("{}: KEDA has no trigger `{name}`", object.identity);
                let found = findings.value(Code::TriggerMetadata, title, named, "unknown trigger");
                findings.push(found.suggest(name, scaler_names()));
            }
        }
    }
}

/// What is measured, in which way.
fn measure(object: &Object, trigger: &Node, name: &str, findings: &mut Findings<'_>) {
    let metric = trigger.get("metricType");
    let metric_type = metric.and_then(Node::as_str);
    let wrong = match (is_of_resources(name), metric_type) {
        (true, None) => Some("needs `metricType`: `Utilization` or `AverageValue`"),
        (true, Some("Value")) => Some("is measured by `Utilization` or `AverageValue`"),
        (false, Some("Utilization")) => Some("is measured by `AverageValue` or `Value`"),
        _ => None,
    };
    if let Some(wrong) = wrong {
        let title = format!("{}: trigger `{name}` {wrong}", object.identity);
        let at = metric.or_else(|| trigger.get("type")).unwrap_or(trigger);
        findings.push(findings.value(Code::TriggerMetadata, title, at, "KEDA would refuse it"));
    }
    let cached = trigger.get("useCachedMetrics").filter(|cached| cached.value == Value::Bool(true));
    if let Some(cached) = cached.filter(|_| is_of_resources(name) || name == "cron") {
        let title = format!("{}: trigger `{name}` has no cached metrics", object.identity);
        findings.push(findings.value(Code::TriggerMetadata, title, cached, "KEDA would refuse it"));
    }
}

fn metadata(object: &Object, trigger: &Node, (name, scaler): (&str, &Scaler), findings: &mut Findings<'_>) {
    for (key, node) in trigger.get("metadata").map(Node::entries).unwrap_or_default() {
        let at_key = |found: Diagnostic, label: &str| match node.lead {
            0 => found,
            _ => found.at(node.key_at(key), label.to_owned()),
        };
        if !scaler.takes(key) {
            let title = format!("{}: trigger `{name}` has no `{key}`", object.identity);
            let label = "KEDA would not look at it";
            let found = at_key(findings.structure(Code::TriggerMetadata, title, node, label), label);
            let of_authentication =
                scaler.parameter(key).is_some_and(|it| it.is_read_from(Place::Authentication));
            findings.push(if of_authentication {
                found.help("it is read from a TriggerAuthentication alone")
            } else {
                found.suggest(key, scaler.keys())
            });
            continue;
        }
        // What is not text is against the definition.
        let (Some(parameter), Some(text)) = (scaler.parameter(key), node.as_str()) else { continue };
        if parameter.demand == Demand::Removed {
            let title = format!("{}: trigger `{name}` no longer takes `{key}`", object.identity);
            let label = "KEDA would refuse it";
            findings.push(at_key(findings.structure(Code::TriggerMetadata, title, node, label), label));
        } else if let Some(wanted) = parameter.refuses(text).filter(|_| !text.trim().is_empty()) {
            let title = format!("{}: `{key}` of trigger `{name}` is `{text}`", object.identity);
            let found = findings.value(Code::TriggerMetadata, title, node, &format!("should be {wanted}"));
            let is_one_word = !text.contains(',');
            findings.push(found.suggest(text, parameter.choices().filter(|_| is_one_word)));
        }
    }
}

fn lacking(
    object: &Object,
    trigger: &Node,
    (name, scaler): (&str, &Scaler),
    held: Option<&Held<'_>>,
    findings: &mut Findings<'_>,
) {
    let metadata = trigger.get("metadata");
    let is_said = |key: &str| {
        let text = metadata.and_then(|metadata| metadata.get(key)?.as_str());
        text.is_some_and(|text| !text.trim().is_empty())
    };
    let lacking = scaler.lacking(|place, key| match place {
        Place::Authentication => held.is_some_and(|held| held.may_give(key)),
        Place::Metadata | Place::Environment => is_said(key),
    });
    for key in lacking {
        let title = format!("{}: trigger `{name}` lacks `{key}`", object.identity);
        let at = trigger.get("type").unwrap_or(trigger);
        findings.push(findings.structure(Code::TriggerMetadata, title, at, "this trigger"));
    }
}

/// What an authentication holds for a trigger that does not look at it. Those of others may be for several triggers.
fn superfluous(
    object: &Object,
    trigger: &Node,
    (name, scaler): (&str, &Scaler),
    held: Option<&Held<'_>>,
    findings: &mut Findings<'_>,
) {
    let (Origin::Rendered(_), Some(Held::Keys(keys))) = (findings.origin, held) else { return };
    let reads = |key: &str| scaler.parameter(key).is_some_and(|it| it.is_read_from(Place::Authentication));
    for (key, node) in keys.iter().filter(|(key, _)| !reads(key)) {
        let title = format!("{}: trigger `{name}` reads no `{key}` from its authentication", object.identity);
        let at = trigger.path(&["authenticationRef", "name"]).unwrap_or(trigger);
        let found = findings.structure(Code::TriggerMetadata, title, node, "KEDA would not look at it");
        findings.push(found.context(at.at, "by this trigger").suggest(key, scaler.keys()));
    }
}

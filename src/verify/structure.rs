//! Objects against the structural schema of their kind: [`Code::UnknownKind`], [`Code::UnknownField`],
//! [`Code::MissingField`], [`Code::WrongFieldType`], [`Code::InvalidFieldValue`], [`Code::DuplicateItem`].

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Findings, Origin, identity, pods};
use crate::diag::{Code, Diagnostic, Severity};
use crate::k8s::{
    Cursor, FieldPath, Identity, Node, Object, Refusal, Schemas, Step, Type, Value, item_identity, item_key,
};

/// Wherever it stands: of the object itself, of pod templates, of claim templates.
const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const POD_SPEC: &str = "io.k8s.api.core.v1.PodSpec";

pub(super) fn check<'a>(object: &'a Object, schemas: Schemas<'a>, findings: &mut Findings<'_>) {
    let Identity { api_version, kind, .. } = &object.identity;
    match schemas.cursor(api_version, kind) {
        Some(root) => {
            let mut walk = Walk { object, findings, path: Vec::new(), unproved: BTreeSet::new() };
            walk.node(&object.root, root);
            let unproved = walk.unproved;
            if !unproved.is_empty() {
                let unproved: Vec<String> = unproved.into_iter().collect();
                let title = format!("{}: {} cannot be evaluated", object.identity, unproved.join(" and "));
                let at = object.root.get("kind").unwrap_or(&object.root).at;
                findings.push(Diagnostic::warning(Code::NotChecked, title).at(at, "all else was checked"));
            }
        }
        None => unknown_kind(object, schemas, findings),
    }
}

/// A custom resource without a schema.
fn not_checked(object: &Object, schemas: Schemas<'_>, at: &Node, findings: &mut Findings<'_>) {
    let Identity { api_version, kind, .. } = &object.identity;
    let title = format!("{} is not checked", object.identity);
    let (label, help) = match schemas.custom.kind(api_version, kind).map(|custom| &custom.schema) {
        Some(Err(why)) => (format!("its CustomResourceDefinition {why}"), None),
        _ => (
            format!("nothing is known of {api_version} {kind}"),
            Some("`--schemas` takes CustomResourceDefinitions from a folder"),
        ),
    };
    let found = Diagnostic::warning(Code::NotChecked, title).at(at.at, label);
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let versions = schemas.versions(group, kind);
    findings.push(match (versions.as_slice(), help) {
        ([], Some(help)) => found.help(help),
        ([], None) => found,
        (versions, _) => found.note(format!("there are definitions for {}", versions.join(", "))),
    });
}

fn unknown_kind(object: &Object, schemas: Schemas<'_>, findings: &mut Findings<'_>) {
    let catalog = schemas.catalog;
    let Identity { api_version, kind, .. } = &object.identity;
    let at = object.root.get("kind").unwrap_or(&object.root);
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let is_alpha = api_version.contains("alpha");
    if matches!(findings.origin, Origin::Foreign) && (is_alpha || !catalog.is_own_group(group)) {
        not_checked(object, schemas, at, findings);
        return;
    }
    let title = format!("Kubernetes {} has no {api_version} {kind}", catalog.minor);
    let mut found = findings.structure(Code::UnknownKind, title, at, "unknown kind");
    let minors = catalog.elsewhere(|catalog| catalog.kind(api_version, kind));
    found = minors.into_iter().fold(found, Diagnostic::note);
    let lifecycle = catalog.lifecycle(api_version, kind);
    if let Some(removed) = lifecycle.and_then(|lifecycle| lifecycle.removed) {
        found = found.note(format!("Kubernetes {removed} removed it"));
    }
    findings.push(match lifecycle.and_then(|lifecycle| lifecycle.successor) {
        Some(successor) => found.help(format!("use {successor}")),
        None => {
            let versions = catalog.kinds().iter().filter(|known| known.kind == kind);
            let versions: Vec<String> = versions.map(|known| known.api_version.to_owned()).collect();
            match versions.as_slice() {
                [] => found.suggest(kind, catalog.kinds().iter().map(|known| known.kind)),
                versions => found.help(format!("a {kind} is of {}", versions.join(" or "))),
            }
        }
    });
}

struct Walk<'a, 'f, 's> {
    object: &'a Object,
    findings: &'f mut Findings<'s>,
    path: Vec<Taken<'a>>,
    /// What applies to a foreign object and cannot be evaluated.
    unproved: BTreeSet<String>,
}

/// A step of a walk: one of a [`FieldPath`], as long as nothing is found at its end.
#[derive(Clone, Copy)]
enum Taken<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> Walk<'a, '_, '_> {
    fn path(&self) -> FieldPath {
        let step = |taken: &Taken<'_>| match *taken {
            Taken::Key(key) => Step::Key(key.into()),
            Taken::Index(index) => Step::Index(index),
        };
        FieldPath(self.path.iter().map(step).collect())
    }

    /// A finding about a node: what is wrong with it completes "`path` …".
    fn finding(&self, code: Code, node: &Node, what: &str, label: &str) -> Diagnostic {
        let title = format!("{}: `{}` {what}", self.object.identity, self.path());
        match code {
            Code::InvalidFieldValue => self.findings.value(code, title, node, label),
            _ => self.findings.structure(code, title, node, label),
        }
    }

    fn report(&mut self, code: Code, node: &Node, what: &str, label: &str) {
        self.findings.push(self.finding(code, node, what, label));
    }

    fn node(&mut self, node: &'a Node, at: Cursor<'a>) {
        let schema = at.schema();
        match self.findings.origin {
            Origin::Rendered(_) => {
                if let Some(unproved) = at.unproved() {
                    let what = format!("has {unproved}, which cannot be evaluated");
                    self.report(Code::InvalidFieldValue, node, &what, "not proved");
                }
            }
            Origin::Foreign if schema.validations.is_empty() => self.unproved.extend(schema.unproved()),
            Origin::Foreign => drop(self.unproved.insert("its rules in CEL".to_owned())),
        }
        // Not of what stands within, which has no fields of its own.
        if !schema.properties.is_empty() {
            match at.definition() {
                OBJECT_META => identity::metadata(self.object, node, self.findings),
                POD_SPEC => pods::check(self.object, node, self.findings),
                _ => {}
            }
        }
        let refusal = schema.refuses(&node.value);
        if let Some(Refusal { code, what, wanted }) =
            refusal.filter(|refusal| refusal.code == Code::WrongFieldType || !self.is_in_status())
        {
            let choices = schema.choices.iter().filter_map(serde_json::Value::as_str);
            let found = self.finding(code, node, &what, &wanted);
            let found = found.suggest(node.as_str().unwrap_or_default(), choices);
            if code == Code::WrongFieldType {
                let is_plain = matches!(node.value, Value::Bool(_) | Value::Int(_) | Value::Float(_));
                self.findings.push(match (self.findings.origin, schema.kind) {
                    (Origin::Foreign, Some(Type::String)) if is_plain => found.help("write it in quotes"),
                    _ => found,
                });
                return;
            }
            self.findings.push(found);
        }
        if self.is_in_status() {
            return self.children(node, at);
        }
        if let Some(Refusal { code, what, wanted }) = schema.refuses_combination(node) {
            self.report(code, node, &what, &wanted);
        }
        self.children(node, at);
    }

    /// Whether this is the part of somebody's object that only controllers write: the API server decodes it and drops it.
    fn is_in_status(&self) -> bool {
        matches!(self.findings.origin, Origin::Foreign)
            && matches!(self.path.first(), Some(Taken::Key("status")))
    }

    fn children(&mut self, node: &'a Node, at: Cursor<'a>) {
        match &node.value {
            Value::Map(entries) => self.map(node, entries, at),
            Value::List(items) => self.list(items, at),
            _ => {}
        }
    }

    fn map(&mut self, node: &'a Node, entries: &'a [(Arc<str>, Node)], at: Cursor<'a>) {
        let schema = at.schema();
        if let Some(keys) = schema.keys {
            for (key, child) in entries {
                if let Err(wanted) = keys.check(key) {
                    let title =
                        format!("{}: `{key}` cannot be a key of `{}`", self.object.identity, self.path());
                    let found = self.findings.value(keys.code(), title, child, wanted);
                    self.findings.push(if child.lead == 0 {
                        found
                    } else {
                        found.at(child.key_at(key), wanted)
                    });
                }
            }
        }
        for (key, child) in entries {
            self.path.push(Taken::Key(key));
            match at.field(key) {
                Some(place) => self.node(child, place),
                None if at.keeps_unknown(key) => {}
                None => {
                    let title = format!("{}: unknown field `{}`", self.object.identity, self.path());
                    let label = "the API server would refuse it";
                    let mut found = self.findings.structure(Code::UnknownField, title, child, label);
                    if child.lead != 0 {
                        found = found.at(child.key_at(key), label);
                    }
                    found = at.elsewhere(key).into_iter().fold(found, Diagnostic::note);
                    self.findings.push(found.suggest(key, schema.properties.keys().map(String::as_str)));
                }
            }
            self.path.pop();
        }
        if self.is_in_status() {
            return;
        }
        for field in schema.to_be_given() {
            // The API server drops nulls before it looks for what is required.
            if node.get(field).is_none_or(|node| node.value == Value::Null) {
                self.path.push(Taken::Key(field));
                self.report(Code::MissingField, node, "is required", "lacks it");
                self.path.pop();
            }
        }
    }

    fn is_tolerated(&self, list: Cursor<'_>) -> bool {
        let Some(Taken::Key(name)) = self.path.last() else { return false };
        TOLERATED.contains(&(list.definition(), *name))
    }

    fn list(&mut self, items: &'a [Node], at: Cursor<'a>) {
        let place = at.item();
        for (index, item) in items.iter().enumerate() {
            self.path.push(Taken::Index(index));
            if let Some(place) = place {
                self.node(item, place);
            }
            self.path.pop();
        }
        if self.is_in_status() {
            return;
        }
        if at.schema().list_type.as_deref() == Some("set") {
            let repeated = items.iter().enumerate().find(|(index, item)| items[..*index].contains(item));
            if let Some((_, item)) = repeated {
                self.report(Code::DuplicateItem, item, "has an item twice", "the second");
            }
        }
        if let ([first, ..], [_, _, ..]) = (at.list_map_keys(), items) {
            let mut seen = BTreeSet::new();
            for item in items {
                if !seen.insert(item_key(item, at)) {
                    let what = format!("has two items with {}", item_identity(item, at).join(" and "));
                    let place = item.get(first).unwrap_or(item);
                    let mut found = self.finding(Code::DuplicateItem, place, &what, "the second");
                    if matches!(self.findings.origin, Origin::Foreign) && self.is_tolerated(at) {
                        found.severity = Severity::Warning;
                        found = found.note("`kubectl apply --server-side` refuses it; `create` takes it");
                    }
                    self.findings.push(found);
                }
            }
        }
    }
}

/// Definitions and lists of them, whose rules in the API server do not ask for distinct items; only server-side apply,
/// which needs to tell them apart, refuses repeated ones.
///
/// Source: `pkg/apis/core/validation` of `k8s.io/kubernetes`.
const TOLERATED: &[(&str, &str)] = &[
    ("io.k8s.api.core.v1.Container", "env"),
    ("io.k8s.api.core.v1.Container", "ports"),
    ("io.k8s.api.core.v1.PodSpec", "hostAliases"),
    ("io.k8s.api.core.v1.PodSpec", "imagePullSecrets"),
    ("io.k8s.api.core.v1.ServiceAccount", "secrets"),
];

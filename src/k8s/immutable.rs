//! Fields that Kubernetes never changes: an update of them is refused.

use super::{FieldPath, Node, Step, Value, thousandths};

/// What it takes to have such a field otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// The object is deleted without its pods and made anew, which takes them over.
    Orphan,
    /// As [`Remedy::Orphan`], and the claims that exist are grown one by one.
    GrowClaims,
    /// The object is deleted, with what belongs to it, and made anew.
    Replace,
    /// Nothing does it: another object takes its place, and what is stored there is copied.
    Copy,
}

/// Kinds, by group, and the fields of them that never change.
///
/// Source: the validation of updates in `k8s.io/kubernetes` 1.36, `pkg/apis/*/validation`. Of a `StatefulSet` it names what
/// may change instead; these are the others.
const FIELDS: &[(&str, &str, &[&str], Remedy)] = &[
    // Of these two, but for the type, only those that say so themselves.
    ("", "ConfigMap", &["binaryData", "data", "immutable"], Remedy::Replace),
    ("", "PersistentVolume", &["spec.volumeMode"], Remedy::Copy),
    (
        "",
        "PersistentVolumeClaim",
        &[
            "spec.accessModes",
            "spec.dataSource",
            "spec.dataSourceRef",
            "spec.resources",
            "spec.selector",
            "spec.storageClassName",
            "spec.volumeMode",
            "spec.volumeName",
        ],
        Remedy::Copy,
    ),
    ("", "Secret", &["data", "immutable", "stringData"], Remedy::Replace),
    ("", "Secret", &["type"], Remedy::Replace),
    ("", "Service", &["spec.clusterIP"], Remedy::Replace),
    ("apps", "DaemonSet", &["spec.selector"], Remedy::Replace),
    ("apps", "Deployment", &["spec.selector"], Remedy::Replace),
    ("apps", "ReplicaSet", &["spec.selector"], Remedy::Replace),
    ("apps", "StatefulSet", &["spec.selector"], Remedy::Replace),
    (
        "apps",
        "StatefulSet",
        &["spec.podManagementPolicy", "spec.serviceName", "spec.volumeClaimTemplates"],
        Remedy::Orphan,
    ),
    (
        "batch",
        "Job",
        &[
            "spec.backoffLimitPerIndex",
            "spec.completionMode",
            "spec.managedBy",
            "spec.podFailurePolicy",
            "spec.selector",
            "spec.successPolicy",
            "spec.template",
        ],
        Remedy::Replace,
    ),
    ("networking.k8s.io", "IngressClass", &["spec.controller"], Remedy::Replace),
    ("node.k8s.io", "RuntimeClass", &["handler"], Remedy::Replace),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding", &["roleRef"], Remedy::Replace),
    ("rbac.authorization.k8s.io", "RoleBinding", &["roleRef"], Remedy::Replace),
    ("scheduling.k8s.io", "PriorityClass", &["preemptionPolicy", "value"], Remedy::Replace),
    (
        "storage.k8s.io",
        "StorageClass",
        &["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"],
        Remedy::Replace,
    ),
];

/// A change of a field that never changes.
#[derive(Clone, Debug)]
pub struct Change<'n> {
    /// The innermost field that differs. Items of lists are counted as in the new object, or in the old one if they
    /// are gone.
    pub path: FieldPath,
    pub old: Option<&'n Node>,
    pub new: Option<&'n Node>,
    pub remedy: Remedy,
}

/// What differs between two states of one object in fields that never change. Both should be defaulted alike: two that
/// were rendered, or a live one and what the API server would make of it.
pub fn immutable_changes<'n>(group: &str, kind: &str, old: &'n Node, new: &'n Node) -> Vec<Change<'n>> {
    let mut changes = Vec::new();
    let is_fixed = old.get("immutable").is_some_and(|flag| flag.value == Value::Bool(true));
    let rules = FIELDS.iter().filter(|(of, name, fields, _)| {
        *of == group && *name == kind && (is_fixed || !fields.contains(&"immutable"))
    });
    for (.., fields, remedy) in rules {
        for field in *fields {
            let keys: Vec<&str> = field.split('.').collect();
            let mut path = FieldPath(keys.iter().map(|key| Step::Key((*key).into())).collect());
            let mut found = Vec::new();
            differ(old.path(&keys), new.path(&keys), &mut path, &mut found);
            changes.extend(found.into_iter().filter_map(|(path, old, new)| {
                let remedy = judged(&path, old, new, *remedy)?;
                Some(Change { path, old, new, remedy })
            }));
        }
    }
    changes
}

/// The remedy for a difference; none where it is no change, or one that is permitted.
fn judged(path: &FieldPath, old: Option<&Node>, new: Option<&Node>, remedy: Remedy) -> Option<Remedy> {
    let size = |node: Option<&Node>| thousandths(node?.as_str()?);
    let is_size = path.to_string().ends_with("resources.requests.storage");
    match (size(old), size(new), remedy) {
        (Some(old), Some(new), _) if is_size && old == new => None,
        (Some(old), Some(new), Remedy::Copy) if is_size && old < new => None,
        (Some(old), Some(new), Remedy::Orphan) if is_size && old < new => Some(Remedy::GrowClaims),
        _ => Some(remedy),
    }
}

type Difference<'n> = (FieldPath, Option<&'n Node>, Option<&'n Node>);

/// The innermost differences; a scalar, or what is on one side only.
fn differ<'n>(
    old: Option<&'n Node>,
    new: Option<&'n Node>,
    path: &mut FieldPath,
    found: &mut Vec<Difference<'n>>,
) {
    let (Some(was), Some(is)) = (old, new) else {
        if old.is_some() || new.is_some() {
            found.push((path.clone(), old, new));
        }
        return;
    };
    let mut below = |step: Step, old, new, path: &mut FieldPath| {
        path.0.push(step);
        differ(old, new, path, found);
        path.0.pop();
    };
    match (&was.value, &is.value) {
        (Value::Map(before), Value::Map(after)) => {
            for (key, old) in before {
                below(Step::Key(key.clone()), Some(old), is.get(key), path);
            }
            for (key, new) in after.iter().filter(|(key, _)| was.get(key).is_none()) {
                below(Step::Key(key.clone()), None, Some(new), path);
            }
        }
        (Value::List(before), Value::List(after)) => {
            let place_of = |item: &Node, index: usize, among: &[Node]| match name(item) {
                Some(wanted) => among.iter().position(|item| name(item) == Some(wanted)),
                None => Some(index).filter(|index| *index < among.len()),
            };
            for (index, old) in before.iter().enumerate() {
                let place = place_of(old, index, after);
                below(Step::Index(place.unwrap_or(index)), Some(old), place.map(|place| &after[place]), path);
            }
            for (index, new) in after.iter().enumerate() {
                if place_of(new, index, before).is_none() {
                    below(Step::Index(index), None, Some(new), path);
                }
            }
        }
        (before, after) if before == after => {}
        _ => found.push((path.clone(), old, new)),
    }
}

/// What a list's item is called.
fn name(item: &Node) -> Option<&str> {
    item.get("name").or_else(|| item.path(&["metadata", "name"]))?.as_str()
}

#[cfg(test)]
mod tests {
    use super::FIELDS;
    use crate::k8s::Catalog;

    #[test]
    fn every_entry_names_a_field_that_exists() {
        let catalog = Catalog::of("1.36").unwrap();
        for (group, kind, fields, _) in FIELDS {
            let known = catalog
                .kinds()
                .iter()
                .find(|known| known.kind == *kind && known.group().unwrap_or_default() == *group);
            let known = known.unwrap_or_else(|| panic!("no {group} {kind}"));
            for field in *fields {
                let root = catalog.cursor(known.api_version, kind).unwrap();
                let end = field.split('.').try_fold(root, super::super::Cursor::field);
                assert!(end.is_some(), "{kind} {field}");
            }
        }
    }
}

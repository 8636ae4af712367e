//! Custom resources that are known without asking a cluster; the same for every minor.

use std::sync::OnceLock;

use super::catalog::{Definition, read_definitions};

/// The custom resources of one API group. Its schemas are neither read nor decoded before a kind of it is looked at.
struct Group {
    name: &'static str,
    kinds: &'static str,
    definitions: &'static str,
    read: OnceLock<Vec<Definition>>,
}

macro_rules! groups {
    ($($name:literal),* $(,)?) => {
        [$(Group {
            name: $name,
            kinds: include_str!(concat!("../../schemas/crds/", $name, "/kinds.tsv")),
            definitions: include_str!(concat!("../../schemas/crds/", $name, "/definitions.tsv")),
            read: OnceLock::new(),
        }),*]
    };
}

static GROUPS: [Group; 5] = groups![
    "cert-manager.io",
    "external-secrets.io",
    "gateway.networking.k8s.io",
    "keda.sh",
    "monitoring.coreos.com",
];

/// The kinds of all groups, a line each.
pub(super) fn kinds() -> impl Iterator<Item = &'static str> {
    GROUPS.iter().flat_map(|group| group.kinds.lines())
}

/// Whether a definition's name is that of a custom resource.
pub(super) fn is_name(definition: &str) -> bool {
    definition.contains('/')
}

/// What holds the schema of a kind: `keda.sh/v1alpha1/ScaledObject`.
pub(super) fn definition(name: &str) -> Option<&'static Definition> {
    let (group, _) = name.split_once('/')?;
    let group = GROUPS.iter().find(|known| known.name == group)?;
    let definitions = group.read.get_or_init(|| read_definitions(group.definitions));
    definitions.iter().find(|known| known.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::k8s::schema::Schema;

    fn count(schema: &Schema, found: &mut BTreeMap<String, usize>) {
        if let Some(pattern) = &schema.pattern {
            assert!(pattern.fits("").is_some(), "{}", pattern.as_str());
        }
        let unproved = if schema.validations.is_empty() { schema.unproved() } else { Some("CEL".to_owned()) };
        if let Some(unproved) = unproved {
            *found.entry(unproved).or_default() += schema.validations.len().max(1);
        }
        let inner = [&schema.items, &schema.additional_properties, &schema.not];
        let combined = schema.all_of.iter().chain(&schema.any_of).chain(&schema.one_of);
        schema
            .properties
            .values()
            .chain(inner.into_iter().flatten().map(|inner| &**inner))
            .chain(combined)
            .for_each(|inner| count(inner, found));
    }

    #[test]
    fn only_cel_rules_are_not_proved() {
        let mut found = BTreeMap::new();
        for group in &GROUPS {
            for definition in read_definitions(group.definitions) {
                count(definition.schema().unwrap_or_else(|| panic!("{}", definition.name)), &mut found);
            }
        }
        assert_eq!(found.keys().collect::<Vec<_>>(), ["CEL"], "{found:?}");
    }

    #[test]
    fn every_schema_that_is_checked_in_is_served() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/crds");
        let found: std::collections::BTreeSet<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert!(found.iter().map(String::as_str).eq(GROUPS.iter().map(|group| group.name)), "{found:?}");
    }
}

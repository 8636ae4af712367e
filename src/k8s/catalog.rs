//! The kinds of one Kubernetes minor and their schemas, decoded when first looked at.

#[allow(clippy::disallowed_types, reason = "asked by name alone")]
use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use foldhash::fast::FixedState;

use super::{Schema, crds, validation};

macro_rules! built_in {
    ($($minor:literal),+) => {
        /// The minors whose schemas are built in, oldest first.
        pub const MINORS: &[&str] = &[$($minor),+];

        static BUILT_IN: [LazyLock<Catalog>; MINORS.len()] = [$(LazyLock::new(|| {
            let definitions = include_str!(concat!("../../schemas/kubernetes/", $minor, "/definitions.tsv"));
            let kinds = include_str!(concat!("../../schemas/kubernetes/", $minor, "/kinds.tsv"));
            let lifecycle = include_str!(concat!("../../schemas/kubernetes/", $minor, "/lifecycle.tsv"));
            Catalog::read($minor, definitions, kinds, lifecycle)
        })),+];
    };
}

built_in!("1.34", "1.35", "1.36");

/// One kind that the API server serves.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// `apps/v1`
    pub api_version: &'static str,
    /// `Deployment`
    pub kind: &'static str,
    /// `deployments`
    pub plural: &'static str,
    /// Whether its objects live in a namespace.
    pub namespaced: bool,
    definition: &'static str,
}

impl Kind {
    /// Whether Kubernetes itself has it; else a `CustomResourceDefinition` has to be installed.
    pub fn is_built_in(&self) -> bool {
        self.definition.starts_with("io.k8s.")
    }

    /// `apps` of `apps/v1`; none for the core group.
    pub fn group(&self) -> Option<&'static str> {
        self.api_version.split_once('/').map(|(group, _)| group)
    }
}

/// How a kind ends.
#[derive(Clone, Copy, Debug)]
pub struct Lifecycle {
    /// The minor that no longer serves it, if one is known.
    pub removed: Option<&'static str>,
    /// What to use instead: `networking.k8s.io/v1 Ingress`.
    pub successor: Option<&'static str>,
}

/// A schema that others refer to by its name.
pub(super) struct Definition {
    pub(super) name: &'static str,
    json: &'static str,
    schema: OnceLock<Option<Schema>>,
}

impl Definition {
    /// The texts are part of the program and decoded by a test; an unreadable one is as good as none.
    pub(super) fn schema(&self) -> Option<&Schema> {
        let read = || {
            let mut schema = serde_json::from_str(self.json).ok()?;
            validation::add(self.name, &mut schema);
            Some(schema)
        };
        self.schema.get_or_init(read).as_ref()
    }
}

/// Reads lines of name and schema.
pub(super) fn read_definitions(text: &'static str) -> Vec<Definition> {
    let definition = |line: &'static str| {
        let (name, json) = line.split_once('\t')?;
        Some(Definition { name, json, schema: OnceLock::new() })
    };
    text.lines().filter_map(definition).collect()
}

/// Everything known of one minor.
pub struct Catalog {
    /// `1.36`
    pub minor: &'static str,
    definitions: Vec<Definition>,
    /// Where each stands, by its name. Names begin alike, so that a binary search is slow.
    #[allow(clippy::disallowed_types, reason = "asked by name alone")]
    places: HashMap<&'static str, usize, FixedState>,
    kinds: Vec<Kind>,
    /// Lines of API version, kind, the minors that introduced, deprecated and removed it, and its successor.
    lifecycle: &'static str,
}

impl Catalog {
    /// The catalog of a minor; none when its schemas are not built in.
    pub fn of(minor: &str) -> Option<&'static Self> {
        let place = MINORS.iter().position(|known| *known == minor)?;
        Some(&BUILT_IN[place])
    }

    /// The other minors for which a question has an answer: where what this one lacks is to be had.
    pub fn elsewhere<T>(&self, ask: impl Fn(&'static Catalog) -> Option<T>) -> Option<String> {
        let others = BUILT_IN.iter().zip(MINORS).filter(|(_, minor)| **minor != self.minor);
        let minors = others.filter(|(catalog, _)| ask(catalog).is_some()).map(|(_, minor)| *minor);
        let minors: Vec<&str> = minors.collect();
        (!minors.is_empty()).then(|| format!("Kubernetes {} has it", minors.join(" and ")))
    }

    fn read(
        minor: &'static str,
        definitions: &'static str,
        kinds: &'static str,
        lifecycle: &'static str,
    ) -> Self {
        let kind = |line: &'static str| {
            let mut columns = line.split('\t');
            Some(Kind {
                api_version: columns.next()?,
                kind: columns.next()?,
                plural: columns.next()?,
                namespaced: columns.next()? == "Namespaced",
                definition: columns.next()?,
            })
        };
        let definitions = read_definitions(definitions);
        let places = definitions.iter().enumerate().map(|(place, known)| (known.name, place));
        Self {
            minor,
            places: places.collect(),
            definitions,
            kinds: kinds.lines().chain(crds::kinds()).filter_map(kind).collect(),
            lifecycle,
        }
    }

    /// Every kind: those of Kubernetes by API version and name, then the custom ones likewise.
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// What is known of a kind.
    pub fn kind(&self, api_version: &str, kind: &str) -> Option<&Kind> {
        self.kinds.iter().find(|known| known.kind == kind && known.api_version == api_version)
    }

    /// The schema of a kind's objects.
    pub fn cursor(&self, api_version: &str, kind: &str) -> Option<Cursor<'_>> {
        self.definition(self.kind(api_version, kind)?.definition)
    }

    /// Whether any kind of the group is or was Kubernetes' own; the core group is the empty one.
    pub fn is_own_group(&self, group: &str) -> bool {
        let is_of = |api_version: &str| api_version.split_once('/').map_or("", |(group, _)| group) == group;
        let own = self.kinds.iter().filter(|kind| !crds::is_name(kind.definition));
        let past = self.lifecycle.lines().filter_map(|line| line.split('\t').next());
        own.map(|kind| kind.api_version).chain(past).any(is_of)
    }

    /// What is known of the end of a kind; none for those that are to stay.
    pub fn lifecycle(&self, api_version: &str, kind: &str) -> Option<Lifecycle> {
        let mut lines = self.lifecycle.lines().map(|line| line.split('\t'));
        let columns = lines.find(|columns| columns.clone().take(2).eq([api_version, kind]))?;
        let mut columns = columns.skip(4).map(|text| Some(text).filter(|text| !text.is_empty()));
        Some(Lifecycle { removed: columns.next()?, successor: columns.next().flatten() })
    }

    pub(super) fn definition(&self, name: &str) -> Option<Cursor<'_>> {
        let (definition, cel) = match self.places.get(name) {
            Some(place) => (&self.definitions[*place], Cel::Reported),
            None => (crds::definition(name)?, Cel::KnownLimit),
        };
        Some(Cursor { catalog: self, schema: definition.schema()?, definition: definition.name, cel })
    }
}

/// What becomes of CEL rules, which are not evaluated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cel {
    /// Said of each object that they are about.
    Reported,
    /// The documentation says it, once, of the custom resources that are built in.
    KnownLimit,
}

/// A place in a kind's schema, to walk beside an object.
#[derive(Clone, Copy)]
pub struct Cursor<'a> {
    catalog: &'a Catalog,
    schema: &'a Schema,
    definition: &'a str,
    cel: Cel,
}

impl<'a> Cursor<'a> {
    /// The root of a custom kind, whose schema refers to definitions of `catalog`.
    pub(super) fn custom(catalog: &'a Catalog, schema: &'a Schema, definition: &'a str) -> Self {
        Self { catalog, schema, definition, cel: Cel::Reported }
    }

    /// What may stand here.
    pub fn schema(self) -> &'a Schema {
        self.schema
    }

    /// The name of the definition that holds this place: `io.k8s.api.apps.v1.DeploymentSpec`.
    pub fn definition(self) -> &'a str {
        self.definition
    }

    /// The place of a field, or of a map's entry.
    pub fn field(self, key: &str) -> Option<Cursor<'a>> {
        let schema = self.schema.properties.get(key).or(self.schema.additional_properties.as_deref())?;
        self.resolve(schema)
    }

    /// The place of a list's items.
    pub fn item(self) -> Option<Cursor<'a>> {
        self.resolve(self.schema.items.as_deref()?)
    }

    /// The fields that identify an item of this list; empty for other lists.
    pub fn list_map_keys(self) -> &'a [String] {
        &self.schema.list_map_keys
    }

    /// Whether a field that the schema does not list is kept here.
    pub fn keeps_unknown(self, key: &str) -> bool {
        let schema = self.schema;
        schema.preserve_unknown
            || schema.kind.is_none() && !schema.int_or_string
            || schema.embedded_resource && matches!(key, "apiVersion" | "kind" | "metadata")
    }

    /// What is said here that nothing in this program checks, and no page of the documentation excuses.
    pub fn unproved(self) -> Option<String> {
        if self.cel == Cel::KnownLimit { None } else { self.schema.unproved() }
    }

    /// Which other minors have a field here that this one lacks, in words.
    pub fn elsewhere(self, key: &str) -> Option<String> {
        self.catalog.elsewhere(|catalog| catalog.definition(self.definition)?.field(key))
    }

    fn resolve(self, schema: &'a Schema) -> Option<Cursor<'a>> {
        match &schema.reference {
            Some(name) => self.catalog.definition(name),
            None => Some(Cursor { schema, ..self }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_definition_is_readable_and_every_reference_leads_somewhere() {
        for catalog in BUILT_IN.iter().map(|catalog| &**catalog) {
            assert!(catalog.definitions.is_sorted_by_key(|definition| definition.name));
            for definition in &catalog.definitions {
                let schema: Schema = serde_json::from_str(definition.json)
                    .unwrap_or_else(|error| panic!("{}: {error}", definition.name));
                for field in schema.properties.values() {
                    let target = field.items.as_deref().unwrap_or(field).reference.as_deref();
                    assert!(target.is_none_or(|name| catalog.definition(name).is_some()), "{target:?}");
                }
            }
            for kind in catalog.kinds() {
                assert!(kind.api_version.contains('v') && !kind.plural.is_empty());
                let cursor = catalog.cursor(kind.api_version, kind.kind);
                assert!(cursor.is_some_and(|cursor| cursor.field("metadata").is_some()), "{}", kind.kind);
            }
        }
    }

    #[test]
    fn a_walk_follows_references() {
        let catalog = Catalog::of("1.36").expect("built in");
        let ports = catalog.cursor("v1", "Service").and_then(|at| at.field("spec")?.field("ports"));
        assert_eq!(ports.expect("Services have ports").list_map_keys(), ["port", "protocol"]);
    }
}

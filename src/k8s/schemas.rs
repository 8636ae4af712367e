//! The kinds that are known to one check: those of a minor of Kubernetes, and custom ones.

use super::catalog::Kind;
use super::{Catalog, Cursor, CustomResources};

/// Where schemas are looked up.
#[derive(Clone, Copy)]
pub struct Schemas<'a> {
    /// What Kubernetes itself has.
    pub catalog: &'static Catalog,
    /// What was added to it, and comes first.
    pub custom: &'a CustomResources,
}

static NONE: CustomResources = CustomResources::none();

impl Schemas<'static> {
    /// Those of Kubernetes itself.
    pub fn of(catalog: &'static Catalog) -> Self {
        Self { catalog, custom: &NONE }
    }
}

impl<'a> Schemas<'a> {
    /// The schema of a kind's objects.
    pub fn cursor(self, api_version: &str, kind: &str) -> Option<Cursor<'a>> {
        let custom = self.custom.kind(api_version, kind);
        match custom.and_then(|custom| Some((custom.schema.as_ref().ok()?, &custom.name))) {
            Some((schema, name)) => Some(Cursor::custom(self.catalog, schema, name)),
            None => self.catalog.cursor(api_version, kind),
        }
    }

    /// Whether the objects of a kind live in a namespace; none where the kind is not known.
    pub fn is_namespaced(self, api_version: &str, kind: &str) -> Option<bool> {
        let own = self.catalog.kind(api_version, kind).map(|kind| kind.namespaced);
        own.or_else(|| Some(self.custom.kind(api_version, kind)?.is_namespaced))
    }

    /// The versions of a group's kind that are known.
    pub fn versions(self, group: &str, kind: &str) -> Vec<&'a str> {
        let is_of = |known: &&Kind| {
            known.kind == kind && known.api_version.split_once('/').is_some_and(|(known, _)| known == group)
        };
        let mut versions: Vec<&str> = self.custom.versions(group, kind);
        versions.extend(self.catalog.kinds().iter().filter(is_of).map(|known| known.api_version));
        versions.sort_unstable();
        versions.dedup();
        versions
    }
}

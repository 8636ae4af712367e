//! Patches: parts of objects.

use super::{Check, Extent, Place, keys};
use crate::diag::{Code, Sink, Span};
use crate::k8s::{Catalog, Cursor};
use crate::model::Shape;
use crate::template::{Entry, Fragments, Key, Part, PartKind, Patch, Target};

/// Checks a patch; what is wrong goes into the sink.
pub fn check_patch(
    patch: &Patch,
    fragments: &Fragments,
    context: &Shape,
    catalog: &Catalog,
    sink: &mut Sink,
) {
    let mut check = Check { fragments, sink, extent: Extent::Partial, open: Vec::new(), visited: 0 };
    let names = check.header(&patch.change, context);
    let Target { api_version, kind, span, metadata } = &patch.target;
    let root = check.kind(api_version, kind, *span, catalog);
    check.part(metadata, Place::whole(root.and_then(|root| root.field("metadata"))), &names);
    check.part(&patch.change.body, Place::whole(root), &names);
    let fixed = |path: &[&str]| literal_key(&patch.change.body, path);
    for path in [&["apiVersion"][..], &["kind"], &["metadata", "name"], &["metadata", "namespace"]] {
        if let Some(at) = fixed(path) {
            let title = format!("a patch cannot change `{}`", path.join("."));
            check.refuse(Code::TemplateSchema, at, title, "tells the object from others");
        }
    }
}

/// Where a mapping writes a key.
fn literal_key(part: &Part, path: &[&str]) -> Option<Span> {
    let (first, rest) = path.split_first()?;
    let PartKind::Map(entries) = &part.kind else { return None };
    let is_it = |entry: &&Entry| matches!(&entry.key, Key::Literal(key) if &**key == *first);
    let entry = entries.iter().find(is_it)?;
    if rest.is_empty() { Some(entry.span) } else { literal_key(&entry.value, rest) }
}

impl Check<'_> {
    /// An item that a patch changes must say which one it is.
    pub(super) fn identified(&mut self, part: &Part, list: Option<Cursor<'_>>) {
        let Some(list) = list.filter(|_| self.extent == Extent::Partial) else { return };
        match &part.kind {
            PartKind::For(each) => self.identified(&each.1, Some(list)),
            PartKind::If(condition) => {
                self.identified(&condition.then, Some(list));
                condition.otherwise.iter().for_each(|part| self.identified(part, Some(list)));
            }
            PartKind::Remove(item) => self.identified(item, Some(list)),
            PartKind::Map(_) => {
                let there = keys(part);
                let has_default = |key: &str| {
                    list.item().and_then(|item| item.field(key)?.schema().default.as_ref()).is_some()
                };
                let lacks = |key: &&String| {
                    there.as_ref().is_some_and(|there| !there.contains(key.as_str())) && !has_default(key)
                };
                if let Some(key) = list.list_map_keys().iter().find(lacks) {
                    let title = format!("an item of this list is told from others by its `{key}`");
                    self.refuse(Code::TemplateSchema, part.span, title, "does not say which item it changes");
                }
            }
            _ => {}
        }
    }
}

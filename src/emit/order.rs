//! The order of keys, the same in every format.

use std::sync::Arc;

use crate::k8s::{Cursor, Node, Value};

/// Where a collection stands: how its keys are sorted, and what is known about it.
#[derive(Clone, Copy)]
pub(super) struct Position<'a> {
    order: Order<'a>,
    schema: Option<Cursor<'a>>,
}

/// Which keys of a mapping come first; equal ranks are sorted by key.
#[derive(Clone, Copy)]
enum Order<'a> {
    /// The object itself.
    Root,
    /// The object's metadata.
    Metadata,
    /// Any other mapping, with the keys that identify it in its list.
    Inner(&'a [String]),
}

impl<'a> Position<'a> {
    /// That of a whole object. Its schema tells which keys identify the items of a list and so come first in them.
    pub(super) fn object(schema: Option<Cursor<'a>>) -> Self {
        Self { order: Order::Root, schema }
    }

    /// The entries of the mapping that stands here, sorted, each with its own position.
    pub(super) fn entries(
        self,
        entries: &[(Arc<str>, Node)],
    ) -> impl ExactSizeIterator<Item = (&str, &Node, Self)> {
        let mut sorted: Vec<_> =
            entries.iter().map(|(key, node)| (self.order.rank(key), &**key, node)).collect();
        sorted.sort_unstable_by_key(|(rank, key, _)| (*rank, *key));
        sorted.into_iter().map(move |(_, key, node)| (key, node, self.value(key, node)))
    }

    /// That of the items of the list that stands here.
    pub(super) fn item(self) -> Self {
        Self {
            order: Order::Inner(self.schema.map_or(&[], Cursor::list_map_keys)),
            schema: self.schema.and_then(Cursor::item),
        }
    }

    /// That of what stands at a key. Where a scalar stands does not matter.
    fn value(self, key: &str, node: &Node) -> Self {
        if !matches!(node.value, Value::Map(_) | Value::List(_)) {
            return self;
        }
        let order = match (self.order, key) {
            (Order::Root, "metadata") => Order::Metadata,
            _ => Order::Inner(&[]),
        };
        Self { order, schema: self.schema.and_then(|schema| schema.field(key)) }
    }
}

impl Order<'_> {
    fn rank(self, key: &str) -> usize {
        let place = |first: &[&str]| first.iter().position(|name| *name == key).unwrap_or(first.len());
        match self {
            Self::Root if key == "status" => usize::MAX,
            Self::Root => place(&["apiVersion", "kind", "metadata"]),
            Self::Metadata => place(&["name", "namespace", "labels", "annotations"]),
            Self::Inner(keys) => {
                let first = keys.iter().position(|name| name == key);
                first.unwrap_or(keys.len() + usize::from(key != "name"))
            }
        }
    }
}

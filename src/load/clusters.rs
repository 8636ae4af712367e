//! Several clusters of one environment: `[clusters.<name>]` is a further layer over `[cluster]`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Layer, Table, Tree, Value};
use crate::diag::{Code, Diagnostic, Sink};

const CLUSTERS: &str = "clusters";

/// The environment of what is compiled, and its cluster if it has several: `prod`, or `prod/eu`.
pub fn target(name: &str) -> (&str, Option<&str>) {
    name.split_once('/').map_or((name, None), |(environment, cluster)| (environment, Some(cluster)))
}

/// The names of the clusters that the layers of an environment declare, sorted.
pub(super) fn names(layers: &[Layer]) -> Vec<Arc<str>> {
    let tables = layers.iter().filter_map(|layer| layer.tree.value.get(CLUSTERS)?.value.table());
    tables.flatten().map(|(name, _)| Arc::clone(name)).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Lays the tables of the chosen cluster over the environment's layers, and takes those of all others away: each is
/// judged where it is chosen.
pub fn choose(layers: Vec<Layer>, name: &str, sink: &mut Sink) -> Vec<Layer> {
    let (environment, chosen) = target(name);
    let known = names(&layers);
    let mut lower = Vec::new();
    let mut upper = Vec::new();
    let mut first = None;
    for mut layer in layers {
        let clusters =
            layer.tree.value.get(CLUSTERS).is_some().then(|| &mut Arc::make_mut(&mut layer.tree).value);
        let clusters = match clusters {
            Some(Value::Table(entries)) => entries.remove(CLUSTERS),
            _ => None,
        };
        match clusters {
            Some(Tree { value: Value::Table(mut entries), .. }) => {
                first = first.or_else(|| entries.values().next().map(Tree::place));
                for (name, tree) in entries.iter().filter(|(name, _)| !is_name(name)) {
                    let found =
                        Diagnostic::error(Code::InvalidValue, format!("`{name}` is not a name for this"));
                    sink.push(found.at(tree.place(), "at most 63 lower-case letters, digits and dashes"));
                }
                let own = chosen.and_then(|chosen| entries.remove(chosen));
                upper.extend(own.map(|own| over_cluster(&layer, own)));
            }
            Some(other) => {
                let found = Diagnostic::error(Code::WrongType, format!("`{CLUSTERS}` has the wrong type"));
                let label = format!("expected table, found {}", other.value.type_name());
                sink.push(found.at(other.origin, label).help("each cluster is a table: `[clusters.eu]`"));
            }
            None => {}
        }
        lower.push(layer);
    }
    let targets: Vec<String> = known.iter().map(|cluster| format!("{environment}/{cluster}")).collect();
    let unknown = |title: String| Diagnostic::error(Code::UnknownEnvironment, title);
    match chosen {
        None if !targets.is_empty() => {
            let found = unknown(format!("environment `{environment}` has several clusters"))
                .help(format!("name one of them: `{}`", targets.join("`, `")));
            sink.push(match first {
                Some(first) => found.at(first, "a cluster"),
                None => found,
            });
        }
        Some(cluster) if !known.iter().any(|known| **known == *cluster) => {
            let found = unknown(format!("environment `{environment}` has no cluster `{cluster}`"));
            sink.push(match targets.as_slice() {
                [] => found.help(format!("it has one: `{environment}`")),
                targets => found
                    .suggest(name, targets.iter().map(String::as_str))
                    .note(format!("there are {}", targets.join(", "))),
            });
        }
        _ => {}
    }
    lower.extend(upper);
    lower
}

/// The name is part of file names.
fn is_name(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&name.len())
        && name.chars().all(is_part)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// A layer that says of `[cluster]` what a file says of one cluster.
fn over_cluster(layer: &Layer, cluster: Tree) -> Layer {
    let entries = Table::from_iter([(Arc::from("cluster"), cluster)]);
    Layer {
        file: layer.file.clone(),
        tree: Arc::new(Tree { value: Value::Table(entries), origin: layer.tree.origin, key: None }),
        extends: Vec::new(),
        unset: Vec::new(),
        syntax: Sink::default(),
    }
}

//! Provenance, proved: every input of `prod` is changed in several ways, and every leaf of the output that changes
//! with it must name it; and what a leaf names must be able to change it.

mod compare;
mod edits;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::Value as Json;

use super::objects;
use crate::declare::{self, whole_schema};
use crate::diag::{FileId, Sink, Sources, Span};
use crate::k8s::{Catalog, Node};
use crate::load::{self, Layer};
use crate::merge::{self, Input, Inputs, Value};
use crate::model;
use crate::render::{Catalogue, Texts};
use crate::template::Recording;
use crate::verify::Verified;
use crate::workspace::Workspace;
use compare::{Change, changes, leaves};
use edits::{Mutation, mutations, with_another};

/// The share of claimed pairs of a leaf and an input that a mutation must confirm, in per cent. Most others are of what
/// references elsewhere keep from being changed alone: a port that probes name, a store that workloads use.
const CONFIRMED: usize = 93;

struct Machine {
    catalogue: Catalogue,

    file: FileId,
    recording: Recording,
}

struct Output {
    objects: Verified,
    inputs: Inputs,
}

impl Machine {
    /// The declaration, compiled with provenance; none when it is refused.
    fn compile(&self, declaration: &Json) -> Option<Output> {
        let mut sink = Sink::default();
        let layer = Layer {
            file: "mutant.toml".to_owned(),
            tree: Arc::new(self.tree(declaration)),
            extends: Vec::new(),
            unset: Vec::new(),
            syntax: Sink::default(),
        };
        let merged = merge::merge(vec![layer], &mut sink);
        let declared = declare::declare(&merged, "mutant", &mut sink).filter(|_| sink.errors() == 0)?;
        let catalog = Catalog::of(declared.cluster.value().kubernetes.value().as_str())?;
        let (inputs, recording) = (merged.inputs, self.recording);
        let made = objects("mutant", declared, &inputs, &self.catalogue, catalog, recording, &mut sink)?;
        Some(Output { objects: made.objects, inputs })
    }

    fn tree(&self, json: &Json) -> load::Tree {
        let value = match json {
            Json::Bool(flag) => Value::Bool(*flag),
            Json::Number(number) => {
                number.as_i64().map_or_else(|| Value::Float(number.as_f64().expect("a number")), Value::Int)
            }
            Json::String(text) => Value::String(Arc::from(&**text)),
            Json::Array(items) => Value::Array(items.iter().map(|item| self.tree(item)).collect()),
            Json::Object(entries) => Value::Table(
                entries.iter().map(|(key, entry)| (Arc::from(&**key), self.tree(entry))).collect(),
            ),
            Json::Null => panic!("TOML has no null"),
        };
        load::Tree { value, origin: Span::new(self.file, 0..0), key: None }
    }
}

/// What came of a mutation.
enum Outcome {
    Refused,
    Same,
    Changed {
        /// Leaves that changed and do not name what was mutated.
        unclaimed: Vec<String>,
        /// Leaves of the unchanged output that changed, each with inputs that it names and that were mutated.
        confirmed: Vec<(usize, Input)>,
    },
}

/// One side of a comparison: the paths that exist.
struct Side<'a> {
    inputs: &'a Inputs,
    paths: BTreeSet<&'a str>,
}

impl<'a> Side<'a> {
    fn of(output: &'a Output) -> Self {
        Self { inputs: &output.inputs, paths: output.inputs.iter().map(|(_, info)| &*info.path).collect() }
    }

    /// Whether a leaf names what lies at or below one of the paths; or, where that is not there, the nearest table
    /// around it, as lacking something.
    fn names(&self, node: &Node, touched: &[String]) -> bool {
        named(node).any(|input| touched.iter().any(|path| self.is_of(input, path, is_at_or_below)))
    }

    /// Whether a leaf names the table to which one of the paths was added, as one whose keys count.
    fn lists(&self, node: &Node, touched: &[String], before: &Side<'_>) -> bool {
        let tables: Vec<&str> = touched.iter().filter_map(|path| before.lacking(path)).collect();
        named(node).any(|input| input != input.node() && tables.contains(&&*self.inputs.get(input).path))
    }

    fn is_of(&self, input: Input, touched: &str, is_met: fn(&str, &str) -> bool) -> bool {
        let path = &*self.inputs.get(input).path;
        is_met(path, touched) || input != input.node() && self.lacking(touched) == Some(path)
    }

    /// The nearest node around a path that is not there.
    fn lacking<'p>(&self, path: &'p str) -> Option<&'p str> {
        if self.paths.contains(path) {
            return None;
        }
        let mut around = path;
        while let Some((shorter, _)) = around.rsplit_once(['.', '[']) {
            around = shorter;
            if self.paths.contains(around) {
                return Some(around);
            }
        }
        Some("")
    }
}

fn named(node: &Node) -> impl Iterator<Item = Input> {
    node.from.iter().flat_map(|from| from.value.iter().chain(from.because.iter()))
}

/// The inputs that a node names, each once; only a table can lack something.
fn claims(node: &Node, inputs: &Inputs) -> BTreeSet<Input> {
    named(node).map(|input| if inputs.get(input).leaf.is_some() { input.node() } else { input }).collect()
}

fn is_at_or_below(path: &str, touched: &str) -> bool {
    path.strip_prefix(touched).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// At the path itself, or an item of the list there, which is replaced whole.
fn is_at(path: &str, touched: &str) -> bool {
    path.strip_prefix(touched)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('[') && rest.ends_with(']'))
}

fn address(node: &Node) -> usize {
    std::ptr::from_ref(node) as usize
}

fn try_out(machine: &Machine, base: &Output, mutation: &Mutation, declaration: &Json) -> Outcome {
    let Some(output) = machine.compile(&mutation.of(declaration)) else { return Outcome::Refused };
    let (before, after) = (Side::of(base), Side::of(&output));
    let touched = mutation.touched();
    let changes = changes(base.objects.objects(), output.objects.objects());
    if changes.is_empty() {
        return Outcome::Same;
    }
    let is_claimed = |change: &&Change<'_>| {
        change.before.is_some_and(|node| before.names(node, &touched))
            || change
                .after
                .is_some_and(|node| after.names(node, &touched) || after.lists(node, &touched, &before))
    };
    let text = |node: Option<&Node>| node.map_or("nothing".to_owned(), |node| format!("{:?}", node.value));
    let unclaimed = changes.iter().filter(|change| !is_claimed(change)).map(|change| {
        format!("{}: {} → {} when {mutation}", change.place, text(change.before), text(change.after))
    });
    // An object with another name is another object: what was there before is gone.
    let gone = base
        .objects
        .objects()
        .iter()
        .filter(|object| output.objects.objects().iter().all(|other| other.identity != object.identity));
    let mut changed: Vec<&Node> = changes.iter().filter_map(|change| change.before).collect();
    for object in gone {
        let mut found = Vec::new();
        leaves("", &object.root, &mut found);
        changed.extend(found.into_iter().map(|(_, node)| node));
    }
    let of = |node| {
        let is_met = |input: &Input| touched.iter().any(|path| before.is_of(*input, path, is_at));
        claims(node, &base.inputs).into_iter().filter(is_met).map(move |input| (address(node), input))
    };
    let confirmed = changed.into_iter().flat_map(of).collect();
    Outcome::Changed { unclaimed: unclaimed.collect(), confirmed }
}

/// The declaration of `prod`, and what compiles it and its like.
fn prod(recording: Recording) -> (Machine, Json) {
    let workspace = Workspace::find(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("a workspace");
    let mut compiler = super::Compiler::new(&workspace).expect("readable");
    let declaration = compiler.merged("prod").expect("readable").expect("there").tree.json();
    let (mut sources, mut sink) = (Sources::default(), Sink::default());
    let texts = Texts::read(&workspace, &mut sources, &mut sink).expect("readable");
    let catalogue = Catalogue::parse(texts, &sources, &mut sink);
    let minor = declaration["cluster"]["kubernetes"].as_str().expect("declared");
    let catalog = Catalog::of(minor).expect("built in");
    assert!(catalogue.check(&model::shape(), catalog, &mut sink));
    let file = sources.add("mutant.toml", "");
    (Machine { catalogue, file, recording }, declaration)
}

/// Whether a change can do more than to be refused: what says which values a setting takes gives none.
fn can_matter(mutation: &Mutation) -> bool {
    let judges = [
        "type",
        "description",
        "values",
        "pattern",
        "items",
        "min",
        "max",
        "required",
        "per",
        "aliases",
        "protocol",
        "port",
    ];
    let is_judge = |path: &String| {
        let key = path.strip_prefix("system.settings.").and_then(|path| path.split(['.', '[']).nth(1));
        key.is_some_and(|key| judges.contains(&key))
    };
    !mutation.touched().iter().all(is_judge)
}

/// What embedded parts would be is tried once a place where a store is not embedded: nothing is made of it.
fn rarely_where_nothing_is_made(mut mutations: Vec<Mutation>, declaration: &Json) -> Vec<Mutation> {
    let mut tried = BTreeSet::new();
    let is_made = |path: &String| {
        let mut keys = path.split('.');
        let (Some("stores"), Some(store), Some("embedded")) = (keys.next(), keys.next(), keys.next()) else {
            return true;
        };
        declaration["stores"][store]["via"] == "embedded"
    };
    mutations.retain(|mutation| {
        let touched = mutation.touched();
        touched.iter().any(is_made) || tried.insert(touched)
    });
    mutations
}

#[test]
fn a_change_that_nothing_claims_is_noticed() {
    let (machine, declaration) = prod(Recording::Reads);
    let base = machine.compile(&declaration).expect("prod compiles");
    let outcomes = mutations(&declaration, &whole_schema())
        .into_iter()
        .map(|mutation| try_out(&machine, &base, &mutation, &declaration));
    let changed = outcomes.into_iter().find_map(|outcome| match outcome {
        Outcome::Changed { unclaimed, confirmed } => Some((unclaimed.len(), confirmed.len())),
        _ => None,
    });
    assert!(changed.is_some_and(|(unclaimed, confirmed)| unclaimed > 0 && confirmed == 0), "{changed:?}");
}

#[test]
fn what_changes_names_what_was_mutated_and_what_is_named_changes() {
    let (machine, declaration) = prod(Recording::Leaves);
    let schema = whole_schema();
    let base = machine.compile(&declaration).expect("prod compiles");
    let tried: Vec<(Mutation, Outcome)> =
        rarely_where_nothing_is_made(mutations(&declaration, &schema), &declaration)
            .into_par_iter()
            .filter(can_matter)
            .map(|mutation| {
                let outcome = try_out(&machine, &base, &mutation, &declaration);
                if !matches!(outcome, Outcome::Refused) {
                    return (mutation, outcome);
                }
                let with = with_another(&mutation, &declaration, &schema).into_iter().find_map(|mutation| {
                    let outcome = try_out(&machine, &base, &mutation, &declaration);
                    (!matches!(outcome, Outcome::Refused)).then_some((mutation, outcome))
                });
                with.unwrap_or((mutation, Outcome::Refused))
            })
            .collect();

    let (mut refused, mut same, mut changed) = (0, 0, 0);
    let (mut wrong, mut confirmed) = (Vec::new(), BTreeSet::new());
    let mut never: BTreeSet<String> = base
        .inputs
        .iter()
        .filter(|(_, info)| info.leaf.is_some())
        .map(|(_, info)| info.path.clone())
        .collect();
    for (mutation, outcome) in tried {
        if !matches!(outcome, Outcome::Refused) {
            for path in mutation.touched() {
                never.remove(&path);
            }
        }
        match outcome {
            Outcome::Refused => refused += 1,
            Outcome::Same => same += 1,
            Outcome::Changed { unclaimed, confirmed: pairs } => {
                changed += 1;
                wrong.extend(unclaimed);
                confirmed.extend(pairs);
            }
        }
    }
    println!("{changed} mutations changed the output, {same} did not, {refused} were refused");
    println!("inputs without a valid mutation: {never:?}");

    let mut all = Vec::new();
    for object in base.objects.objects() {
        leaves(&object.identity.to_string(), &object.root, &mut all);
    }
    let mut unconfirmed: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let (mut pairs, mut misses) = (0, 0);
    for (place, leaf) in &all {
        for input in claims(leaf, &base.inputs) {
            pairs += 1;
            if !confirmed.contains(&(address(leaf), input)) {
                misses += 1;
                let lack = if input == input.node() { "" } else { " (absence)" };
                unconfirmed.entry(format!("{}{lack}", base.inputs.get(input).path)).or_default().push(place);
            }
        }
    }
    println!("{} of {pairs} claims of {} leaves were confirmed; not these:", pairs - misses, all.len());
    for (input, places) in unconfirmed {
        println!("  {input}: {} leaves, as {}", places.len(), places[0]);
    }
    assert!(changed > 0 && wrong.is_empty(), "{} changes not claimed:\n{}", wrong.len(), wrong.join("\n"));
    assert!(misses * 100 <= pairs * (100 - CONFIRMED), "{misses} of {pairs} claims were not confirmed");
}

//! A template and the data → objects.

mod text;

use std::ops::Range;
use std::sync::Arc;

use super::omission::settle;
use super::scope::{self, Scope};
use super::value::{splice, truth, value};
use super::{Condition, Entry, Fragments, Include, Key, Loop, Part, PartKind, Patch, Template};
use crate::diag::{Code, Diagnostic, Span};
use crate::k8s::{Catalog, Made, Node, Value};
use crate::merge::{Input, InputSet, LeftOut, Provenance, Reads};
use crate::model::{Context, Leaf, Structure};

/// Whether every leaf keeps the inputs that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recording {
    /// Only the set of everything read is kept.
    Reads,
    /// Leaves know their inputs: for `explain` and for errors, at some cost.
    Leaves,
}

/// Why an object could not be evaluated.
pub type Failure = Box<Diagnostic>;

/// What some items of a template made.
#[derive(Debug)]
pub struct Evaluated {
    /// What each item made, or why there is nothing.
    pub made: Vec<Result<Output, Failure>>,
    /// Why the items after these were not looked at.
    pub failed: Option<Failure>,
}

/// One object, or one file.
#[derive(Debug)]
pub struct Output {
    /// The object, or the content of the file.
    pub root: Node,
    /// The path of the file; none for an object.
    pub file: Option<Node>,
}

/// The names that templates see everywhere.
#[derive(Clone, Debug)]
pub struct Globals(Arc<Scope>);

impl Globals {
    /// The names of an environment.
    pub fn new(names: Vec<(Arc<str>, Context)>) -> Self {
        Self(Scope::root(names))
    }
}

/// How many items a template's outermost loop has; one if it has none, and where its loop fails.
pub fn items(template: &Template, globals: &Globals) -> usize {
    let outermost = template.loops.first().and_then(|each| value(&each.over, &globals.0).ok());
    outermost.map_or(1, |container| match &container.value {
        Structure::List(items) | Structure::Struct(_, items) => items.len(),
        Structure::Map(entries) => entries.len(),
        Structure::Leaf(_) => 0,
    })
}

/// Evaluates a template for some items of its outermost loop.
pub fn evaluate(
    template: &Template,
    items: Range<usize>,
    fragments: &Fragments,
    globals: &Globals,
    catalog: &Catalog,
    recording: Recording,
    reads: &Reads,
) -> Evaluated {
    let mut made = Vec::new();
    scope::take();
    let mut evaluator = Evaluator::new(fragments, recording);
    let outcome =
        evaluator.loops(template, &template.loops, items.clone(), &globals.0, &mut |evaluator, scope| {
            made.push(evaluator.output(template, scope, catalog));
        });
    let failed = outcome.err();
    let read = scope::take();
    if recording == Recording::Reads && read.iter().any(|input| reads.secret(*input).is_some()) {
        // Where the secret went is to be judged.
        return evaluate(template, items, fragments, globals, catalog, Recording::Leaves, reads);
    }
    reads.mark(read);
    Evaluated { made, failed }
}

/// One change.
#[derive(Debug)]
pub struct Change {
    /// What the metadata of an object must hold for the object to be meant.
    pub metadata: Node,
    /// The part of an object to lay over it; what is [`Made::Removed`] is taken away.
    pub body: Node,
}

/// Evaluates a patch for every item of its loops: the changes, or why there is none.
pub fn evaluate_patch(
    patch: &Patch,
    fragments: &Fragments,
    globals: &Globals,
    catalog: &Catalog,
    recording: Recording,
    reads: &Reads,
) -> Vec<Result<Change, Failure>> {
    let mut changes = Vec::new();
    scope::take();
    let mut evaluator = Evaluator::new(fragments, recording);
    let Patch { target, change, .. } = patch;
    let all = 0..usize::MAX;
    let outcome = evaluator.loops(change, &change.loops, all, &globals.0, &mut |evaluator, scope| {
        let root = catalog.cursor(&target.api_version, &target.kind);
        let (decided, mark) = (evaluator.because.len(), scope::mark());
        let metadata = evaluator.part(&target.metadata, scope);
        evaluator.because_since(mark);
        changes.push(metadata.and_then(|metadata| {
            let mut body = evaluator.part(&change.body, scope)?;
            settle(&mut body, root)?;
            Ok(Change { metadata, body })
        }));
        evaluator.because.truncate(decided);
    });
    changes.extend(outcome.err().map(Err));
    let read = scope::take();
    if recording == Recording::Reads && read.iter().any(|input| reads.secret(*input).is_some()) {
        return evaluate_patch(patch, fragments, globals, catalog, Recording::Leaves, reads);
    }
    reads.mark(read);
    changes
}

struct Evaluator<'t> {
    fragments: &'t Fragments,
    recording: Recording,
    /// What decided that the current part is there.
    because: Vec<Input>,
    whole: Whole,
}

/// Whether everything in the current object was placed; if so, nothing needs to be settled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    Yes,
    No,
}

type Outcome<T> = Result<T, Failure>;

impl<'t> Evaluator<'t> {
    fn new(fragments: &'t Fragments, recording: Recording) -> Self {
        Self { fragments, recording, because: Vec::new(), whole: Whole::Yes }
    }

    /// Calls `make` for every item of a header's loops that its filter lets pass; of the outermost, for some.
    fn loops(
        &mut self,
        template: &'t Template,
        loops: &'t [Loop],
        items: Range<usize>,
        scope: &Arc<Scope>,
        make: &mut dyn FnMut(&mut Self, &Arc<Scope>),
    ) -> Outcome<()> {
        if let Some((first, rest)) = loops.split_first() {
            return self.some(first, items, scope, |evaluator, scope| {
                evaluator.loops(template, rest, 0..usize::MAX, scope, make)
            });
        }
        let mark = scope::mark();
        if let Some(condition) = &template.condition
            && !truth(condition, scope)?
        {
            return Ok(());
        }
        let decided = self.because.len();
        self.because_since(mark);
        make(self, scope);
        self.because.truncate(decided);
        Ok(())
    }

    fn output(&mut self, template: &'t Template, scope: &Arc<Scope>, catalog: &Catalog) -> Outcome<Output> {
        let file = template.file.as_ref().map(|path| self.part(path, scope)).transpose()?;
        self.whole = Whole::Yes;
        let mut node = self.part(&template.body, scope)?;
        if node.value == Value::Null {
            return Err(wrong(template.body.span, "the object itself was left out", "use `if:` in a header"));
        }
        if self.whole == Whole::No {
            let text = |key| node.get(key).and_then(Node::as_str).unwrap_or_default();
            let root = catalog.cursor(text("apiVersion"), text("kind"));
            settle(&mut node, root)?;
        }
        Ok(Output { root: node, file })
    }

    /// Runs `body` for every item, with what the loop read as a reason.
    fn each(
        &mut self,
        each: &Loop,
        scope: &Arc<Scope>,
        body: impl FnMut(&mut Self, &Arc<Scope>) -> Outcome<()>,
    ) -> Outcome<()> {
        self.some(each, 0..usize::MAX, scope, body)
    }

    /// Runs `body` for some items.
    fn some(
        &mut self,
        each: &Loop,
        chosen: Range<usize>,
        scope: &Arc<Scope>,
        mut body: impl FnMut(&mut Self, &Arc<Scope>) -> Outcome<()>,
    ) -> Outcome<()> {
        let decided = self.because.len();
        let mark = scope::mark();
        let container = value(&each.over, scope)?;
        scope::note(&container.inputs);
        self.because_since(mark);
        let mut run = |evaluator: &mut Self, key: Option<&Arc<str>>, item: &Context| {
            let mut names = vec![(Arc::clone(&each.item), item.clone())];
            if let (Some(name), Some(key)) = (&each.key, key) {
                let value = Structure::Leaf(Leaf::Text(Arc::clone(key)));
                names.push((Arc::clone(name), Context { value, inputs: item.inputs.clone() }));
            }
            let before = evaluator.because.len();
            scope::note(&item.inputs);
            evaluator.because.extend(item.inputs.iter());
            let outcome = body(evaluator, &scope.with(names));
            evaluator.because.truncate(before);
            outcome
        };
        let (skipped, count) = (chosen.start, chosen.len());
        match &container.value {
            Structure::List(items) => {
                items.iter().skip(skipped).take(count).try_for_each(|item| run(self, None, item))?;
            }
            Structure::Map(entries) => {
                let mut chosen = entries.iter().skip(skipped).take(count);
                chosen.try_for_each(|(key, item)| run(self, Some(key), item))?;
            }
            Structure::Struct(..) => {
                let mut chosen = container.entries().into_iter().skip(skipped).take(count);
                chosen.try_for_each(|(key, item)| run(self, Some(&key), item))?;
            }
            Structure::Leaf(_) => {}
        }
        self.because.truncate(decided);
        Ok(())
    }

    fn because_since(&mut self, mark: usize) {
        if self.recording == Recording::Leaves {
            self.because.extend(scope::since(mark).iter());
        }
    }

    /// A part where a single value stands; null when it is left out.
    fn part(&mut self, part: &'t Part, scope: &Arc<Scope>) -> Outcome<Node> {
        match &part.kind {
            PartKind::Literal(value) => {
                Ok(self.node(value.clone(), part.span, Made::Literal, InputSet::default))
            }
            PartKind::Expression(expression) => {
                let context = value(expression, scope)?;
                Ok(self.copy(&context, part.span))
            }
            PartKind::Splice(chunks) => {
                let mark = scope::mark();
                let text = splice(chunks, scope)?;
                Ok(self.node(Value::String(Arc::from(text)), part.span, Made::Data, || scope::since(mark)))
            }
            PartKind::List(parts) => {
                let mut items = Vec::with_capacity(parts.len());
                let mark = scope::mark();
                for part in parts {
                    self.items(part, scope, &mut items)?;
                }
                let left_out: Vec<LeftOut> = items
                    .iter()
                    .filter(|item| item.value == Value::Null)
                    .filter_map(|item| left_out(None, item))
                    .collect();
                items.retain(|item| item.value != Value::Null);
                let made = if items.is_empty() && !parts.is_empty() { Made::Data } else { Made::Literal };
                let mut node = self.container(Value::List(items), part.span, made, mark);
                add_left_out(&mut node, left_out);
                Ok(node)
            }
            PartKind::Map(entries) => {
                let mut map = Vec::with_capacity(entries.len());
                // The parser has refused literal keys that stand twice.
                let may_repeat = entries.iter().any(|entry| matches!(entry.key, Key::Splice(_)));
                for entry in entries {
                    let (decided, entries_mark) = (self.because.len(), scope::mark());
                    let key = match &entry.key {
                        Key::Literal(key) => Arc::clone(key),
                        Key::Splice(chunks) => Arc::from(splice(chunks, scope)?),
                    };
                    self.because_since(entries_mark);
                    let node = self.part(&entry.value, scope)?;
                    if may_repeat {
                        insert(&mut map, key, node, entry.span)?;
                    } else {
                        map.push((key, node));
                    }
                    self.because.truncate(decided);
                }
                Ok(self.container(Value::Map(map), part.span, Made::Literal, scope::mark()))
            }
            PartKind::If(condition) => {
                self.choose(condition, scope, |evaluator, part| evaluator.part(part, scope))
            }
            PartKind::For(each) => {
                let (clause, body) = &**each;
                let (mut map, mark) = (Vec::new(), scope::mark());
                self.each(clause, scope, |evaluator, scope| match evaluator.part(body, scope)?.value {
                    Value::Null => Ok(()),
                    Value::Map(entries) => {
                        entries.into_iter().try_for_each(|(key, node)| insert(&mut map, key, node, body.span))
                    }
                    _ => Err(wrong(body.span, "`$for` outside a list makes entries", "not a mapping")),
                })?;
                let made = if map.is_empty() { Made::Data } else { Made::Literal };
                Ok(self.container(Value::Map(map), part.span, made, mark))
            }
            PartKind::Merge(layers) => {
                let base = self.part(&layers.0, scope)?;
                Ok(lay(base, self.part(&layers.1, scope)?))
            }
            PartKind::Include(include) => {
                let (body, inner) = self.include(include, scope)?;
                self.part(body, &inner)
            }
            PartKind::File(include) => self.file(include, scope, part.span),
            PartKind::Remove(item) => {
                let item = self.part(item, scope)?;
                Ok(self.node(item.value, part.span, Made::Removed, InputSet::default))
            }
        }
    }

    /// A part where items of a list stand: none, one or several.
    fn items(&mut self, part: &'t Part, scope: &Arc<Scope>, items: &mut Vec<Node>) -> Outcome<()> {
        match &part.kind {
            PartKind::If(condition) => {
                let nothing = self.choose(condition, scope, |evaluator, part| {
                    evaluator.items(part, scope, items)?;
                    Ok(Node { value: Value::Null, at: part.span, made: Made::Data, from: None, lead: 0 })
                })?;
                // Kept until the list is whole, which says what it left out.
                items.extend(nothing.from.is_some().then_some(nothing));
                Ok(())
            }
            PartKind::For(each) => {
                let (clause, body) = &**each;
                self.each(clause, scope, |evaluator, scope| evaluator.items(body, scope, items))
            }
            PartKind::Include(include) => {
                let (body, inner) = self.include(include, scope)?;
                self.items(body, &inner, items)
            }
            _ => {
                items.push(self.part(part, scope)?);
                Ok(())
            }
        }
    }

    /// Places the part that the condition chooses, or nothing.
    fn choose(
        &mut self,
        condition: &'t Condition,
        scope: &Arc<Scope>,
        place: impl FnOnce(&mut Self, &'t Part) -> Outcome<Node>,
    ) -> Outcome<Node> {
        let decided = self.because.len();
        let mark = scope::mark();
        let holds = truth(&condition.test, scope)?;
        let placed = match condition.otherwise.as_ref() {
            _ if holds => &condition.then,
            Some(otherwise) => otherwise,
            None => {
                let nothing = self.nothing(condition.test.span, &scope::since(mark));
                return Ok(self.with_fields_of(&condition.then, nothing));
            }
        };
        self.because_since(mark);
        let node = place(self, placed);
        self.because.truncate(decided);
        node
    }

    /// The body of a fragment, and the scope of its arguments.
    fn include(&mut self, include: &'t Include, scope: &Arc<Scope>) -> Outcome<(&'t Part, Arc<Scope>)> {
        let body = self.fragments.parts.get(&*include.path).ok_or_else(|| {
            Diagnostic::error(Code::TemplateInclude, "no such fragment").at(include.span, "not found")
        })?;
        Ok((body, self.arguments(include, scope)?))
    }

    fn arguments(&mut self, include: &'t Include, scope: &Arc<Scope>) -> Outcome<Arc<Scope>> {
        let mut names = Vec::with_capacity(include.arguments.len());
        for argument in &include.arguments {
            let context = match &argument.value.kind {
                PartKind::Expression(expression) => value(expression, scope)?.into_owned(),
                _ => {
                    let mark = scope::mark();
                    let node = self.part(&argument.value, scope)?;
                    context_of(&node, &scope::since(mark))
                }
            };
            names.push((Arc::clone(&argument.name), context));
        }
        Ok(Scope::root(names))
    }

    /// Places a part of the model as it is; each leaf keeps its own inputs, and is there because of what holds it.
    fn copy(&mut self, context: &Context, span: Span) -> Node {
        scope::note(&context.inputs);
        let decided = self.because.len();
        if self.recording == Recording::Leaves && !matches!(context.value, Structure::Leaf(_)) {
            self.because.extend(context.inputs.iter());
        }
        let node = self.copied(context, span);
        self.because.truncate(decided);
        node
    }

    fn copied(&mut self, context: &Context, span: Span) -> Node {
        let value = match &context.value {
            Structure::Leaf(Leaf::None) => return self.nothing(span, &context.inputs),
            Structure::Leaf(Leaf::Bool(flag)) => Value::Bool(*flag),
            Structure::Leaf(Leaf::Int(number)) => Value::Int(*number),
            Structure::Leaf(Leaf::Float(number)) => Value::Float(*number),
            Structure::Leaf(Leaf::Text(text)) => Value::String(Arc::clone(text)),
            Structure::List(items) => {
                let items = items.iter().map(|item| self.copy(item, span));
                Value::List(items.filter(|item| item.value != Value::Null).collect())
            }
            Structure::Map(entries) => Value::Map(
                entries.iter().map(|(key, value)| (Arc::clone(key), self.copy(value, span))).collect(),
            ),
            Structure::Struct(..) => {
                let entries = context.entries().into_iter();
                Value::Map(entries.map(|(key, value)| (key, self.copy(value, span))).collect())
            }
        };
        if matches!(&value, Value::List(items) if items.is_empty()) {
            self.whole = Whole::No;
        }
        if matches!(&value, Value::Map(entries) if entries.is_empty()) {
            self.whole = Whole::No;
        }
        self.node(value, span, Made::Data, || context.inputs.clone())
    }

    /// What stands where something is left out, until the object is settled.
    fn nothing(&mut self, span: Span, decided: &InputSet) -> Node {
        self.whole = Whole::No;
        self.node(Value::Null, span, Made::Data, || decided.clone())
    }

    /// A mapping may be merged into another one, which then lacks its fields rather than the mapping.
    fn with_fields_of(&self, part: &Part, mut nothing: Node) -> Node {
        if self.recording == Recording::Leaves
            && let PartKind::Map(entries) = &part.kind
        {
            let literal = |entry: &Entry| match &entry.key {
                Key::Literal(key) => left_out(Some(Arc::clone(key)), &nothing),
                Key::Splice(_) => None,
            };
            let fields = entries.iter().filter_map(literal).collect();
            add_left_out(&mut nothing, fields);
        }
        nothing
    }

    /// A list or mapping; if nothing came of it, that is by what was read since the mark.
    fn container(&mut self, value: Value, span: Span, made: Made, mark: usize) -> Node {
        if made == Made::Data {
            self.whole = Whole::No;
        }
        self.node(value, span, made, || {
            if made == Made::Data { scope::since(mark) } else { InputSet::default() }
        })
    }

    fn node(&self, value: Value, at: Span, made: Made, inputs: impl FnOnce() -> InputSet) -> Node {
        let from = (self.recording == Recording::Leaves).then(|| {
            let because = self.because.iter().copied().collect();
            Arc::new(Provenance { value: inputs(), because, left_out: Vec::new() })
        });
        Node { value, at, lead: 0, made, from }
    }
}

/// A node that was placed as an argument, as the fragment sees it. `inputs` are those of all of it, for nodes that
/// do not know theirs.
fn context_of(node: &Node, inputs: &InputSet) -> Context {
    let children = |node| context_of(node, inputs);
    let value = match &node.value {
        Value::Null => Structure::Leaf(Leaf::None),
        Value::Bool(flag) => Structure::Leaf(Leaf::Bool(*flag)),
        Value::Int(number) => Structure::Leaf(Leaf::Int(*number)),
        Value::Float(number) => Structure::Leaf(Leaf::Float(*number)),
        Value::String(text) => Structure::Leaf(Leaf::Text(Arc::clone(text))),
        Value::List(items) => Structure::List(items.iter().map(children).collect()),
        Value::Map(entries) => {
            Structure::map(entries.iter().map(|(key, node)| (Arc::clone(key), children(node))).collect())
        }
    };
    let inputs = node.from.as_ref().map_or_else(|| inputs.clone(), |from| from.value.clone());
    Context { value, inputs }
}

/// The entry of a list of what was left out; none unless provenance is recorded.
pub(super) fn left_out(key: Option<Arc<str>>, nothing: &Node) -> Option<LeftOut> {
    nothing.from.as_ref().map(|from| LeftOut { key, at: nothing.at, from: Arc::clone(from) })
}

pub(super) fn add_left_out(holder: &mut Node, fields: Vec<LeftOut>) {
    if let Some(from) = holder.from.as_mut().filter(|_| !fields.is_empty()) {
        Arc::make_mut(from).left_out.extend(fields);
    }
}

fn insert(map: &mut Vec<(Arc<str>, Node)>, key: Arc<str>, node: Node, span: Span) -> Outcome<()> {
    if map.iter().any(|(known, _)| *known == key) {
        return Err(wrong(span, format!("key `{key}` is made twice"), "the second"));
    }
    map.push((key, node));
    Ok(())
}

/// Lays a mapping over another: per key, the upper one wins, lists replace, and what is left out changes nothing.
fn lay(base: Node, over: Node) -> Node {
    let over_left_out = over.from.as_ref().map(|from| from.left_out.clone()).unwrap_or_default();
    let (mut map, upper) = match (base.value, over.value) {
        (value, Value::Null) => {
            let mut base = Node { value, ..base };
            add_left_out(&mut base, over_left_out);
            return base;
        }
        (Value::Map(map), Value::Map(upper)) => (map, upper),
        (_, value) => return Node { value, ..over },
    };
    for (key, node) in upper {
        match map.iter_mut().find(|(known, _)| *known == key) {
            Some((_, below)) => {
                let nothing =
                    Node { value: Value::Null, at: below.at, lead: 0, made: below.made, from: None };
                *below = lay(std::mem::replace(below, nothing), node);
            }
            None => map.push((key, node)),
        }
    }
    let mut laid = Node { value: Value::Map(map), ..base };
    add_left_out(&mut laid, over_left_out);
    laid
}

pub(super) fn wrong(span: Span, title: impl Into<String>, label: impl Into<String>) -> Failure {
    Box::new(Diagnostic::error(Code::TemplateValue, title).at(span, label))
}

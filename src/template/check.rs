//! The static check: every branch of a template against the types of the context and the Kubernetes schema,
//! before there is any data.

mod patch;
mod text;

pub use patch::check_patch;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::infer::{Names, infer, optional, union};
use super::{Chunk, Entry, Fragments, Include, Key, Loop, Part, PartKind, Template};
use crate::diag::{Code, Diagnostic, Sink, Span};
use crate::k8s::{Catalog, Cursor, Type, Value};
use crate::model::Shape;

/// The most parts of one template, inclusions counted each time; the largest of ours has about 150.
const MOST_PARTS: usize = 20_000;

/// Of kinds that do not come with Kubernetes.
const CUSTOM_KINDS: &str = "only kinds with a schema can be rendered: those of Kubernetes, and custom resources \
    whose CustomResourceDefinition is built in (`schemas/crds/` of p8fs-gen)";

/// Checks a template; what is wrong goes into the sink.
pub fn check(
    template: &Template,
    fragments: &Fragments,
    context: &Shape,
    catalog: &Catalog,
    sink: &mut Sink,
) {
    let mut check = Check { fragments, sink, extent: Extent::Whole, open: Vec::new(), visited: 0 };
    let names = check.header(template, context);
    let root = match &template.file {
        None => check.root(template, catalog),
        Some(path) => {
            check.part(path, Place::whole(None), &names);
            None
        }
    };
    check.part(&template.body, Place::whole(root), &names);
}

/// How much of an object a text makes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// All of it.
    Whole,
    /// What a patch lays over it.
    Partial,
}

/// Where a part stands.
#[derive(Clone, Copy)]
struct Place<'c> {
    /// What is expected there; anything where it is none.
    schema: Option<Cursor<'c>>,
    /// Whether a mapping must have all that is required, or is a part of one that must.
    whole: bool,
    stands: Stands,
}

/// What a loop makes depends on where it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// As a single value: a loop makes the entries of a mapping.
    Alone,
    /// In a list: a loop repeats the item.
    AsItem,
}

impl<'c> Place<'c> {
    fn whole(schema: Option<Cursor<'c>>) -> Self {
        Self { schema, whole: true, stands: Stands::Alone }
    }

    fn item(schema: Option<Cursor<'c>>) -> Self {
        Self { stands: Stands::AsItem, ..Self::whole(schema) }
    }
}

struct Check<'a> {
    fragments: &'a Fragments,
    sink: &'a mut Sink,
    extent: Extent,
    /// The fragments that are being included, outermost first.
    open: Vec<Arc<str>>,
    /// How many parts were looked at; inclusions of inclusions multiply.
    visited: usize,
}

impl Check<'_> {
    fn refuse(&mut self, code: Code, span: Span, title: impl Into<String>, label: impl Into<String>) {
        self.sink.push(Diagnostic::error(code, title).at(span, label));
    }

    /// The schema of the template's kind.
    fn root<'c>(&mut self, template: &Template, catalog: &'c Catalog) -> Option<Cursor<'c>> {
        let entries = match &template.body.kind {
            PartKind::Map(entries) => entries.as_slice(),
            _ => &[],
        };
        let literal = |name: &str| {
            entries.iter().find_map(|entry| match (&entry.key, &entry.value.kind) {
                (Key::Literal(key), PartKind::Literal(Value::String(text))) if &**key == name => {
                    Some((&**text, entry.value.span))
                }
                _ => None,
            })
        };
        let (Some((api_version, _)), Some((kind, at))) = (literal("apiVersion"), literal("kind")) else {
            let (title, label) =
                ("a template says literally what it makes", "without a literal `apiVersion` and `kind`");
            self.refuse(Code::TemplateSchema, template.body.span, title, label);
            return None;
        };
        self.kind(api_version, kind, at, catalog)
    }

    /// The schema of a kind, which is named at a place.
    fn kind<'c>(
        &mut self,
        api_version: &str,
        kind: &str,
        at: Span,
        catalog: &'c Catalog,
    ) -> Option<Cursor<'c>> {
        let cursor = catalog.cursor(api_version, kind);
        if cursor.is_none() {
            let title = format!("Kubernetes {} has no {api_version} {kind}", catalog.minor);
            let found = Diagnostic::error(Code::UnknownKind, title).at(at, "unknown kind");
            let found = found.suggest(kind, catalog.kinds().iter().map(|known| known.kind));
            let is_custom = api_version.contains('.')
                && catalog.kinds().iter().all(|known| known.api_version != api_version);
            let found = if is_custom { found.help(CUSTOM_KINDS) } else { found };
            let minors = catalog.elsewhere(|catalog| catalog.kind(api_version, kind));
            self.sink.push(minors.into_iter().fold(found, Diagnostic::note));
        }
        cursor
    }

    /// The names that a header brings into scope.
    fn header(&mut self, template: &Template, context: &Shape) -> Names {
        let bound = match context {
            Shape::Struct(fields) => {
                fields.iter().map(|(name, shape)| (Arc::from(&**name), shape.clone())).collect()
            }
            _ => Vec::new(),
        };
        let mut names = Names::of(bound);
        for clause in &template.loops {
            names = self.bind(clause, &names);
        }
        if let Some(condition) = &template.condition {
            infer(condition, &names, self.sink);
            names = names.where_true(condition);
        }
        names
    }

    fn bind(&mut self, clause: &Loop, names: &Names) -> Names {
        let over = infer(&clause.over, names, self.sink);
        let mut refuse = |span, title: &str, label: &str| {
            self.refuse(Code::TemplateUnknownName, span, title, label);
            Shape::Any
        };
        let item = match over {
            Shape::List(inner) if clause.key.is_none() => *inner,
            Shape::Map(inner) => *inner,
            Shape::Any => Shape::Any,
            Shape::List(_) => refuse(clause.span, "a list has no keys", "write one name"),
            _ => refuse(clause.over.span, "only lists and maps can be iterated", "neither"),
        };
        let mut inner = names.clone();
        if let Some(key) = &clause.key {
            inner.bind(key, Shape::Text, clause.span, self.sink);
        }
        inner.bind(&clause.item, item, clause.span, self.sink);
        inner
    }

    /// Checks a part and gives its type, which is optional where the part may be left out. Structures written in
    /// place are of any type: what they hold is checked here.
    fn part(&mut self, part: &Part, at: Place<'_>, names: &Names) -> Shape {
        self.visited += 1;
        match &part.kind {
            PartKind::Literal(value) => return self.literal(value, at.schema, part.span),
            PartKind::Expression(expression) => {
                let shape = infer(expression, names, self.sink);
                self.fits(&shape, at.schema, expression.span);
                return shape;
            }
            PartKind::Splice(chunks) => {
                self.splice(chunks, names);
                self.fits(&Shape::Text, at.schema, part.span);
                return Shape::Text;
            }
            PartKind::If(condition) => {
                infer(&condition.test, names, self.sink);
                let then = self.part(&condition.then, at, &names.where_true(&condition.test));
                let otherwise = condition.otherwise.as_ref();
                return match otherwise.map(|part| self.part(part, at, names)) {
                    Some(otherwise) => union(then, otherwise),
                    None => optional(then),
                };
            }
            PartKind::Include(include) => return self.include(include, at, names),
            PartKind::File(include) => return self.file(include, at, names),
            PartKind::List(items) => {
                if self.expects(at.schema, &[Type::Array], part.span) {
                    let item = Place::item(at.schema.and_then(Cursor::item));
                    for part in items {
                        self.identified(part, at.schema);
                        self.part(part, item, names);
                    }
                }
            }
            PartKind::Remove(item) => {
                if at.stands == Stands::AsItem {
                    self.part(item, at, names);
                } else if !matches!(&item.kind, PartKind::Map(entries) if entries.is_empty()) {
                    let (title, label) = ("`$remove` takes away all that stands here", "beside it");
                    self.refuse(Code::TemplateDirective, item.span, title, label);
                }
            }
            PartKind::Map(entries) => {
                if self.expects(at.schema, &[Type::Object], part.span) {
                    self.entries(entries, at, names, part.span);
                }
            }
            PartKind::For(each) => {
                let (clause, body) = &**each;
                let inner = self.bind(clause, names);
                if at.stands == Stands::Alone {
                    self.entries_of_loop(body);
                }
                self.part(body, at, &inner);
            }
            PartKind::Merge(layers) => {
                // Either side may leave to the other what is required.
                let side = Place { whole: false, ..at };
                self.part(&layers.0, side, names);
                self.part(&layers.1, side, names);
                if let (Some(below), Some(above)) = (keys(&layers.0), keys(&layers.1)) {
                    self.required(at, |field| {
                        let there = below.contains(field) || above.contains(field);
                        (!there).then(|| (part.span, "neither side has it".to_owned()))
                    });
                }
            }
        }
        Shape::Any
    }

    fn entries(&mut self, entries: &[Entry], at: Place<'_>, names: &Names, span: Span) {
        let mut found: BTreeMap<&str, (Shape, Span)> = BTreeMap::new();
        let mut computed = false;
        for entry in entries {
            let place = match &entry.key {
                Key::Literal(key) => at.schema.and_then(|at| self.field(at, key, entry.span)),
                Key::Splice(chunks) => {
                    self.splice(chunks, names);
                    at.schema.and_then(|at| at.field(""))
                }
            };
            let shape = self.part(&entry.value, Place::whole(place), names);
            match &entry.key {
                Key::Literal(key) => drop(found.insert(key, (shape, entry.value.span))),
                Key::Splice(_) => computed = true,
            }
        }
        self.required(at, |field| match found.get(field) {
            Some((Shape::Optional(_), at)) => Some((*at, "may be left out on some branch".to_owned())),
            None if !computed => Some((span, format!("has no `{field}`"))),
            _ => None,
        });
    }

    /// Each round of a loop that stands alone makes entries, and no two may make the same.
    fn entries_of_loop(&mut self, body: &Part) {
        match &body.kind {
            PartKind::Map(entries) => {
                for entry in entries.iter().filter(|entry| matches!(entry.key, Key::Literal(_))) {
                    let title = "each round of the loop would make this key again";
                    let found = Diagnostic::error(Code::TemplateDirective, title).at(entry.span, "constant");
                    self.sink.push(found.help("put fixed entries beside a `$merge` that holds the loop"));
                }
            }
            PartKind::If(condition) => {
                self.entries_of_loop(&condition.then);
                condition.otherwise.iter().for_each(|part| self.entries_of_loop(part));
            }
            PartKind::Merge(layers) => {
                self.entries_of_loop(&layers.0);
                self.entries_of_loop(&layers.1);
            }
            PartKind::Include(include) => {
                let body = self.fragments.parts.get(&*include.path);
                // A circle of inclusions is reported where it closes.
                body.into_iter().filter(|part| matches!(part.kind, PartKind::Map(_))).for_each(|part| {
                    self.entries_of_loop(part);
                });
            }
            PartKind::For(each) => self.entries_of_loop(&each.1),
            PartKind::Expression(_) | PartKind::Remove(_) => {}
            PartKind::Literal(_) | PartKind::Splice(_) | PartKind::List(_) | PartKind::File(_) => {
                let (title, label) =
                    ("outside a list, a loop makes the entries of a mapping", "not a mapping");
                self.refuse(Code::TemplateDirective, body.span, title, label);
            }
        }
    }

    /// Reports the required fields of which `lack` says where and how they are missing.
    fn required(&mut self, at: Place<'_>, lack: impl Fn(&str) -> Option<(Span, String)>) {
        let is_whole = at.whole && self.extent == Extent::Whole;
        let Some(schema) = at.schema.filter(|_| is_whole) else { return };
        for field in schema.schema().to_be_given() {
            if let Some((span, label)) = lack(field) {
                self.refuse(Code::TemplateSchema, span, format!("`{field}` is required"), label);
            }
        }
    }

    fn splice(&mut self, chunks: &[Chunk], names: &Names) {
        for chunk in chunks {
            let Chunk::Expression(expression) = chunk else { continue };
            let (title, label) = match infer(expression, names, self.sink) {
                Shape::Any | Shape::Bool | Shape::Int | Shape::Text | Shape::Choice(_) => continue,
                Shape::Optional(_) => ("what may be `none` cannot stand within text", "may be `none`"),
                _ => ("a structure cannot stand within text", "not a single value"),
            };
            self.refuse(Code::TemplateValue, expression.span, title, label);
        }
    }

    fn arguments(&mut self, include: &Include, names: &Names) -> Vec<(Arc<str>, Shape)> {
        let arguments = include.arguments.iter();
        let place = Place::whole(None);
        arguments
            .map(|argument| (Arc::clone(&argument.name), self.part(&argument.value, place, names)))
            .collect()
    }

    fn not_found<'k>(
        &mut self,
        what: &str,
        include: &Include,
        known: impl Iterator<Item = &'k String>,
    ) -> Shape {
        let found = Diagnostic::error(Code::TemplateInclude, format!("no {what} `{}`", include.path));
        let found = found.at(include.span, "not found");
        self.sink.push(found.suggest(&include.path, known.map(String::as_str)));
        Shape::Any
    }

    fn unused(&mut self, include: &Include, inner: &Names) {
        for argument in include.arguments.iter().filter(|argument| !inner.is_used(&argument.name)) {
            let title = format!("`{}` does not use `{}`", include.path, argument.name);
            self.refuse(Code::TemplateInclude, argument.span, title, "has no effect");
        }
    }

    fn include(&mut self, include: &Include, at: Place<'_>, names: &Names) -> Shape {
        let bound = self.arguments(include, names);
        let (fragments, name) = (self.fragments, &include.path);
        let Some(body) = fragments.parts.get(&**name) else {
            return self.not_found("fragment", include, fragments.parts.keys());
        };
        if self.visited > MOST_PARTS {
            let title = format!("a template of more than {MOST_PARTS} parts");
            self.refuse(Code::TemplateInclude, include.span, title, "inclusions of inclusions multiply");
            return Shape::Any;
        }
        if self.open.contains(name) {
            let title = format!("`{name}` includes itself");
            self.refuse(Code::TemplateInclude, include.span, title, "closes the circle");
            return Shape::Any;
        }
        self.open.push(Arc::clone(name));
        let inner = Names::of_fragment(bound, name, include.span);
        let shape = self.part(body, at, &inner);
        self.open.pop();
        self.unused(include, &inner);
        shape
    }

    fn literal(&mut self, value: &Value, at: Option<Cursor<'_>>, span: Span) -> Shape {
        let shape = match value {
            Value::Bool(_) => Shape::Bool,
            Value::Int(_) => Shape::Int,
            Value::String(_) => Shape::Text,
            _ => Shape::Any,
        };
        self.fits(&shape, at, span);
        let Some(at) = at else { return shape };
        match value {
            Value::Float(_) if !at.schema().takes_fractions() => self.mismatch(at, "number", span),
            Value::String(text) => self.allowed(text, at, span),
            _ => {}
        }
        shape
    }

    /// Reports a text that is not among those that the schema enumerates.
    fn allowed(&mut self, text: &str, at: Cursor<'_>, span: Span) {
        let allowed: Vec<&str> = at.schema().choices.iter().filter_map(serde_json::Value::as_str).collect();
        if !allowed.is_empty() && !allowed.contains(&text) {
            self.sink.push(
                Diagnostic::error(Code::TemplateSchema, format!("`{text}` is not allowed here"))
                    .at(span, format!("one of {}", allowed.join(", ")))
                    .suggest(text, allowed),
            );
        }
    }

    /// Reports what of a type does not fit the schema.
    fn fits(&mut self, shape: &Shape, at: Option<Cursor<'_>>, span: Span) {
        let Some(schema) = at else { return };
        match shape {
            Shape::Any => {}
            Shape::Optional(inner) => self.fits(inner, at, span),
            Shape::Bool => {
                self.expects(at, &[Type::Boolean], span);
            }
            Shape::Int => {
                self.expects(at, &[Type::Integer, Type::Number], span);
            }
            Shape::Text => {
                self.expects(at, &[Type::String], span);
            }
            Shape::Choice(texts) => {
                if self.expects(at, &[Type::String], span) {
                    texts.iter().for_each(|text| self.allowed(text, schema, span));
                }
            }
            Shape::List(inner) => {
                if self.expects(at, &[Type::Array], span) {
                    self.fits(inner, schema.item(), span);
                }
            }
            Shape::Map(inner) => {
                if self.expects(at, &[Type::Object], span) {
                    let value = schema.field("");
                    if value.is_none() && !schema.keeps_unknown("") {
                        let title = format!("{} has fixed fields", short(schema.definition()));
                        let label = "a map with keys of the declaration";
                        self.refuse(Code::TemplateSchema, span, title, label);
                    }
                    self.fits(inner, value, span);
                }
            }
            Shape::Struct(fields) => {
                if self.expects(at, &[Type::Object], span) {
                    for (name, shape) in fields {
                        let field = self.field(schema, name, span);
                        self.fits(shape, field, span);
                    }
                }
            }
        }
    }

    /// Whether the schema takes a value of one of these types; if not, that is reported of the first.
    fn expects(&mut self, at: Option<Cursor<'_>>, types: &[Type], span: Span) -> bool {
        let Some(at) = at else { return true };
        let fits = if at.schema().int_or_string {
            types.contains(&Type::Integer) || types.contains(&Type::String)
        } else {
            at.schema().kind.is_none_or(|kind| types.contains(&kind))
        };
        if !fits {
            self.mismatch(at, types[0].as_str(), span);
        }
        fits
    }

    fn mismatch(&mut self, at: Cursor<'_>, found: &str, span: Span) {
        let title = format!("expected {}, found {found}", at.schema().expected());
        self.refuse(Code::TemplateSchema, span, title, format!("gives {found}"));
    }

    /// The place of a field, which the schema must know.
    fn field<'c>(&mut self, at: Cursor<'c>, name: &str, span: Span) -> Option<Cursor<'c>> {
        let place = at.field(name);
        if place.is_none() && !at.keeps_unknown(name) {
            let found = Diagnostic::error(Code::TemplateSchema, format!("unknown field `{name}`"))
                .at(span, format!("not a field of {}", short(at.definition())))
                .suggest(name, at.schema().properties.keys().map(String::as_str));
            self.sink.push(at.elsewhere(name).into_iter().fold(found, Diagnostic::note));
        }
        place
    }
}

/// The keys that a part is known to have; none when they depend on data or stand in a fragment.
fn keys(part: &Part) -> Option<BTreeSet<&str>> {
    let PartKind::Map(entries) = &part.kind else { return None };
    let keys = entries.iter().map(|entry| match &entry.key {
        Key::Literal(key) => Some(&**key),
        Key::Splice(_) => None,
    });
    keys.collect()
}

/// `DeploymentSpec` of `io.k8s.api.apps.v1.DeploymentSpec`, `ScaledJob` of `keda.sh/v1alpha1/ScaledJob`
fn short(definition: &str) -> &str {
    definition.rsplit(['.', '/']).next().unwrap_or(definition)
}

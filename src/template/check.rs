//! The static check: every branch of a template against the types of the context and the Kubernetes schema,
//! before there is any data.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::infer::{Names, infer, union};
use super::{Chunk, Entry, Fragments, Include, Key, Loop, Part, PartKind, Template};
use crate::diag::{Code, Diagnostic, Sink, Span};
use crate::k8s::{Catalog, Cursor, Type, Value};
use crate::model::Shape;

/// Checks a template; what is wrong goes into the sink.
pub fn check(
    template: &Template,
    fragments: &Fragments,
    context: &Shape,
    catalog: &Catalog,
    sink: &mut Sink,
) {
    let bound = match context {
        Shape::Struct(fields) => {
            fields.iter().map(|(name, shape)| (Arc::from(*name), shape.clone())).collect()
        }
        _ => Vec::new(),
    };
    let mut names = Names::of(bound);
    let mut check = Check { fragments, sink, open: Vec::new(), visited: 0, demand: Demand::Whole };
    for clause in &template.loops {
        names = check.bind(clause, &names);
    }
    if let Some(condition) = &template.condition {
        infer(condition, &names, check.sink);
        names = names.where_true(condition);
    }
    let root = check.root(template, catalog);
    check.part(&template.body, root, &names);
}

/// The most parts of one template, inclusions counted each time; the largest of ours has about 150.
const MOST_PARTS: usize = 20_000;

/// Whether something is placed whatever the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Always,
    Sometimes,
}

/// Whether a mapping must have all that is required, or is a part of one that must.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Demand {
    Whole,
    Partial,
}

struct Check<'a> {
    fragments: &'a Fragments,
    sink: &'a mut Sink,
    /// The fragments that are being included, outermost first.
    open: Vec<String>,
    /// How many parts were looked at; inclusions of inclusions multiply.
    visited: usize,
    demand: Demand,
}

impl Check<'_> {
    fn refuse(&mut self, code: Code, span: Span, title: impl Into<String>, label: impl Into<String>) {
        self.sink.push(Diagnostic::error(code, title).at(span, label));
    }

    /// The schema of the template's kind.
    fn root<'c>(&mut self, template: &Template, catalog: &'c Catalog) -> Option<Cursor<'c>> {
        let literal = |name: &str| match &template.body.kind {
            PartKind::Map(entries) => {
                entries.iter().find_map(|entry| match (&entry.key, &entry.value.kind) {
                    (Key::Literal(key), PartKind::Literal(Value::String(text))) if &**key == name => {
                        Some((&**text, entry.value.span))
                    }
                    _ => None,
                })
            }
            _ => None,
        };
        let (Some((api_version, _)), Some((kind, at))) = (literal("apiVersion"), literal("kind")) else {
            let title = "a template says literally what it makes";
            self.refuse(
                Code::TemplateSchema,
                template.body.span,
                title,
                "without a literal `apiVersion` and `kind`",
            );
            return None;
        };
        let cursor = catalog.cursor(api_version, kind);
        if cursor.is_none() {
            let kinds = catalog.kinds().iter().map(|known| known.kind);
            self.sink.push(
                Diagnostic::error(
                    Code::UnknownKind,
                    format!("Kubernetes {} has no {api_version} {kind}", catalog.minor),
                )
                .at(at, "unknown kind")
                .suggest(kind, kinds),
            );
        }
        cursor
    }

    fn bind(&mut self, clause: &Loop, names: &Names) -> Names {
        let over = infer(&clause.over, names, self.sink);
        let item = match over {
            Shape::List(inner) if clause.key.is_none() => *inner,
            Shape::Map(inner) => *inner,
            Shape::Any => Shape::Any,
            Shape::List(_) => {
                self.refuse(Code::TemplateUnknownName, clause.span, "a list has no keys", "write one name");
                Shape::Any
            }
            _ => {
                self.refuse(
                    Code::TemplateUnknownName,
                    clause.over.span,
                    "only lists and maps can be iterated",
                    "neither",
                );
                Shape::Any
            }
        };
        let mut inner = names.clone();
        if let Some(key) = &clause.key {
            inner.bind(key, Shape::Text, clause.span, self.sink);
        }
        inner.bind(&clause.item, item, clause.span, self.sink);
        inner
    }

    /// Checks a part where the schema expects what `at` says; nothing is expected where it is none.
    fn part(&mut self, part: &Part, at: Option<Cursor<'_>>, names: &Names) -> Presence {
        self.visited += 1;
        match &part.kind {
            PartKind::Literal(value) => {
                if let Some(at) = at {
                    self.literal(value, at, part.span);
                }
                Presence::Always
            }
            PartKind::Expression(expression) => {
                let shape = infer(expression, names, self.sink);
                if let Some(at) = at {
                    self.shape(&shape, at, expression.span);
                }
                match shape {
                    Shape::Optional(_) => Presence::Sometimes,
                    _ => Presence::Always,
                }
            }
            PartKind::Splice(chunks) => {
                self.splice(chunks, names);
                if let Some(at) = at {
                    self.shape(&Shape::Text, at, part.span);
                }
                Presence::Always
            }
            PartKind::List(items) => {
                if self.expects(at, Type::Array, part.span) {
                    for item in items {
                        self.part(item, at.and_then(Cursor::item), names);
                    }
                }
                Presence::Always
            }
            PartKind::Map(entries) => {
                if self.expects(at, Type::Object, part.span) {
                    self.entries(entries, at, names, part.span);
                }
                Presence::Always
            }
            PartKind::If(condition) => {
                infer(&condition.test, names, self.sink);
                let demand = self.demand;
                let then = self.part(&condition.then, at, &names.where_true(&condition.test));
                self.demand = demand;
                let otherwise = condition.otherwise.as_ref();
                let otherwise = otherwise.map_or(Presence::Sometimes, |part| self.part(part, at, names));
                if then == otherwise { then } else { Presence::Sometimes }
            }
            PartKind::For(each) => {
                let (clause, body) = &**each;
                let inner = self.bind(clause, names);
                self.part(body, at, &inner);
                Presence::Always
            }
            PartKind::Merge(layers) => {
                // Either side may leave to the other what is required.
                let demand = std::mem::replace(&mut self.demand, Demand::Partial);
                self.part(&layers.0, at, names);
                self.demand = Demand::Partial;
                self.part(&layers.1, at, names);
                self.demand = Demand::Whole;
                let required = at.map(|at| at.schema().required.as_slice()).unwrap_or_default();
                if let (Some(below), Some(above), Demand::Whole) = (keys(&layers.0), keys(&layers.1), demand)
                {
                    for field in required
                        .iter()
                        .filter(|field| !below.contains(&field.as_str()) && !above.contains(&field.as_str()))
                    {
                        let title = format!("`{field}` is required");
                        self.refuse(Code::TemplateSchema, part.span, title, "neither side has it");
                    }
                }
                Presence::Always
            }
            PartKind::Include(include) => self.include(include, at, names),
        }
    }

    fn entries(&mut self, entries: &[Entry], at: Option<Cursor<'_>>, names: &Names, span: Span) {
        let demand = std::mem::replace(&mut self.demand, Demand::Whole);
        let mut found: BTreeMap<&str, (Presence, Span)> = BTreeMap::new();
        let mut computed = false;
        for entry in entries {
            let presence = self.entry(entry, at, names);
            match &entry.key {
                Key::Literal(key) => drop(found.insert(key, (presence, entry.value.span))),
                Key::Splice(_) => computed = true,
            }
        }
        let required = at.map(|at| at.schema().required.as_slice()).unwrap_or_default();
        for field in required.iter().filter(|_| demand == Demand::Whole) {
            match found.get(field.as_str()) {
                Some((Presence::Always, _)) => {}
                Some((Presence::Sometimes, at)) => {
                    self.refuse(
                        Code::TemplateSchema,
                        *at,
                        format!("`{field}` is required"),
                        "may be left out on some branch",
                    );
                }
                None if computed => {}
                None => self.refuse(
                    Code::TemplateSchema,
                    span,
                    format!("`{field}` is required"),
                    format!("has no `{field}`"),
                ),
            }
        }
    }

    fn entry(&mut self, entry: &Entry, at: Option<Cursor<'_>>, names: &Names) -> Presence {
        let place = match &entry.key {
            Key::Literal(key) => {
                let place = at.and_then(|at| at.field(key));
                if let Some(at) = at.filter(|at| place.is_none() && !at.keeps_unknown()) {
                    let fields = at.schema().properties.keys().map(String::as_str);
                    self.sink.push(
                        Diagnostic::error(Code::TemplateSchema, format!("unknown field `{key}`"))
                            .at(entry.span, format!("not a field of {}", short(at.definition())))
                            .suggest(key, fields),
                    );
                }
                place
            }
            Key::Splice(chunks) => {
                self.splice(chunks, names);
                at.and_then(|at| at.field(""))
            }
        };
        self.part(&entry.value, place, names)
    }

    fn splice(&mut self, chunks: &[Chunk], names: &Names) {
        for chunk in chunks {
            let Chunk::Expression(expression) = chunk else { continue };
            match infer(expression, names, self.sink) {
                Shape::Any | Shape::Bool | Shape::Int | Shape::Text => {}
                Shape::Optional(_) => {
                    self.refuse(
                        Code::TemplateValue,
                        expression.span,
                        "what may be `none` cannot stand within text",
                        "may be `none`",
                    );
                }
                _ => self.refuse(
                    Code::TemplateValue,
                    expression.span,
                    "a structure cannot stand within text",
                    "not a single value",
                ),
            }
        }
    }

    fn include(&mut self, include: &Include, at: Option<Cursor<'_>>, names: &Names) -> Presence {
        let mut bound = Vec::with_capacity(include.arguments.len());
        for argument in &include.arguments {
            let shape = self.argument(&argument.value, names);
            bound.push((Arc::clone(&argument.name), shape));
        }
        let fragments = self.fragments;
        let Some(fragment) = fragments.get(&include.fragment) else {
            self.sink.push(
                Diagnostic::error(Code::TemplateInclude, format!("no fragment `{}`", include.fragment))
                    .at(include.span, "not found")
                    .suggest(&include.fragment, fragments.keys().map(String::as_str)),
            );
            return Presence::Always;
        };
        if self.visited > MOST_PARTS {
            let title = format!("a template of more than {MOST_PARTS} parts");
            self.refuse(Code::TemplateInclude, include.span, title, "inclusions of inclusions multiply");
            return Presence::Always;
        }
        if self.open.contains(&include.fragment) {
            self.refuse(
                Code::TemplateInclude,
                include.span,
                format!("`{}` includes itself", include.fragment),
                "closes the circle",
            );
            return Presence::Always;
        }
        self.open.push(include.fragment.clone());
        let inner = Names::of_fragment(bound, &include.fragment, include.span);
        let presence = self.part(&fragment.body, at, &inner);
        self.open.pop();
        for argument in include.arguments.iter().filter(|argument| !inner.is_used(&argument.name)) {
            let title = format!("`{}` does not use `{}`", include.fragment, argument.name);
            self.refuse(Code::TemplateInclude, argument.span, title, "has no effect");
        }
        presence
    }

    /// The type of an argument; structures written in place are not looked into.
    fn argument(&mut self, part: &Part, names: &Names) -> Shape {
        match &part.kind {
            PartKind::Expression(expression) => infer(expression, names, self.sink),
            PartKind::Literal(Value::Bool(_)) => Shape::Bool,
            PartKind::Literal(Value::Int(_)) => Shape::Int,
            PartKind::Literal(Value::String(_)) => Shape::Text,
            PartKind::Splice(chunks) => {
                self.splice(chunks, names);
                Shape::Text
            }
            PartKind::Literal(Value::Null) => Shape::Optional(Box::new(Shape::Any)),
            PartKind::If(condition) => {
                infer(&condition.test, names, self.sink);
                let then = self.argument(&condition.then, &names.where_true(&condition.test));
                let none = Shape::Optional(Box::new(Shape::Any));
                let otherwise = condition.otherwise.as_ref().map_or(none, |part| self.argument(part, names));
                union(then, otherwise)
            }
            _ => {
                self.part(part, None, names);
                Shape::Any
            }
        }
    }

    /// Whether the schema expects a list or an object here.
    fn expects(&mut self, at: Option<Cursor<'_>>, kind: Type, span: Span) -> bool {
        let Some(at) = at else { return true };
        let fits = at.schema().kind == Some(kind) || at.schema().kind.is_none() && !at.schema().int_or_string;
        if !fits {
            self.mismatch(at, kind.as_str(), span);
        }
        fits
    }

    fn literal(&mut self, value: &Value, at: Cursor<'_>, span: Span) {
        let shape = match value {
            Value::Null => return,
            Value::Bool(_) => Shape::Bool,
            Value::Int(_) => Shape::Int,
            Value::String(_) => Shape::Text,
            Value::Float(_) if at.schema().takes_fractions() => return,
            other => return self.mismatch(at, other.type_name(), span),
        };
        self.shape(&shape, at, span);
        let choices = &at.schema().choices;
        if let (Value::String(text), false) = (value, choices.is_empty())
            && !choices.iter().any(|choice| choice.as_str() == Some(text))
        {
            let known: Vec<&str> = choices.iter().filter_map(serde_json::Value::as_str).collect();
            self.sink.push(
                Diagnostic::error(Code::TemplateSchema, format!("`{text}` is not allowed here"))
                    .at(span, format!("one of {}", known.join(", ")))
                    .suggest(text, known.iter().copied()),
            );
        }
    }

    fn shape(&mut self, shape: &Shape, at: Cursor<'_>, span: Span) {
        let schema = at.schema();
        let scalar = |kind| schema.kind == Some(kind) || schema.kind.is_none();
        match shape {
            Shape::Optional(inner) => self.shape(inner, at, span),
            Shape::Bool if schema.int_or_string || !scalar(Type::Boolean) => {
                self.mismatch(at, "boolean", span);
            }
            Shape::Int if !schema.int_or_string && !scalar(Type::Integer) && !scalar(Type::Number) => {
                self.mismatch(at, "integer", span);
            }
            Shape::Text if !schema.int_or_string && !scalar(Type::String) => {
                self.mismatch(at, "string", span);
            }
            Shape::Any | Shape::Bool | Shape::Int | Shape::Text => {}
            Shape::List(inner) => {
                if self.expects(Some(at), Type::Array, span)
                    && let Some(item) = at.item()
                {
                    self.shape(inner, item, span);
                }
            }
            Shape::Map(inner) => {
                if self.expects(Some(at), Type::Object, span) {
                    match at.field("") {
                        Some(value) => self.shape(inner, value, span),
                        None if at.keeps_unknown() => {}
                        None => self.refuse(
                            Code::TemplateSchema,
                            span,
                            format!("{} has fixed fields", short(at.definition())),
                            "a map with keys of the declaration",
                        ),
                    }
                }
            }
            Shape::Struct(fields) => {
                if self.expects(Some(at), Type::Object, span) {
                    for (name, shape) in fields {
                        match at.field(name) {
                            Some(field) => self.shape(shape, field, span),
                            None if at.keeps_unknown() => {}
                            None => self.refuse(
                                Code::TemplateSchema,
                                span,
                                format!("unknown field `{name}`"),
                                format!("not a field of {}", short(at.definition())),
                            ),
                        }
                    }
                }
            }
        }
    }

    fn mismatch(&mut self, at: Cursor<'_>, found: &str, span: Span) {
        let expected = at.schema().expected();
        self.refuse(
            Code::TemplateSchema,
            span,
            format!("expected {expected}, found {found}"),
            format!("gives {found}"),
        );
    }
}

/// The keys that a part is known to have; none when they depend on data or stand in a fragment.
fn keys(part: &Part) -> Option<BTreeSet<&str>> {
    match &part.kind {
        PartKind::Map(entries) => entries
            .iter()
            .map(|entry| match &entry.key {
                Key::Literal(key) => Some(&**key),
                Key::Splice(_) => None,
            })
            .collect(),
        _ => None,
    }
}

/// `DeploymentSpec` of `io.k8s.api.apps.v1.DeploymentSpec`
fn short(definition: &str) -> &str {
    definition.rsplit('.').next().unwrap_or(definition)
}

//! One setting after the other, those first that others need.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::declare::{
    Declared, Definition, Per, SecretRef, SecretVia, SettingName, SettingType, SettingValue, Typed,
};
use crate::diag::{Code, Diagnostic, Sink, Span, closest};
use crate::merge::{InputSet, Sourced};
use crate::model::{Context, Leaf, Names, Shape, Structure};
use crate::template::Formula;

/// What settings are in the names of expressions.
const SETTINGS: &str = "settings";
/// What a workload is in those of settings that each has its own of.
const WORKLOAD: &str = "workload";

/// What is laid over the declaration, by setting.
pub type Overlay = BTreeMap<SettingName, Overlaid>;

/// A value from outside of the declaration.
#[derive(Clone, Debug)]
pub struct Overlaid {
    pub value: Typed,
    /// Where it was found: `.env:3`.
    pub place: String,
}

/// A setting that is there.
#[derive(Clone, Debug)]
pub struct Effective {
    pub value: Value,
    pub source: Source,
    /// What gave it.
    pub inputs: InputSet,
    /// What decided that it is there.
    pub presence: InputSet,
}

impl Effective {
    fn new(value: Value, source: Source, inputs: InputSet) -> Self {
        Self { value, source, inputs, presence: InputSet::default() }
    }

    /// What gave it and what decided that it is there.
    pub fn all_inputs(&self) -> InputSet {
        let mut all = self.inputs.clone();
        all.extend(&self.presence);
        all
    }
}

/// What a setting is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Known; of a secret, its text.
    Known(Typed),
    /// Made of a secret whose text is not known here: that setting.
    Hidden(SettingName),
}

/// Who gave a setting its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Its definition.
    Default(Option<Span>),
    /// A file of the environment.
    Declared(Option<Span>),
    /// An expression.
    Derived(Option<Span>),
    /// Something outside of the declaration.
    Outside(String),
}

/// Every setting that is there, with those that each workload has its own of.
#[derive(Debug, Default)]
pub struct Resolved {
    pub shared: BTreeMap<SettingName, Effective>,
    /// By workload.
    pub own: BTreeMap<Arc<str>, BTreeMap<SettingName, Effective>>,
}

/// Whether settings that are made of secrets are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    Computed,
    LeftOut,
}

/// Every setting that all workloads share, in the order of their names.
pub fn effective(
    declared: &Declared,
    context: &Names,
    overlay: &Overlay,
    place_of: &dyn Fn(&InputSet) -> Option<Span>,
    sink: &mut Sink,
) -> BTreeMap<SettingName, Effective> {
    resolve(declared, context, overlay, Secrets::Computed, place_of, sink).shared
}

pub(super) fn resolve(
    declared: &Declared,
    context: &Names,
    overlay: &Overlay,
    secrets: Secrets,
    place_of: &dyn Fn(&InputSet) -> Option<Span>,
    sink: &mut Sink,
) -> Resolved {
    let mut resolver = Resolver {
        declared,
        context,
        overlay,
        secrets,
        place_of,
        done: BTreeMap::new(),
        open: Vec::new(),
        sink,
    };
    let mut own: BTreeMap<Arc<str>, BTreeMap<SettingName, Effective>> = BTreeMap::new();
    for (name, definition) in declared.system.value().settings.value() {
        let is_own = definition.value().per.as_ref().is_some_and(|per| *per.value() == Per::Workload);
        if !is_own {
            resolver.shared(name, definition);
        } else if let Some(overlaid) = overlay.get(name) {
            resolver.done.insert(name.clone(), Some(outside(overlaid)));
        } else {
            for (workload, value) in resolver.of_workloads(name, definition) {
                own.entry(workload).or_default().insert(name.clone(), value);
            }
        }
    }
    let shared = resolver.done.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    Resolved { shared, own }
}

fn outside(overlaid: &Overlaid) -> Effective {
    let value = Value::Known(overlaid.value.clone());
    Effective::new(value, Source::Outside(overlaid.place.clone()), InputSet::default())
}

struct Resolver<'a> {
    declared: &'a Declared,
    context: &'a Names,
    overlay: &'a Overlay,
    secrets: Secrets,
    place_of: &'a dyn Fn(&InputSet) -> Option<Span>,
    /// Those that were asked for; none for those that are not there.
    done: BTreeMap<SettingName, Option<Effective>>,
    /// Those that are being asked for.
    open: Vec<&'a SettingName>,
    sink: &'a mut Sink,
}

impl<'a> Resolver<'a> {
    /// A setting that all workloads share, and those that it needs.
    fn shared(&mut self, name: &'a SettingName, definition: &'a Sourced<Definition>) -> Option<Effective> {
        if let Some(done) = self.done.get(name) {
            return done.clone();
        }
        let value = self.compute(name, definition);
        self.done.insert(name.clone(), value.clone());
        value
    }

    fn compute(&mut self, name: &'a SettingName, definition: &'a Sourced<Definition>) -> Option<Effective> {
        if let Some(overlaid) = self.overlay.get(name) {
            return Some(outside(overlaid));
        }
        let applies = self.applies(definition);
        if !*applies.value() {
            return None;
        }
        let mut effective = match &definition.value().derived {
            None => self.plain(name, definition.value()),
            Some(text) => {
                let formula = self.formula(name, definition.value(), text)?;
                let needed = self.needed(name, &formula)?;
                self.derived(name, definition.value(), &formula, &needed, None)
            }
        }?;
        effective.presence.extend(applies.inputs());
        Some(effective)
    }

    fn applies(&self, definition: &Sourced<Definition>) -> Sourced<bool> {
        self.declared.applies(definition, |other| match self.overlay.get(other) {
            Some(overlaid) => Some(Sourced::default_of(overlaid.value.to_string())),
            None => self.declared.plain_text(other),
        })
    }

    /// What is set, or the default.
    fn plain(&self, name: &SettingName, definition: &Definition) -> Option<Effective> {
        let value = self.declared.plain_setting(name.as_str())?;
        // What does not fit was reported.
        let typed = definition.fit(value.value()).ok()?;
        let typed = match &typed {
            Typed::Secret(key) if self.secrets == Secrets::Computed => self.literal(key).unwrap_or(typed),
            _ => typed,
        };
        let source = match self.declared.settings.value().get(name.as_str()) {
            Some(set) => Source::Declared((self.place_of)(set.inputs())),
            None => {
                let default = definition.default_for(*self.declared.environment.tier.value())?;
                Source::Default((self.place_of)(default.inputs()))
            }
        };
        Some(Effective::new(Value::Known(typed), source, value.inputs().clone()))
    }

    /// The value of a secret that the declaration holds.
    fn literal(&self, key: &SecretRef) -> Option<Typed> {
        let secret = self.declared.secrets.get(key.secret.value())?.value();
        let values = secret.literal.as_ref().filter(|_| *secret.via.value() == SecretVia::Literal)?;
        Some(Typed::Text(values.value().get(key.key.value())?.value().expose().to_owned()))
    }

    fn formula(
        &mut self,
        name: &SettingName,
        definition: &Definition,
        text: &Sourced<String>,
    ) -> Option<Formula> {
        let span = (self.place_of)(text.inputs())?;
        let formula = Formula::parse(text.value(), span, self.sink)?;
        let is_own = definition.per.is_some();
        if !is_own && formula.paths().iter().any(|path| head(path) == WORKLOAD) {
            let title = format!("setting `{name}` is derived from a workload");
            let found = Diagnostic::error(Code::SettingDefinition, title).at(span, "of which workload?");
            self.sink.push(found.help("with `per = \"workload\"` each has its own"));
            return None;
        }
        Some(formula)
    }

    /// The settings that a formula reads, each with its value; none when one of them cannot be had.
    fn needed(
        &mut self,
        name: &'a SettingName,
        formula: &Formula,
    ) -> Option<BTreeMap<SettingName, Option<Effective>>> {
        let mut needed = BTreeMap::new();
        let paths = formula.paths();
        let read = paths.iter().filter_map(|path| path.strip_prefix(SETTINGS)?.strip_prefix('.'));
        self.open.push(name);
        for other in read {
            let Some((other, definition)) = self.declared.definition(other) else {
                self.undefined(name, other, formula.span());
                self.open.pop();
                return None;
            };
            if let Some(start) = self.open.iter().position(|open| *open == other) {
                let circle: Vec<&str> =
                    self.open[start..].iter().chain([&other]).map(|name| name.as_str()).collect();
                let title = format!("setting `{name}` needs itself");
                let found =
                    Diagnostic::error(Code::SettingDefinition, title).at(formula.span(), "closes the circle");
                self.sink.push(found.note(circle.join(" → ")));
                self.open.pop();
                return None;
            }
            let value = self.shared(other, definition);
            needed.insert(other.clone(), value);
        }
        self.open.pop();
        Some(needed)
    }

    fn undefined(&mut self, name: &SettingName, other: &str, at: Span) {
        let definitions = self.declared.system.value().settings.value();
        let names = || definitions.keys().map(SettingName::as_str);
        let title = format!("setting `{name}` is derived from `{other}`, which is no setting");
        let found = Diagnostic::error(Code::SettingDefinition, title).at(at, "not defined");
        let found = found.suggest(other, names());
        // The slip may be here or there.
        let near = closest(other, names()).and_then(|near| definitions.get(near));
        self.sink.push(match near.and_then(|near| (self.place_of)(near.inputs())) {
            Some(near) => found.context(near, "nearly of that name"),
            None => found,
        });
    }

    /// What the formula of a setting gives, for a workload where each has its own.
    fn derived(
        &mut self,
        name: &SettingName,
        definition: &Definition,
        formula: &Formula,
        needed: &BTreeMap<SettingName, Option<Effective>>,
        workload: Option<&Context>,
    ) -> Option<Effective> {
        let is_secret = |name: &SettingName| {
            let definition = self.declared.definition(name.as_str());
            definition.is_some_and(|(_, it)| *it.value().kind.value() == SettingType::Secret)
        };
        let shows = needed.keys().find(|other| is_secret(other)).filter(|_| !is_secret(name));
        if let Some(secret) = shows {
            let title = format!("setting `{name}` would show the secret `{secret}`");
            let found = Diagnostic::error(Code::SettingDefinition, title).at(formula.span(), "reads it");
            self.sink.push(found.help("what is made of a secret is one: `type = \"secret\"`"));
            return None;
        }
        let (shapes, names) = self.names(formula, needed, workload);
        let before = self.sink.errors();
        formula.check(shapes, self.sink);
        if self.sink.errors() > before || is_secret(name) && self.secrets == Secrets::LeftOut {
            return None;
        }
        let source = Source::Derived(Some(formula.span()));
        let hidden = needed.iter().find(|(_, value)| {
            let value = value.as_ref().map(|value| &value.value);
            matches!(value, Some(Value::Hidden(_) | Value::Known(Typed::Secret(_))))
        });
        if let Some((hidden, _)) = hidden {
            let inputs = InputSet::default();
            return Some(Effective::new(Value::Hidden(hidden.clone()), source, inputs));
        }
        let given = match formula.evaluate(names) {
            Ok(given) => given,
            Err(failure) => {
                self.sink.push(*failure);
                return None;
            }
        };
        let mut inputs = given.inputs.clone();
        inputs.extend(definition.derived.as_ref()?.inputs());
        let value = setting_value(&given, &mut inputs)?;
        let typed = if is_secret(name) { Ok(Typed::Text(value.to_string())) } else { definition.fit(&value) };
        match typed {
            Ok(typed) => Some(Effective::new(Value::Known(typed), source, inputs)),
            Err(misfit) => {
                let path = format!("system.settings.{name}.derived");
                let found = misfit.finding(&path, &value, formula.span());
                let found = found.note(format!("here it gives `{value}`"));
                let near = definition.near(&value.to_string());
                let near = near.and_then(|near| (self.place_of)(near.inputs()));
                self.sink.push(match near {
                    Some(there) => found.context(there, "nearly the same"),
                    None => found,
                });
                None
            }
        }
    }

    /// The names that a formula reads, with their types and their data.
    fn names(
        &self,
        formula: &Formula,
        needed: &BTreeMap<SettingName, Option<Effective>>,
        workload: Option<&Context>,
    ) -> (Vec<(Arc<str>, Shape)>, Names) {
        let (mut shapes, mut names) = (Vec::new(), Vec::new());
        let paths = formula.paths();
        for (name, value) in self.context {
            // Only what is read: a large system has many workloads.
            let is_read = paths.iter().any(|path| head(path) == &**name);
            shapes.push((Arc::clone(name), if is_read { Shape::of(value) } else { Shape::Any }));
            names.push((Arc::clone(name), value.clone()));
        }
        let kind =
            |name: &SettingName| Some(*self.declared.definition(name.as_str())?.1.value().kind.value());
        let shape = |name: &SettingName| {
            let shape = kind(name).map_or(Shape::Any, shape_of);
            let is_there = needed.get(name).is_some_and(Option::is_some);
            let is_secret = kind(name) == Some(SettingType::Secret);
            if is_there && !is_secret { shape } else { Shape::Optional(Box::new(shape)) }
        };
        let settings = self.declared.system.value().settings.value().keys();
        let settings = settings.map(|name| (name.to_string().into(), shape(name))).collect();
        shapes.push((SETTINGS.into(), Shape::Struct(settings)));
        let absent = self.declared.settings.inputs().absence();
        let data = needed
            .iter()
            .map(|(name, value)| (Arc::from(name.as_str()), context_of(value.as_ref(), &absent)));
        let data = Context { value: Structure::map(data.collect()), inputs: InputSet::default() };
        names.push((SETTINGS.into(), data));
        if let Some(workload) = workload {
            shapes.push((WORKLOAD.into(), Shape::of(workload)));
            names.push((WORKLOAD.into(), workload.clone()));
        }
        (shapes, names)
    }

    /// What a setting is for each workload that has its own.
    fn of_workloads(
        &mut self,
        name: &'a SettingName,
        definition: &'a Sourced<Definition>,
    ) -> Vec<(Arc<str>, Effective)> {
        let applies = self.applies(definition);
        let Some(text) = definition.value().derived.as_ref().filter(|_| *applies.value()) else {
            return Vec::new();
        };
        let Some(formula) = self.formula(name, definition.value(), text) else { return Vec::new() };
        let Some(needed) = self.needed(name, &formula) else { return Vec::new() };
        let workloads = self.context.iter().find(|(name, _)| **name == *"workloads");
        let Some(Structure::Map(workloads)) = workloads.map(|(_, workloads)| &workloads.value) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        // Stores are other people's programs.
        let is_ours = |data: &Context| {
            let has_settings = data.get("has_settings").map(|has_settings| &has_settings.value);
            has_settings == Some(&Structure::Leaf(Leaf::Bool(true)))
        };
        for (workload, data) in workloads.iter().filter(|(_, data)| is_ours(data)) {
            let before = self.sink.errors();
            let value = self.derived(name, definition.value(), &formula, &needed, Some(data));
            if self.sink.errors() > before {
                // It is the same for all of them.
                break;
            }
            if let Some(mut value) = value {
                value.presence.extend(applies.inputs());
                value.presence.extend(&data.inputs);
                found.push((Arc::clone(workload), value));
            }
        }
        found
    }
}

fn head(path: &str) -> &str {
    path.split('.').next().unwrap_or_default()
}

fn shape_of(kind: SettingType) -> Shape {
    match kind {
        SettingType::Integer | SettingType::Seconds | SettingType::Port => Shape::Int,
        SettingType::Number => Shape::Any,
        SettingType::Boolean => Shape::Bool,
        SettingType::List => Shape::List(Box::new(Shape::Text)),
        _ => Shape::Text,
    }
}

/// A setting as expressions see it; `none` where it is not there.
fn context_of(value: Option<&Effective>, absent: &InputSet) -> Context {
    let Some(effective @ Effective { value: Value::Known(typed), .. }) = value else {
        return Context { value: Structure::Leaf(Leaf::None), inputs: absent.clone() };
    };
    let inputs = effective.all_inputs();
    let leaf = |leaf| Structure::Leaf(leaf);
    let value = match typed {
        Typed::Integer(number) => leaf(Leaf::Int(*number)),
        Typed::Number(number) => leaf(Leaf::Float(*number)),
        Typed::Flag(flag) => leaf(Leaf::Bool(*flag)),
        Typed::List(items) => {
            let item = |item: &String| Context {
                value: leaf(Leaf::Text(item.as_str().into())),
                inputs: inputs.clone(),
            };
            Structure::List(items.iter().map(item).collect())
        }
        Typed::Text(text) => leaf(Leaf::Text(text.as_str().into())),
        Typed::Secret(_) => leaf(Leaf::None),
    };
    Context { value, inputs }
}

/// What an expression gave as the value of a setting; none for `none`, and for structures that no setting has.
fn setting_value(given: &Context, inputs: &mut InputSet) -> Option<SettingValue> {
    Some(match &given.value {
        Structure::Leaf(Leaf::Bool(flag)) => SettingValue::Flag(*flag),
        Structure::Leaf(Leaf::Int(number)) => SettingValue::Integer(*number),
        Structure::Leaf(Leaf::Float(number)) => SettingValue::Number(*number),
        Structure::Leaf(Leaf::Text(text)) => SettingValue::Text(text.to_string()),
        Structure::List(items) => {
            let texts = items.iter().filter_map(|item| {
                inputs.extend(&item.inputs);
                match &item.value {
                    Structure::Leaf(Leaf::Text(text)) => Some(text.to_string()),
                    Structure::Leaf(Leaf::Int(number)) => Some(number.to_string()),
                    _ => None,
                }
            });
            SettingValue::List(texts.map(Sourced::default_of).collect())
        }
        Structure::Leaf(Leaf::None) | Structure::Map(_) | Structure::Struct(..) => return None,
    })
}

//! Other declarations, each made from a valid one by changing one place of it as the schema allows.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

/// A change of a declaration: usually of one place; of two where one alone would not be valid.
#[derive(Clone, Debug)]
pub struct Mutation(pub Vec<Edit>);

#[derive(Clone, Debug)]
pub struct Edit {
    pub path: Path,
    pub change: Change,
}

#[derive(Clone, Debug)]
pub enum Change {
    Set(Json),
    Remove,
    Rename(String),
}

/// Keys and indices from the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Item(usize),
}

impl Path {
    fn key(&self, key: &str) -> Self {
        Self(self.0.iter().cloned().chain([Step::Key(key.to_owned())]).collect())
    }

    fn item(&self, index: usize) -> Self {
        Self(self.0.iter().cloned().chain([Step::Item(index)]).collect())
    }

    fn sibling(&self, key: &str) -> Self {
        Self(self.0[..self.0.len() - 1].to_vec()).key(key)
    }

    /// The node at its end.
    fn find<'j>(&self, root: &'j Json) -> Option<&'j Json> {
        self.0.iter().try_fold(root, |node, step| match step {
            Step::Key(key) => node.get(key),
            Step::Item(index) => node.get(index),
        })
    }

    fn parent_mut<'j>(&self, root: &'j mut Json) -> Option<(&'j mut Json, &Step)> {
        let (last, parents) = self.0.split_last()?;
        let parent = parents.iter().try_fold(root, |node, step| match step {
            Step::Key(key) => node.get_mut(key),
            Step::Item(index) => node.get_mut(index),
        })?;
        Some((parent, last))
    }
}

/// As `merge` writes it.
impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) => write!(f, "{}{key}", if place == 0 { "" } else { "." })?,
                Step::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl Mutation {
    /// The changed declaration.
    pub fn of(&self, declaration: &Json) -> Json {
        let mut changed = declaration.clone();
        for Edit { path, change } in &self.0 {
            let Some((parent, step)) = path.parent_mut(&mut changed) else { continue };
            match (parent, step, change) {
                (Json::Object(table), Step::Key(key), Change::Set(value)) => {
                    table.insert(key.clone(), value.clone());
                }
                (Json::Object(table), Step::Key(key), Change::Remove) => drop(table.remove(key)),
                (Json::Object(table), Step::Key(key), Change::Rename(name)) => {
                    let entry = table.remove(key).expect("what is renamed is there");
                    table.insert(name.clone(), entry);
                }
                (Json::Array(items), Step::Item(index), Change::Set(value)) => items[*index] = value.clone(),
                (parent, step, change) => panic!("{change:?} of {step:?} in {parent}"),
            }
        }
        changed
    }

    /// The paths of the inputs that it changes, adds or removes.
    pub fn touched(&self) -> Vec<String> {
        let renamed = |edit: &Edit| match &edit.change {
            Change::Rename(name) => Some(edit.path.sibling(name).to_string()),
            _ => None,
        };
        self.0.iter().flat_map(|edit| [Some(edit.path.to_string()), renamed(edit)]).flatten().collect()
    }

    fn and(&self, path: Path, change: Change) -> Self {
        Self(self.0.iter().cloned().chain([Edit { path, change }]).collect())
    }
}

impl std::fmt::Display for Mutation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, Edit { path, change }) in self.0.iter().enumerate() {
            f.write_str(if place == 0 { "" } else { "; " })?;
            match change {
                Change::Set(value) => write!(f, "{path} = {value}")?,
                Change::Remove => write!(f, "{path} removed")?,
                Change::Rename(name) => write!(f, "{path} renamed {name}")?,
            }
        }
        Ok(())
    }
}

/// Everything that is tried with a declaration.
pub fn mutations(declaration: &Json, schema: &Json) -> Vec<Mutation> {
    let mut maker = Maker { declaration, made: Vec::new() };
    maker.node(&Path::default(), declaration, schema);
    let mut seen = BTreeSet::new();
    maker
        .made
        .retain(|mutation| mutation.of(declaration) != *declaration && seen.insert(mutation.to_string()));
    maker.made
}

/// For a change that is not valid alone: with another that goes with it.
pub fn with_another(mutation: &Mutation, declaration: &Json, schema: &Json) -> Vec<Mutation> {
    let of_settings = with_what_settings_need(mutation, declaration);
    if of_settings.is_empty() { with_a_sibling(mutation, declaration, schema) } else { of_settings }
}

/// A change of settings with what their definitions ask for: a setting goes with its being required, all definitions with
/// all that they define, and one that is not there with what is derived from it. Other changes of a definition contradict what stands beside, and no second one helps.
fn with_what_settings_need(mutation: &Mutation, declaration: &Json) -> Vec<Mutation> {
    let [Edit { path, change }] = mutation.0.as_slice() else { return Vec::new() };
    let key = |step: &Step| match step {
        Step::Key(key) => Some(key.clone()),
        Step::Item(_) => None,
    };
    let keys: Vec<String> = path.0.iter().map_while(key).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let path_of = |keys: &[&str]| keys.iter().fold(Path::default(), |path, key| path.key(key));
    let removed = match (&*keys, change) {
        (["settings", name], Change::Remove) => vec![path_of(&["system", "settings", name, "required"])],
        (["system", "settings"], Change::Remove) => vec![path_of(&["settings"])],
        (["system", "settings", name, "when" | "store", ..], _) => {
            // What is derived from it.
            let read = format!("settings.{name}");
            let all = declaration["system"]["settings"].as_object().into_iter().flatten();
            let readers =
                all.filter(|(_, of)| of["derived"].as_str().is_some_and(|text| text.contains(&read)));
            readers.map(|(reader, _)| path_of(&["system", "settings", reader])).collect()
        }
        (["system", "settings", ..], _) => return vec![mutation.clone()],
        _ => return Vec::new(),
    };
    let there = removed.into_iter().filter(|path| path.find(declaration).is_some());
    let with_all = there.fold(mutation.clone(), |mutation, path| mutation.and(path, Change::Remove));
    if with_all.0.len() == 1 { Vec::new() } else { vec![with_all] }
}

/// With one more field of the same table removed or added.
fn with_a_sibling(mutation: &Mutation, declaration: &Json, schema: &Json) -> Vec<Mutation> {
    let [Edit { path, change: Change::Set(_) | Change::Remove }] = mutation.0.as_slice() else {
        return Vec::new();
    };
    let Some((Step::Key(own), parents)) = path.0.split_last() else { return Vec::new() };
    let (parent, Some(table)) = (Path(parents.to_vec()), Path(parents.to_vec()).find(declaration)) else {
        return Vec::new();
    };
    let schema = parents.iter().try_fold(schema.clone(), |schema, step| below(&schema, step));
    let Some(Json::Object(properties)) = schema.map(|schema| schema["properties"].clone()) else {
        return Vec::new();
    };
    let siblings = properties.iter().filter(|(key, _)| *key != own);
    let mut found: Vec<Mutation> = Vec::new();
    for (key, schema) in siblings {
        let here = parent.key(key);
        if let (Some(Json::Number(_)), [Edit { change: Change::Set(number @ Json::Number(_)), .. }]) =
            (table.get(key), mutation.0.as_slice())
        {
            // A range of one.
            found.push(mutation.and(here.clone(), Change::Set(number.clone())));
        }
        // Another form of what is there.
        let forms = schema["anyOf"].as_array().into_iter().flatten();
        let kind = table.get(key).map(type_of);
        for form in forms.filter(|form| kind.is_some() && form["type"].as_str() != kind) {
            found.push(mutation.and(here.clone(), Change::Set(example(form))));
        }
        found.push(match table.get(key) {
            Some(_) => mutation.and(here.clone(), Change::Remove),
            None => mutation.and(here.clone(), Change::Set(example(schema))),
        });
        // What a table of that name lacks.
        if let (Some(entries), Some(known)) =
            (table.get(key).and_then(Json::as_object), schema["properties"].as_object())
        {
            let lacking = known.iter().filter(|(key, _)| !entries.contains_key(*key));
            let with = |mutation: Mutation, (key, schema): (&String, &Json)| {
                mutation.and(here.key(key), Change::Set(example(schema)))
            };
            found.push(lacking.fold(mutation.clone(), with));
        }
    }
    found
}

/// The schema of what lies one step below.
fn below(schema: &Json, step: &Step) -> Option<Json> {
    let forms = schema["anyOf"].as_array();
    let forms = forms.map_or_else(|| vec![schema], |forms| forms.iter().collect());
    forms.into_iter().find_map(|schema| match step {
        Step::Item(_) => schema.get("items").cloned(),
        Step::Key(key) => {
            let named = || schema["patternProperties"].as_object()?.values().next().cloned();
            let other = || schema.get("additionalProperties").filter(|other| other.is_object()).cloned();
            schema["properties"].get(key).cloned().or_else(named).or_else(other)
        }
    })
}

struct Maker<'j> {
    declaration: &'j Json,
    made: Vec<Mutation>,
}

impl Maker<'_> {
    fn set(&mut self, path: &Path, value: Json) {
        self.add(path.clone(), Change::Set(value));
    }

    fn add(&mut self, path: Path, change: Change) {
        self.made.push(Mutation(vec![Edit { path, change }]));
    }

    fn node(&mut self, path: &Path, value: &Json, schema: &Json) {
        if let Some(forms) = schema["anyOf"].as_array() {
            for form in forms {
                if form["type"].as_str() == Some(type_of(value)) {
                    self.node(path, value, form);
                } else {
                    self.set(path, example(form));
                }
            }
            return;
        }
        for choice in choices(schema) {
            self.set(path, choice);
        }
        match value {
            Json::Bool(flag) => self.set(path, json!(!flag)),
            Json::Number(number) if number.is_f64() => {
                let number = number.as_f64().expect("a number");
                self.set(path, json!(number / 2.0));
                self.set(path, json!(number + 0.5));
            }
            Json::Number(number) => {
                let number = number.as_i64().expect("whole");
                let bounds = [schema["minimum"].as_i64(), schema["maximum"].as_i64()];
                // The end of a range may be its beginning.
                if path.0.last() == Some(&Step::Key("max".to_owned())) {
                    self.set(path, json!(1));
                }
                let wanted = [Some(number - 1), Some(number + 1)].into_iter().chain(bounds).flatten();
                wanted.for_each(|number| self.set(path, json!(number)));
            }
            Json::String(text) if choices(schema).is_empty() => {
                self.of_setting(path);
                for text in self.texts(text, schema) {
                    self.set(path, json!(text));
                }
                self.another(path, text);
            }
            Json::Array(items) => self.array(path, items, schema),
            Json::Object(entries) => self.object(path, entries, schema),
            _ => {}
        }
    }

    /// What another setting may be as well decides whether one is there; and an expression may be any value.
    fn of_setting(&mut self, path: &Path) {
        let Some((Step::Key(key), around)) = path.0.split_last() else { return };
        if key == "derived" {
            self.set(path, json!("${{ 17 }}"));
        }
        let tables: Vec<String> = around.iter().map(|step| Path(vec![step.clone()]).to_string()).collect();
        let tables: Vec<&str> = tables.iter().map(String::as_str).collect();
        if let ["settings"] | ["system", "settings", _, "when"] = &*tables {
            let values = self.declaration["system"]["settings"][key]["values"].as_array();
            for value in values.into_iter().flatten() {
                self.set(path, value.clone());
            }
        }
    }

    fn array(&mut self, path: &Path, items: &[Json], schema: &Json) {
        for (index, item) in items.iter().enumerate() {
            self.node(&path.item(index), item, &schema["items"]);
            let mut fewer = items.to_vec();
            fewer.remove(index);
            self.set(path, json!(fewer));
        }
        self.set(path, json!([]));
        self.set(path, items.iter().rev().cloned().collect());
        if let Some(last) = items.last() {
            self.set(path, items.iter().chain([last]).cloned().collect());
            // What an item could be as well could be one more.
            let mut others = Maker { declaration: self.declaration, made: Vec::new() };
            others.node(&Path::default().key("item"), last, &schema["items"]);
            for other in others.made {
                let other = other.of(&json!({ "item": last }))["item"].clone();
                self.set(path, items.iter().cloned().chain([other]).collect());
            }
        }
        self.set(path, items.iter().cloned().chain([example(&schema["items"])]).collect());
    }

    /// What depends on any of several named things changes only when all of them do.
    fn all_of(&mut self, path: &Path, entries: &Map<String, Json>, schema: &Json) {
        let named: Vec<&String> = match schema["properties"].as_object() {
            Some(known) => entries.keys().filter(|key| !known.contains_key(*key)).collect(),
            None => entries.keys().collect(),
        };
        let [first, others @ ..] = named.as_slice() else { return };
        if others.is_empty() {
            return;
        }
        let each = |change: &dyn Fn(&str) -> (Path, Change)| {
            Mutation(
                named.iter().map(|key| change(key)).map(|(path, change)| Edit { path, change }).collect(),
            )
        };
        self.made.push(each(&|key| (path.key(key), Change::Remove)));
        let Some(within) = below(schema, &Step::Key((*first).clone())) else { return };
        for (key, field) in within["properties"].as_object().into_iter().flatten() {
            for choice in choices(field) {
                self.made.push(each(&|name| (path.key(name).key(key), Change::Set(choice.clone()))));
            }
        }
    }

    fn object(&mut self, path: &Path, entries: &Map<String, Json>, schema: &Json) {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        let properties = schema["properties"].as_object();
        for (key, value) in entries {
            let Some(within) = below(schema, &Step::Key(key.clone())) else { continue };
            let here = path.key(key);
            self.node(&here, value, &within);
            if !required.contains(&&**key) {
                self.add(here.clone(), Change::Remove);
                self.without_references(&here, key);
            }
            if properties.is_none_or(|known| !known.contains_key(key)) {
                for name in names(schema, key).into_iter().filter(|name| !entries.contains_key(name)) {
                    self.add(here.clone(), Change::Rename(name.clone()));
                    self.with_references(&here, key, &name);
                    self.set(&path.key(&name), value.clone());
                    self.set(&path.key(&name), example(&within));
                }
            }
        }
        self.all_of(path, entries, schema);
        let absent = properties.into_iter().flatten().filter(|(key, _)| !entries.contains_key(*key));
        for (key, within) in absent {
            self.set(&path.key(key), example(within));
            for choice in choices(within).into_iter().skip(1) {
                self.set(&path.key(key), choice);
            }
            // A table may lack a choice, too.
            for (inner, within) in within["properties"].as_object().into_iter().flatten() {
                for choice in choices(within) {
                    self.set(&path.key(key), json!({ inner: choice }));
                }
            }
        }
    }

    /// Removes an entry together with the items of lists that name it.
    fn without_references(&mut self, path: &Path, name: &str) {
        let mut mutation = Mutation(vec![Edit { path: path.clone(), change: Change::Remove }]);
        for (at, node) in walk(self.declaration) {
            let names = |item: &&Json| item.as_str().is_some_and(|text| text.split(':').next() == Some(name));
            let Some(items) = node.as_array().filter(|items| items.iter().any(|item| names(&item))) else {
                continue;
            };
            let rest = items.iter().filter(|item| !names(item)).cloned().collect();
            mutation = mutation.and(at, Change::Set(rest));
        }
        let of_secret = path.0.first() == Some(&Step::Key("secrets".to_owned()));
        for (at, node) in walk(self.declaration).into_iter().filter(|_| of_secret) {
            if node["secret"] == name && node["key"].is_string() {
                if let [Step::Key(table), Step::Key(setting)] = at.0.as_slice()
                    && table == "settings"
                {
                    let required = Path::default().key("system").key("settings").key(setting).key("required");
                    mutation = mutation.and(required, Change::Remove);
                }
                mutation = mutation.and(at, Change::Remove);
            }
        }
        if mutation.0.len() > 1 {
            self.made.push(mutation);
        }
    }

    /// Renames an entry together with the texts that name it.
    fn with_references(&mut self, path: &Path, name: &str, other: &str) {
        // The texts first: afterwards they may stand elsewhere.
        let mut mutation = Mutation(Vec::new());
        for (at, node) in walk(self.declaration) {
            let Some(text) = node.as_str() else { continue };
            let renamed: Vec<&str> =
                text.split(':').map(|part| if part == name { other } else { part }).collect();
            let renamed = renamed.join(":");
            if renamed != text {
                mutation = mutation.and(at, Change::Set(json!(renamed)));
            }
        }
        if !mutation.0.is_empty() {
            self.made.push(mutation.and(path.clone(), Change::Rename(other.to_owned())));
        }
    }

    /// Lets a text name a copy of what it names.
    fn another(&mut self, path: &Path, text: &str) {
        for (at, node) in walk(self.declaration) {
            for part in text.split(':') {
                let Some(entry) = node.get(part) else { continue };
                let name = format!("{part}x");
                let copy = entry.as_i64().map_or_else(|| entry.clone(), |number| json!(number + 1));
                let renamed: Vec<&str> =
                    text.split(':').map(|own| if own == part { &*name } else { own }).collect();
                let added = Edit { path: at.key(&name), change: Change::Set(copy) };
                let changed = Edit { path: path.clone(), change: Change::Set(json!(renamed.join(":"))) };
                self.made.push(Mutation(vec![changed, added]));
            }
        }
    }

    /// Other texts that the schema allows in place of one: near ones, an example, and the names of what is declared
    /// beside what this one names.
    fn texts(&self, text: &str, schema: &Json) -> Vec<String> {
        let (name, rest) = text.split_once(':').map_or((text, None), |(name, rest)| (name, Some(rest)));
        let mut wanted = vec![format!("{text}x"), format!("{text}X"), format!("x{text}"), format!("{text}1")];
        let digits = |c: char| c.is_ascii_digit();
        if let Some(start) = text.find(digits) {
            let end = text[start..].find(|c| !digits(c)).map_or(text.len(), |end| start + end);
            if let Ok(number) = text[start..end].parse::<u64>() {
                wanted.push(format!("{}{}{}", &text[..start], number + 1, &text[end..]));
                wanted.push(format!("{}{}{}", &text[..start], number * 2 + 1, &text[end..]));
            }
        }
        wanted.extend(schema["x-example"].as_str().map(ToOwned::to_owned));
        let examples = schema["examples"].as_array().into_iter().flatten().filter_map(Json::as_str);
        wanted.extend(examples.map(ToOwned::to_owned));
        let validator = jsonschema::validator_for(schema).expect("the schema compiles");
        let mut allowed: Vec<String> =
            wanted.into_iter().filter(|other| other != text && validator.is_valid(&json!(other))).collect();
        allowed.truncate(5);
        let mut beside = BTreeSet::new();
        for table in walk(self.declaration).into_iter().filter_map(|(_, node)| node.as_object()) {
            if table.contains_key(name) || rest.is_some_and(|rest| table.contains_key(rest)) {
                beside.extend(table.keys().map(String::as_str));
            }
        }
        for other in beside {
            allowed.push(other.to_owned());
            allowed.extend(rest.map(|rest| format!("{other}:{rest}")));
            allowed.push(format!("{name}:{other}"));
        }
        allowed.retain(|other| other != text && validator.is_valid(&json!(other)));
        allowed
    }
}

/// Every node, those within after those that hold them.
fn walk(root: &Json) -> Vec<(Path, &Json)> {
    let mut found = vec![(Path::default(), root)];
    let mut next = 0;
    while let Some((at, node)) = found.get(next).cloned() {
        match node {
            Json::Object(entries) => found.extend(entries.iter().map(|(key, node)| (at.key(key), node))),
            Json::Array(items) => {
                found.extend(items.iter().enumerate().map(|(index, node)| (at.item(index), node)));
            }
            _ => {}
        }
        next += 1;
    }
    found
}

/// Other names for an entry that a map allows.
fn names(schema: &Json, key: &str) -> Vec<String> {
    let patterns = schema["patternProperties"].as_object().into_iter().flatten().map(|(pattern, _)| pattern);
    let form = patterns.map(|pattern| json!({ "pattern": pattern })).next().unwrap_or(json!({}));
    let validator = jsonschema::validator_for(&form).expect("the schema compiles");
    let wanted = [format!("{key}x"), format!("{key}X"), format!("a{key}"), format!("A{key}")];
    wanted.into_iter().filter(|name| validator.is_valid(&json!(name))).collect()
}

fn choices(schema: &Json) -> Vec<Json> {
    let described = schema["oneOf"].as_array().into_iter().flatten().map(|choice| choice["const"].clone());
    let plain = schema["enum"].as_array().into_iter().flatten().cloned();
    plain.chain(described).filter(|choice| !choice.is_null()).collect()
}

/// A value that a schema allows; of a map, with an entry.
fn example(schema: &Json) -> Json {
    if let Some(choice) = choices(schema).into_iter().next() {
        return choice;
    }
    if let Some(form) = schema["anyOf"].get(0).or(schema["oneOf"].get(0)) {
        return example(form);
    }
    if let Some(text) = schema.get("const").or(schema.get("x-example")).or(schema["examples"].get(0)) {
        return text.clone();
    }
    match schema["type"].as_str() {
        Some("integer" | "number") => json!(schema["minimum"].as_i64().unwrap_or(1)),
        Some("boolean") => json!(true),
        Some("array") => json!([example(&schema["items"])]),
        Some("object") => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str);
            let mut keys: Vec<&str> = required.collect();
            let known = schema["properties"].as_object();
            if keys.is_empty() && schema["minProperties"].as_u64() > Some(0) {
                keys.extend(known.and_then(|known| known.keys().next()).map(String::as_str));
            }
            let mut table: Map<String, Json> =
                keys.into_iter().map(|key| (key.to_owned(), example(&schema["properties"][key]))).collect();
            if let (Some(name), Some(within)) =
                (names(schema, "").first(), below(schema, &Step::Key(String::new())))
            {
                table.insert(name.clone(), example(&within));
            }
            Json::Object(table)
        }
        _ => json!("x"),
    }
}

fn type_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "integer",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

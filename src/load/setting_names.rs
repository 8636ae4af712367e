//! Settings are one whatever the case of their names, with and without the prefix of their variables, and by each of
//! their aliases: `[settings]` of every layer gets the names of the definitions, so that layers meet.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Layer, Path, Tree, Value};
use crate::diag::{Code, Diagnostic, Sink};

const SETTINGS: &str = "settings";

/// The names that the layers define, and how else they may be written.
struct Known {
    /// Names by how they may be written, in lower case.
    names: BTreeMap<String, Arc<str>>,
    /// In lower case.
    prefix: String,
}

/// Gives the settings of every layer their names; a setting that a file says twice is reported. What no layer defines
/// keeps the name that it has.
pub fn name_settings(layers: &mut [Layer], sink: &mut Sink) {
    let known = Known::of(layers);
    if known.names.is_empty() {
        return;
    }
    for layer in layers {
        for (path, _) in &mut layer.unset {
            known.rename_in(path);
        }
        if layer.tree.value.get(SETTINGS).is_none() {
            continue;
        }
        let Value::Table(root) = &mut Arc::make_mut(&mut layer.tree).value else { continue };
        let Some(Value::Table(settings)) = root.get_mut(SETTINGS).map(|tree| &mut tree.value) else {
            continue;
        };
        let mut written: Vec<(Arc<str>, Tree)> = std::mem::take(settings).into_iter().collect();
        written.sort_by_key(|(_, tree)| tree.place());
        for (key, tree) in written {
            let name = known.name(&key).map_or(key, Arc::clone);
            match settings.get(&name) {
                None => drop(settings.insert(name, tree)),
                Some(first) => sink.push(
                    Diagnostic::error(Code::DuplicateSetting, format!("setting `{name}` is set twice"))
                        .at(tree.place(), "the second")
                        .context(first.place(), "the first")
                        .help("names are the same in any case, and with or without their prefix; keep one"),
                ),
            }
        }
    }
}

impl Known {
    fn of(layers: &[Layer]) -> Self {
        let systems = || layers.iter().filter_map(|layer| layer.tree.value.get("system"));
        let text = |tree: &Tree| match &tree.value {
            Value::String(text) => Some(text.to_lowercase()),
            _ => None,
        };
        let prefix = systems().filter_map(|system| text(system.value.get("settings_prefix")?)).next_back();
        let mut names = BTreeMap::new();
        for (name, definition) in
            systems().filter_map(|system| system.value.get(SETTINGS)?.value.table()).flatten()
        {
            names.insert(name.to_lowercase(), Arc::clone(name));
            if let Some(Value::Array(aliases)) = definition.value.get("aliases").map(|aliases| &aliases.value)
            {
                for alias in aliases.iter().filter_map(text) {
                    // A name that is defined as well is that one; the clash is reported with the definitions.
                    names.entry(alias).or_insert_with(|| Arc::clone(name));
                }
            }
        }
        Self { names, prefix: prefix.unwrap_or_default() }
    }

    /// The name of what is written; none for what is not known.
    fn name(&self, written: &str) -> Option<&Arc<str>> {
        let written = written.to_lowercase();
        self.names.get(&written).or_else(|| self.names.get(written.strip_prefix(&*self.prefix)?))
    }

    /// `settings.P8FS_LOG_LEVEL`, and what lies within.
    fn rename_in(&self, path: &mut Path) {
        if let [table, written, ..] = path.as_mut_slice()
            && **table == *SETTINGS
            && let Some(name) = self.name(written)
        {
            *written = Arc::clone(name);
        }
    }
}

//! What a setting is in an environment, as far as the declaration alone says so.

use super::file::Declared;
use super::settings::{Definition, SettingValue};
use super::values::SettingName;
use crate::merge::{InputSet, Sourced};

impl Declared {
    /// What the names of settings begin with where they are environment variables.
    pub fn settings_prefix(&self) -> &str {
        self.system.value().settings_prefix.as_ref().map_or("", |prefix| prefix.value().as_str())
    }

    /// The inputs of [`Self::settings_prefix`].
    pub fn settings_prefix_inputs(&self) -> InputSet {
        let prefix = self.system.value().settings_prefix.as_ref();
        prefix.map_or_else(|| self.system.inputs().absence(), |prefix| prefix.inputs().clone())
    }

    /// The environment variable of a setting.
    pub fn variable_of(&self, name: &str) -> String {
        format!("{}{}", self.settings_prefix(), name.to_uppercase())
    }

    /// The definition of a setting.
    pub fn definition(&self, name: &str) -> Option<(&SettingName, &Sourced<Definition>)> {
        self.system.value().settings.value().get_key_value(name)
    }

    /// The setting that a variable is, in any case, and by any of its names.
    pub fn setting_of(&self, variable: &str) -> Option<(&SettingName, &Sourced<Definition>)> {
        let prefix = self.settings_prefix().to_lowercase();
        let name = variable.to_lowercase();
        let name = name.strip_prefix(&*prefix)?;
        let is_alias = |definition: &Sourced<Definition>| {
            definition.value().aliases.iter().any(|alias| alias.value().as_str() == name)
        };
        let mut others = self.system.value().settings.value().iter();
        self.definition(name).or_else(|| others.find(|(_, definition)| is_alias(definition)))
    }

    /// What is set in the environment's files, or else the default for its tier; none for what has neither.
    pub fn plain_setting(&self, name: &str) -> Option<Sourced<SettingValue>> {
        let value = self.whole_setting(name)?;
        let mut inputs = value.inputs().clone();
        inputs.extend(&value.value().items());
        Some(Sourced::derived(value.value().clone(), inputs))
    }

    fn whole_setting(&self, name: &str) -> Option<Sourced<SettingValue>> {
        if let Some(set) = self.settings.value().get(name) {
            return Some(set.clone());
        }
        let definition = self.definition(name)?.1.value();
        let tier = &self.environment.tier;
        match definition.defaults.value().of(*tier.value()) {
            Some(of_tier) => Some(of_tier.zip(tier, |value, _| value.clone())),
            // The tier decided that there is no other, if any tier has one.
            None if definition.defaults.value().iter().next().is_some() => {
                Some(definition.default.as_ref()?.zip(tier, |value, _| value.clone()))
            }
            None => definition.default.clone(),
        }
    }

    /// The same, as its environment variable has it.
    pub fn plain_text(&self, name: &str) -> Option<Sourced<String>> {
        let value = self.plain_setting(name)?;
        let definition = self.definition(name)?.1.value();
        Some(value.map(|raw| definition.fit(raw).map_or_else(|_| raw.to_string(), |typed| typed.to_string())))
    }

    /// Whether a setting is there: its store is, and others have the values that its `when` says.
    pub fn applies(
        &self,
        definition: &Sourced<Definition>,
        value_of: impl Fn(&str) -> Option<Sourced<String>>,
    ) -> Sourced<bool> {
        let Definition { store, when, .. } = definition.value();
        let mut holds = Sourced::default_of(true);
        // That it asks for no more.
        if store.is_none() || when.inputs().is_empty() {
            holds = holds.zip(&Sourced::default_in(definition, ()), |all, ()| *all);
        }
        if when.value().is_empty() {
            holds = holds.zip(&Sourced::default_in(when, ()), |all, ()| *all);
        }
        if let Some(store) = store {
            holds = match self.stores.get(store.value()) {
                Some(table) => holds.zip(&store.zip(table, |_, _| ()), |all, ()| *all),
                None => store.map(|_| false),
            };
        }
        for (other, wanted) in when.value() {
            let value = value_of(other.as_str()).unwrap_or_default();
            let this = wanted.zip(&value, |wanted, value| wanted.holds(value));
            holds = holds.zip(&this, |all, this| *all && *this);
        }
        holds
    }
}

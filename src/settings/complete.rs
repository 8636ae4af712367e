//! The settings that workloads get, put into the model's data.

use std::collections::BTreeMap;

use super::resolve::{Effective, Overlay, Resolved, Secrets, Value, resolve};
use crate::declare::{Declared, SettingName, Typed};
use crate::diag::{Sink, Span};
use crate::merge::{InputSet, Sourced};
use crate::model::{self, Config, Contextual as _, Names, SecretVariable, WorkloadVariable};

/// Adds to the data of a system that defines settings what its workloads get of them. What is made of secrets is left
/// out: programs make it themselves, of its parts.
pub fn complete(
    declared: &Declared,
    context: Names,
    place_of: &dyn Fn(&InputSet) -> Option<Span>,
    sink: &mut Sink,
) -> Names {
    let definitions = &declared.system.value().settings;
    if definitions.value().is_empty() {
        return context;
    }
    let Resolved { shared, own } =
        resolve(declared, &context, &Overlay::new(), Secrets::LeftOut, place_of, sink);
    let prefix = declared.settings_prefix_inputs();
    let (mut data, mut secrets) = (BTreeMap::new(), Vec::new());
    for (name, effective) in &shared {
        let variable = declared.variable_of(name.as_str());
        let inputs = effective.all_inputs();
        let mut of_name = inputs.clone();
        of_name.extend(&prefix);
        match &effective.value {
            Value::Known(Typed::Secret(key)) => {
                let variable = SecretVariable {
                    name: Sourced::derived(variable, of_name),
                    secret: model::secret_object(declared, &key.secret),
                    key: key.key.text(),
                };
                secrets.push(Sourced::derived(variable, inputs));
            }
            Value::Known(typed) => {
                data.insert(variable, Sourced::derived(typed.to_string(), of_name));
            }
            Value::Hidden(_) => {}
        }
    }
    let config = Config::of(declared, definitions.inputs(), data, secrets);
    let variables = own.into_iter().map(|(workload, settings)| {
        let variable = |(name, effective): (&SettingName, &Effective)| {
            let Value::Known(typed) = &effective.value else { return None };
            let mut of_name = effective.presence.clone();
            of_name.extend(&prefix);
            let variable = WorkloadVariable {
                name: Sourced::derived(declared.variable_of(name.as_str()), of_name),
                value: Sourced::derived(typed.to_string(), effective.inputs.clone()),
            };
            Some(Sourced::derived(variable, effective.presence.clone()))
        };
        (workload, settings.iter().filter_map(variable).collect())
    });
    model::with_settings(context, &config.context(&InputSet::default()), &variables.collect())
}

//! What templates see: the model, and its workloads once more by the table they are declared in.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::workload::Role;
use super::{Context, Contextual, Environment, Leaf, Shape, Structure};
use crate::merge::{InputSet, Sourced};

const VIEWS: [(&str, Role); 5] = [
    ("services", Role::Service),
    ("workers", Role::Worker),
    ("jobs", Role::Job),
    ("cron_jobs", Role::CronJob),
    ("parts", Role::Part),
];

/// An environment variable of a workload.
pub struct WorkloadVariable {
    pub name: Sourced<String>,
    pub value: Sourced<String>,
}

/// What templates see, by name.
pub type Names = Vec<(Arc<str>, Context)>;

/// The types of what templates see.
pub fn shape() -> Shape {
    let mut shape = Environment::shape();
    if let Shape::Struct(fields) = &mut shape
        && let Some(workloads) = fields.get("workloads").cloned()
    {
        fields.extend(VIEWS.map(|(view, _)| (view.into(), workloads.clone())));
    }
    shape
}

/// What templates see of an environment, by name. The views share the data of the workloads.
pub fn context(environment: &Environment) -> Names {
    let _room = tracing::debug_span!(target: "p8fs-gen.model", "made the context").entered();
    let context = environment.context(&InputSet::default());
    let mut names: Names = context.entries().into_iter().map(|(name, value)| (name, value.clone())).collect();
    add_views(&mut names);
    names
}

/// The same with the configuration that all workloads share, and with more variables of single workloads, by name.
pub fn with_settings(
    mut names: Names,
    config: &Context,
    own: &BTreeMap<Arc<str>, Vec<Sourced<WorkloadVariable>>>,
) -> Names {
    names.retain(|(name, _)| !VIEWS.iter().any(|(view, _)| **name == **view));
    for (name, data) in &mut names {
        match &**name {
            "config" => *data = config.clone(),
            "workloads" => {
                if let Structure::Map(workloads) = &data.value {
                    let workload = |(name, workload): &(Arc<str>, Context)| {
                        let more = own.get(name).map(Vec::as_slice).unwrap_or_default();
                        (Arc::clone(name), with_variables(workload, &["container", "env"], more))
                    };
                    data.value = Structure::Map(workloads.iter().map(workload).collect());
                }
            }
            _ => {}
        }
    }
    add_views(&mut names);
    names
}

/// The data with more variables in the list at the end of a path of fields.
fn with_variables(data: &Context, path: &[&str], more: &[Sourced<WorkloadVariable>]) -> Context {
    let value = match (&data.value, path) {
        (Structure::List(items), []) => {
            Structure::List(items.iter().cloned().chain(more.iter().map(variable)).collect())
        }
        (Structure::Struct(names, fields), [first, rest @ ..]) if !more.is_empty() => {
            let field = |(name, field): (&&str, &Context)| {
                if *name == *first { with_variables(field, rest, more) } else { field.clone() }
            };
            Structure::Struct(names, names.iter().zip(&**fields).map(field).collect())
        }
        _ => data.value.clone(),
    };
    Context { value, inputs: data.inputs.clone() }
}

/// An item of a container's `env`.
fn variable(of: &Sourced<WorkloadVariable>) -> Context {
    let WorkloadVariable { name, value } = of.value();
    let given = |text: &Sourced<String>| text.value().context(text.inputs());
    let none = Context { value: Structure::Leaf(Leaf::None), inputs: of.inputs().clone() };
    let fields = Arc::new([given(name), given(value), none]);
    Context { value: Structure::Struct(&["name", "value", "secret"], fields), inputs: of.inputs().clone() }
}

fn add_views(names: &mut Names) {
    let workloads = names.iter().find(|(name, _)| **name == *"workloads").map(|(_, data)| data.value.clone());
    if let Some(Structure::Map(workloads)) = workloads {
        for (view, role) in VIEWS {
            let of_role = workloads.iter().filter(|(_, workload)| has_role(workload, role));
            let value = Structure::Map(of_role.cloned().collect());
            names.push((view.into(), Context { value, inputs: InputSet::default() }));
        }
    }
}

fn has_role(workload: &Context, role: Role) -> bool {
    matches!(
        workload.get("role").map(|role| &role.value),
        Some(Structure::Leaf(Leaf::Text(text))) if **text == *role.as_str()
    )
}

#[cfg(test)]
mod tests;

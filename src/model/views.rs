//! What templates see: the model, and its workloads once more by the table they are declared in.

use std::sync::Arc;

use super::workload::Role;
use super::{Context, Contextual, Environment, Leaf, Shape, Structure};
use crate::merge::InputSet;

const VIEWS: [(&str, Role); 5] = [
    ("services", Role::Service),
    ("workers", Role::Worker),
    ("jobs", Role::Job),
    ("cron_jobs", Role::CronJob),
    ("parts", Role::Part),
];

/// The types of what templates see.
pub fn shape() -> Shape {
    let mut shape = Environment::shape();
    if let Shape::Struct(fields) = &mut shape
        && let Some(workloads) = fields.get("workloads").cloned()
    {
        fields.extend(VIEWS.map(|(view, _)| (view, workloads.clone())));
    }
    shape
}

/// What templates see of an environment, by name. The views share the data of the workloads.
pub fn context(environment: &Environment) -> Vec<(Arc<str>, Context)> {
    let _room = tracing::debug_span!(target: "p8fs-gen.model", "made the context").entered();
    let context = environment.context(&InputSet::default());
    let mut names: Vec<_> =
        context.entries().into_iter().map(|(name, value)| (name, value.clone())).collect();
    if let Some(Structure::Map(workloads)) = context.get("workloads").map(|workloads| &workloads.value) {
        for (view, role) in VIEWS {
            let of_role = workloads.iter().filter(|(_, workload)| has_role(workload, role));
            let value = Structure::Map(of_role.cloned().collect());
            names.push((view.into(), Context { value, inputs: InputSet::default() }));
        }
    }
    names
}

fn has_role(workload: &Context, role: Role) -> bool {
    matches!(
        workload.get("role").map(|role| &role.value),
        Some(Structure::Leaf(Leaf::Text(text))) if **text == *role.as_str()
    )
}

#[cfg(test)]
mod tests;

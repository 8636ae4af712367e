//! What templates see: the model, and its workloads once more by the table they are declared in.

use std::collections::BTreeMap;
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

/// What templates see of an environment. The views share the data of the workloads.
pub fn context(environment: &Environment) -> Arc<Context> {
    let mut context = environment.context(&InputSet::default());
    if let Structure::Struct(fields) = &mut context.value
        && let Some(workloads) = fields.get("workloads").cloned()
        && let Structure::Map(workloads) = &workloads.value
    {
        for (view, role) in VIEWS {
            let of_role = workloads.iter().filter(|(_, workload)| has_role(workload, role));
            let of_role: BTreeMap<_, _> =
                of_role.map(|(name, workload)| (Arc::clone(name), Arc::clone(workload))).collect();
            let view_of = Context { value: Structure::Map(of_role), inputs: InputSet::default() };
            fields.insert(view.into(), Arc::new(view_of));
        }
    }
    Arc::new(context)
}

fn has_role(workload: &Context, role: Role) -> bool {
    let Structure::Struct(fields) = &workload.value else { return false };
    let Some(Structure::Leaf(Leaf::Text(text))) = fields.get("role").map(|role| &role.value) else {
        return false;
    };
    **text == *role.as_str()
}

#[cfg(test)]
mod tests;

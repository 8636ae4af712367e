//! What an environment file may say: its raw types, the JSON Schema made from them, and the rules that a
//! schema cannot express.
//!
//! [`declare`] checks the merged tree against the schema, then reads the raw types from what is left of it, then
//! runs the rules; so that one run finds the mistakes of all three.

mod amount;
mod chart;
mod chart_keys;
mod cluster;
mod demand;
mod effective;
mod file;
mod findings;
mod kind;
mod misspelt;
mod overlap;
mod packing;
mod protocol;
mod report;
mod rules;
mod scale;
mod schema;
mod secret;
mod settings;
mod store;
mod typed;
mod values;
mod workload;
mod workloads;

use std::borrow::Cow;

use serde::Deserialize;

use crate::diag::{Code, Diagnostic, Sink};
use crate::merge::Merged;

pub use amount::{Amount, Resource};
pub use chart::{Chart, ChartPods, ChartValue, ChartValues, Release};
pub use cluster::{Pool, Taint};
pub use demand::Scale as AtScale;
pub use file::{Declared, Setting};
pub use kind::{KindCluster, KindEntry, KindNode};
pub use overlap::{Place, overlaps};
pub use protocol::Greeting;
pub use scale::{Asked, Pace, Scale, Trigger};
pub use schema::published as published_schema;
pub use schema::required_keys;
#[cfg(test)]
pub use schema::whole as whole_schema;
pub use secret::{DOCKER_CONFIG, EnvValue, ExternalSecret, Secret, SecretRef, SecretText, SecretUse};
pub use settings::{Definition, SettingValue};
pub use store::{Part, Store, Stream};
pub use typed::{Misfit, Typed, host_and_port};
pub use values::{
    AbsolutePath, Address, ApiGroup, ApiResource, Bytes, ChartRepository, ChartVersion, Choice, Cidr,
    Concurrency, Cpu, Duration, Entry, FallbackBehavior, FileName, HostName, Image, IpFamily, LabelKey,
    LabelMap, LabelValue, MountPath, Name, NodeRole, ObjectName, ParameterName, PathOnHost, PathPrefix, Per,
    Percent, PortName, PortNumber, Price, Protocol, Retention, Schedule, Scope, SecretKey, SecretVia,
    Selection, SettingName, SettingType, Sharing, Spread, StoreScope, StreamName, Subject, TaintEffect, Tier,
    TimeZone, Use, VariableName, Verb, Via,
};
pub use workload::{Expose, Metrics, Ports, Probe, Queue, ReplicaRange, Replicas, Scratch, Slo, Volume};
pub use workloads::{Endpoint, Listener, PartOfStore, PodsOfChart, Serving, Sort, Target, Workload};

/// Checks a merged tree and gives it its types; none when what is left of it after the findings is not a
/// whole environment any more.
pub fn declare(merged: &Merged, environment: &str, sink: &mut Sink) -> Option<Declared> {
    let _room = tracing::debug_span!(target: "p8fs-gen.declare", "checked declarations").entered();
    // Most are sound as they are, and it takes as long to read them as to see that.
    let (sound, declared) =
        rayon::join(|| findings::check(merged, environment, sink), || Declared::deserialize(&merged.tree));
    let declared = match sound? {
        Cow::Borrowed(_) => declared,
        Cow::Owned(mended) => Declared::deserialize(&mended),
    };
    match declared {
        Ok(mut declared) => {
            declared.name_parts();
            rules::check(&declared, merged, sink);
            Some(declared)
        }
        Err(error) => {
            let found = Diagnostic::error(Code::WrongType, error.to_string());
            sink.push(found.note("the schema let this pass; please report it"));
            None
        }
    }
}

//! What Helm installs, in the order in which it is to be installed.

use super::context::{Context, Contextual, Leaf, Shape, Structure, contextual};
use super::edges::ChartEnds;
use super::workload::Edge;
use crate::declare::{
    ChartPods, ChartRepository, ChartValue, ChartValues, ChartVersion, Declared, LabelMap, Name, PodsOfChart,
    Release as Declaration,
};
use crate::merge::{InputSet, Reads, Sourced};

contextual! {
    /// A chart that Helm installs.
    pub struct Release {
        /// What Helm calls it.
        pub name: Sourced<String>,
        /// The chart's name, or all of its address in a registry.
        pub chart: Sourced<String>,
        /// The repository of the chart; none where its address says it.
        pub repository: Option<Sourced<ChartRepository>>,
        pub version: Sourced<ChartVersion>,
        pub namespace: Sourced<Name>,
        /// What is else than the chart has it by itself.
        pub values: Sourced<ChartValues>,
        /// The releases that have to be there first.
        pub after: Vec<Sourced<String>>,
        /// Of a store: the pods that it makes.
        pub pods: Vec<Sourced<ReleasePods>>,
    }

    /// Pods of a chart in the environment's namespace.
    pub struct ReleasePods {
        /// What their own objects are called.
        pub object_name: Sourced<String>,
        /// The labels that select them.
        pub selector: LabelMap,
        pub ingress: Vec<Sourced<Edge>>,
        pub egress: Vec<Sourced<Edge>>,
    }
}

impl Contextual for ChartValue {
    fn shape() -> Shape {
        Shape::Any
    }

    fn context(&self, holder: &InputSet) -> Context {
        let leaf = match self {
            ChartValue::Flag(flag) => Leaf::Bool(*flag),
            ChartValue::Number(number) => Leaf::Int(*number),
            ChartValue::Fraction(number) => Leaf::Float(*number),
            ChartValue::Text(text) => Leaf::Text(text.as_str().into()),
            ChartValue::List(items) => return items.context(holder),
            ChartValue::Table(entries) => return entries.context(holder),
        };
        Context { value: Structure::Leaf(leaf), inputs: holder.clone() }
    }
}

/// Derives all of them.
pub(super) fn derive(declared: &Declared, ends: &ChartEnds<'_>, reads: &Reads) -> Vec<Sourced<Release>> {
    let order = declared.install_order();
    order.into_iter().filter_map(|release| derived(declared, &release, ends, reads)).collect()
}

/// None where nobody says where it is to be installed, which is an error.
fn derived(
    declared: &Declared,
    release: &Declaration<'_>,
    ends: &ChartEnds<'_>,
    reads: &Reads,
) -> Option<Sourced<Release>> {
    let (chart, name) = (release.chart.value(), release.name(declared));
    let is_registry = chart.repository.value().as_str().starts_with("oci://");
    reads.mark(chart.repository.inputs().iter());
    let after = declared.before(release).into_iter().map(|(other, says)| {
        let name = other.name(declared);
        Sourced::derived((), says).zip(&name, |(), name| name.clone())
    });
    let pods = chart.pods.iter().filter(|_| release.store.is_some()).map(|(group, pods)| {
        let (ingress, egress) = ends.get(&(release.declared, group)).cloned().unwrap_or_default();
        pods.map(|_| ReleasePods {
            object_name: name.map(|name| format!("{name}-{group}")),
            selector: selector(&name, pods),
            ingress,
            egress,
        })
    });
    // Of a store, how it is had; otherwise, that it is declared.
    let inputs = release.store.unwrap_or(release.chart.inputs()).clone();
    let derived = Release {
        chart: if is_registry {
            chart.repository.zip(&chart.chart, |registry, chart| format!("{registry}/{chart}"))
        } else {
            chart.chart.text()
        },
        repository: Some(chart.repository.clone()).filter(|_| !is_registry),
        version: chart.version.clone(),
        namespace: release.namespace(declared)?.clone(),
        values: values(release, &name),
        after: after.collect(),
        pods: pods.collect(),
        name,
    };
    Some(Sourced::derived(derived, inputs))
}

/// What is declared, and what has the objects of the release called like it.
fn values(release: &Declaration<'_>, name: &Sourced<String>) -> Sourced<ChartValues> {
    let chart = release.chart.value();
    let Some(key) = &chart.name_value else { return chart.values.clone() };
    let called = || key.zip(name, |_, name| ChartValue::Text(name.clone()));
    chart.values.map(|values| {
        let mut values = values.clone();
        values.entry(key.value().clone()).or_insert_with(called);
        values
    })
}

/// The Service by which a port of the pods is had.
pub(super) fn host(declared: &Declared, of: PodsOfChart<'_>, port: &str) -> Option<Sourced<String>> {
    let release =
        declared.releases().find(|release| release.store.is_some() && release.declared == of.store)?;
    let name = release.name(declared);
    Some(match of.pods.value().services.get(port) {
        Some(suffix) => name.zip(suffix, |name, suffix| format!("{name}{suffix}")),
        None => name,
    })
}

/// The labels of a chart's pods.
pub(super) fn selector(release: &Sourced<String>, pods: &Sourced<ChartPods>) -> LabelMap {
    let own = pods.value().labels.iter().map(|(key, value)| (key.to_string(), value.text()));
    let instance = ("app.kubernetes.io/instance".to_owned(), release.clone());
    own.chain([instance]).collect()
}

//! What Helm installs: charts and their values.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::file::Declared;
use super::values::{
    ChartRepository, ChartVersion, LabelKey, LabelValue, Name, ObjectName, PortName, PortNumber, Suffix, Via,
};
use crate::merge::{InputSet, Sourced};

/// A chart that Helm installs, and with which values.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    /// The chart. `charts/<chart>.toml`, built in or of the workspace, says the rest of it; what stands in the
    /// environment's files is laid over it.
    pub chart: Sourced<Name>,
    /// Its version, one whose values are known.
    pub version: Sourced<ChartVersion>,
    /// Where Helm finds it.
    pub repository: Sourced<ChartRepository>,
    /// The namespace that it is installed in; of a store always that of the environment.
    pub namespace: Option<Sourced<Name>>,
    /// What is else than the chart has it by itself.
    #[serde(default)]
    pub values: Sourced<ChartValues>,
    /// Releases of this environment that have to be there first: names of `[charts]`, or of stores.
    #[serde(default)]
    pub after: Vec<Sourced<Name>>,
    /// Charts whose releases, where there are such, have to be there first.
    #[serde(default)]
    pub after_charts: Vec<Sourced<Name>>,
    /// The value by which its objects are called like the release.
    pub name_value: Option<Sourced<String>>,
    /// The names of the custom resource definitions that it brings.
    #[serde(default)]
    pub crds: Vec<Sourced<ObjectName>>,
    /// Whether it reads the metrics of all workloads.
    pub scrapes: Option<Sourced<bool>>,
    /// Of a store: the pods that it makes, by name.
    #[serde(default)]
    pub pods: BTreeMap<Name, Sourced<ChartPods>>,
    /// The values of versions that p8fs-gen does not know, by version: a line for each, its path and its type, as in
    /// `schemas/helm`.
    #[serde(default)]
    pub known: BTreeMap<ChartVersion, Sourced<String>>,
}

/// Pods of a chart that are all alike.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChartPods {
    /// Their labels, beside `app.kubernetes.io/instance`, which is the name of the release.
    pub labels: BTreeMap<LabelKey, Sourced<LabelValue>>,
    /// The ports that they listen on, by name.
    pub ports: BTreeMap<PortName, Sourced<PortNumber>>,
    /// What the name of the Service of a port has beside that of the release, by the port's name.
    #[serde(default)]
    pub services: BTreeMap<PortName, Sourced<Suffix>>,
    /// The ports on which they talk to each other.
    #[serde(default)]
    pub peers: Vec<Sourced<PortName>>,
    /// The ports where their metrics are read.
    #[serde(default)]
    pub metrics: Vec<Sourced<PortName>>,
    /// The value that says how many they are, by its path: `config.cluster.replicas`.
    pub replicas: Option<Sourced<String>>,
}

impl Chart {
    /// How many pods there are, where a value says it.
    pub fn replicas(&self, pods: &ChartPods) -> Option<Sourced<u32>> {
        let path = pods.replicas.as_ref()?;
        let mut keys = path.value().split('.');
        let first = self.values.value().get(keys.next()?)?;
        let value = keys.try_fold(first, |value, key| match value.value() {
            ChartValue::Table(entries) => entries.get(key),
            _ => None,
        })?;
        match value.value() {
            ChartValue::Number(number) => Some(path.zip(value, |_, _| u32::try_from(*number).unwrap_or(1))),
            _ => None,
        }
    }
}

/// Values by name.
pub type ChartValues = BTreeMap<String, Sourced<ChartValue>>;

/// What a chart is told.
#[derive(Clone, Debug)]
pub enum ChartValue {
    /// True or false.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// Another number.
    Fraction(f64),
    /// Text.
    Text(String),
    /// Several.
    List(Vec<Sourced<ChartValue>>),
    /// By name.
    Table(ChartValues),
}

/// By hand, because serde's untagged enums lose where their fields were written.
impl<'de> Deserialize<'de> for ChartValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChartValueVisitor;

        impl<'de> Visitor<'de> for ChartValueVisitor {
            type Value = ChartValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_bool<E>(self, flag: bool) -> Result<ChartValue, E> {
                Ok(ChartValue::Flag(flag))
            }

            fn visit_i64<E>(self, number: i64) -> Result<ChartValue, E> {
                Ok(ChartValue::Number(number))
            }

            fn visit_f64<E>(self, number: f64) -> Result<ChartValue, E> {
                Ok(ChartValue::Fraction(number))
            }

            fn visit_str<E>(self, text: &str) -> Result<ChartValue, E> {
                Ok(ChartValue::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<ChartValue, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(items)).map(ChartValue::List)
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<ChartValue, A::Error> {
                BTreeMap::deserialize(MapAccessDeserializer::new(entries)).map(ChartValue::Table)
            }
        }

        deserializer.deserialize_any(ChartValueVisitor)
    }
}

/// What a chart takes is not the schema's to know.
impl JsonSchema for ChartValue {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ChartValue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "A value of the chart." })
    }
}

/// A chart that is to be installed.
#[derive(Clone, Copy)]
pub struct Release<'a> {
    /// As declared: a name of `[charts]`, or of the store.
    pub declared: &'a Name,
    /// Of its table.
    pub chart: &'a Sourced<Chart>,
    /// Whether it is that of a store; the inputs are what says so.
    pub store: Option<&'a InputSet>,
}

impl Release<'_> {
    /// What Helm calls it.
    pub fn name(&self, declared: &Declared) -> Sourced<String> {
        match self.store {
            None => self.chart.map(|_| self.declared.to_string()),
            Some(_) => declared.system.value().name.map(|system| format!("{system}-{}", self.declared)),
        }
    }

    /// Where it is installed; none where nobody says.
    pub fn namespace<'d>(&'d self, declared: &'d Declared) -> Option<&'d Sourced<Name>> {
        match self.store {
            Some(_) => Some(&declared.environment.namespace),
            None => self.chart.value().namespace.as_ref(),
        }
    }
}

impl Declared {
    /// What Helm installs, by name.
    pub fn releases(&self) -> impl Iterator<Item = Release<'_>> {
        let own = self.charts.iter().map(|(name, chart)| Release { declared: name, chart, store: None });
        let stores = self.stores.iter().filter_map(|(name, store)| {
            let via = &store.value().via;
            let chart = store.value().chart.as_ref().filter(|_| *via.value() == Via::Chart)?;
            Some(Release { declared: name, chart, store: Some(via.inputs()) })
        });
        own.chain(stores)
    }

    /// What has to be there before a release, with what says so.
    pub fn before<'a>(&'a self, release: &Release<'a>) -> Vec<(Release<'a>, InputSet)> {
        let of_chart = |wanted: &Name| {
            let others = self.releases().filter(|other| other.declared != release.declared);
            others.filter(|other| other.chart.value().chart.value() == wanted).collect::<Vec<_>>()
        };
        let chart = release.chart.value();
        let named = chart.after.iter().filter_map(|after| {
            let other = self.releases().find(|other| other.declared == after.value())?;
            Some((other, after.inputs().clone()))
        });
        let charts = chart.after_charts.iter().flat_map(|after| {
            of_chart(after.value()).into_iter().map(|other| (other, after.inputs().clone()))
        });
        let mut seen = BTreeSet::new();
        named.chain(charts).filter(|(other, _)| seen.insert(other.declared.clone())).collect()
    }

    /// The releases in an order in which they can be installed; those of a circle come last.
    pub fn install_order(&self) -> Vec<Release<'_>> {
        let mut rest: BTreeMap<&Name, Release<'_>> =
            self.releases().map(|release| (release.declared, release)).collect();
        let mut order = Vec::new();
        while let Some(next) = rest
            .values()
            .copied()
            .find(|release| self.before(release).iter().all(|(other, _)| !rest.contains_key(other.declared)))
        {
            rest.remove(next.declared);
            order.push(next);
        }
        order.extend(rest.into_values());
        order
    }
}

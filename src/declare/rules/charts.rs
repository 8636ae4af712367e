//! [`Code::UnknownChartValue`], [`Code::UnknownChartVersion`], [`Code::InstallCycle`], and what else can be wrong with
//! what Helm installs.

use super::Facts;
use crate::declare::chart_keys::{ChartKeys, Place};
use crate::declare::{
    Chart, ChartPods, ChartValue, ChartValues, ChartVersion, Name, PortName, Release, Tier,
};
use crate::diag::{Code, Diagnostic, Sink, Span};
use crate::load::names_a_secret_of_chart;
use crate::merge::Sourced;

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    for release in facts.declared.releases() {
        let chart = release.chart.value();
        if let Some(keys) = keys(facts, chart, sink) {
            let check = Values { facts, chart, keys };
            check.table(&ChartKeys::root(), chart.values.value(), sink);
        }
        secrets(facts, chart.values.value(), sink);
        for (name, pods) in &chart.pods {
            ports(facts, &format!("{} of release `{}`", name, release.declared), pods.value(), sink);
        }
    }
}

/// What has to be whole to be judged.
pub(super) fn check_references(facts: &Facts<'_>, sink: &mut Sink) {
    let declared = facts.declared;
    for release in declared.releases() {
        namespace(facts, &release, sink);
        for after in &release.chart.value().after {
            let known = || declared.releases().map(|other| other.declared.as_str());
            let name = after.value().as_str();
            let Some(at) = facts.place(after).filter(|_| known().all(|known| known != name)) else {
                continue;
            };
            let found = Diagnostic::error(Code::UnknownReference, format!("no release is called `{name}`"));
            let found = found.at(at, "neither in `[charts]`, nor a store that is had `via = \"chart\"`");
            sink.push(found.suggest(name, known()));
        }
        let names = declared.releases().filter(|other| other.declared == release.declared);
        if release.store.is_none()
            && let Some(store) = names.into_iter().find(|other| other.store.is_some())
            && let (Some(at), Some(other)) = (facts.place(release.chart), facts.place(store.chart))
        {
            let title = format!("a release and a store are both called `{}`", release.declared);
            let found = Diagnostic::error(Code::DuplicateName, title).at(at, "the release");
            sink.push(found.context(other, "the store").help("`after` could mean both: rename one of them"));
        }
    }
    circle(facts, sink);
}

/// The values of the chart's version; none where they are not known.
fn keys<'a>(facts: &Facts<'_>, chart: &'a Chart, sink: &mut Sink) -> Option<ChartKeys<'a>> {
    let (name, version) = (chart.chart.value().as_str(), chart.version.value());
    if let Some(text) = chart.known.get(version) {
        return Some(ChartKeys::new(text.value()));
    }
    if let Some(keys) = ChartKeys::of(name, version.as_str()) {
        return Some(keys);
    }
    let at = facts.place(&chart.version)?;
    let title = format!("the values of version {version} of chart `{name}` are not known");
    let mut known = ChartKeys::versions(name);
    known.extend(chart.known.keys().map(ChartVersion::as_str));
    let found = Diagnostic::error(Code::UnknownChartVersion, title)
        .at(at, "its values could not be checked")
        .suggest(version.as_str(), known.iter().copied());
    let found = match known.as_slice() {
        [] => found,
        known => found.note(format!("those of {} are", known.join(", "))),
    };
    sink.push(
        found.help(format!("add them to `charts/{name}.toml` as `known.\"{version}\"`: see docs/charts.md")),
    );
    None
}

/// What a check of values looks at.
struct Values<'f, 'a> {
    facts: &'f Facts<'f>,
    chart: &'a Chart,
    keys: ChartKeys<'a>,
}

impl<'a> Values<'_, 'a> {
    fn table(&self, holder: &Place<'a>, values: &ChartValues, sink: &mut Sink) {
        for (key, value) in values {
            match self.keys.at(holder, key) {
                None => self.unknown(holder, key, value, sink),
                Some(place) if !place.accepts(value.value()) => self.misfit(&place, value, sink),
                Some(place) => {
                    if let ChartValue::Table(below) = value.value() {
                        self.table(&place, below, sink);
                    }
                }
            }
        }
    }

    fn unknown(&self, holder: &Place<'a>, key: &str, value: &Sourced<ChartValue>, sink: &mut Sink) {
        let Some(input) = value.inputs().iter().next() else { return };
        let info = self.facts.merged.inputs.get(input);
        let known = self.keys.below(holder);
        let known: Vec<&str> = known.iter().map(|key| key.trim_matches('"')).collect();
        let Chart { chart, version, .. } = self.chart;
        let path = info.path.split_once("values.").map_or(&*info.path, |(_, path)| path);
        let title = format!("chart `{}` {} has no value `{path}`", chart.value(), version.value());
        let found =
            Diagnostic::error(Code::UnknownChartValue, title).at(info.place(), "Helm would ignore it");
        let found = found.suggest(key, known.iter().copied());
        let is_short = known.len() <= 24;
        sink.push(if found.help.is_empty() && is_short {
            found.note(format!("there are `{}`", known.join("`, `")))
        } else {
            found
        });
    }

    fn misfit(&self, place: &Place<'_>, value: &Sourced<ChartValue>, sink: &mut Sink) {
        let Some(input) = value.inputs().iter().next() else { return };
        let info = self.facts.merged.inputs.get(input);
        let found = match value.value() {
            ChartValue::Flag(_) => "boolean",
            ChartValue::Number(_) => "integer",
            ChartValue::Fraction(_) => "float",
            ChartValue::Text(_) => "string",
            ChartValue::List(_) => "array",
            ChartValue::Table(_) => "table",
        };
        let title = format!("`{}` has the wrong type", info.path);
        let label = format!("chart `{}` takes {}, not {found}", self.chart.chart.value(), place.wanted());
        let at = if info.leaf.is_some() { info.origin } else { info.place() };
        sink.push(Diagnostic::error(Code::WrongType, title).at(at, label));
    }
}

/// Secrets that are written down: values end in files that are not guarded.
fn secrets(facts: &Facts<'_>, values: &ChartValues, sink: &mut Sink) {
    if *facts.declared.environment.tier.value() == Tier::Development {
        return;
    }
    for (key, value) in values {
        match value.value() {
            ChartValue::Table(below) => secrets(facts, below, sink),
            ChartValue::List(items) => items.iter().for_each(|item| {
                if let ChartValue::Table(below) = item.value() {
                    secrets(facts, below, sink);
                }
            }),
            ChartValue::Text(text) if !text.is_empty() && names_a_secret_of_chart(key) => {
                let Some(place) =
                    value.inputs().iter().next().map(|input| facts.merged.inputs.get(input).place())
                else {
                    continue;
                };
                let title = format!("`{key}` is a secret, and stands in the values of a chart");
                let found =
                    Diagnostic::error(Code::LiteralSecret, title).at(place, "everybody could read it");
                sink.push(found.help("most charts take the name of a Secret that is there instead"));
            }
            _ => {}
        }
    }
}

fn namespace(facts: &Facts<'_>, release: &Release<'_>, sink: &mut Sink) {
    let chart = release.chart.value();
    match (&chart.namespace, release.store) {
        (None, None) => {
            let Some(at) = place(facts, release) else { return };
            let title = format!("`charts.{}` lacks `namespace`", release.declared);
            let found = Diagnostic::error(Code::MissingKey, title).at(at, "where is it to be installed?");
            sink.push(found.help(format!("such as `charts.{0}.namespace = \"{0}\"`", release.declared)));
        }
        (Some(own), Some(_)) => {
            let wanted = facts.declared.environment.namespace.value();
            let Some(at) = facts.place(own).filter(|_| own.value() != wanted) else { return };
            let title = format!("store `{}` is installed in another namespace", release.declared);
            let found = Diagnostic::error(Code::InvalidValue, title);
            let found = found.at(at, format!("only the environment's own is possible, `{wanted}`"));
            sink.push(found.help("or declare it in `[charts]`, and the store `via = \"external\"`"));
        }
        _ => {}
    }
}

/// Where a release is declared: by its chart, as its table may stand in several files.
fn place(facts: &Facts<'_>, release: &Release<'_>) -> Option<Span> {
    facts.place(&release.chart.value().chart)
}

/// Names of ports that the pods of a chart do not have.
fn ports(facts: &Facts<'_>, of: &str, pods: &ChartPods, sink: &mut Sink) {
    let known = || pods.ports.keys().map(PortName::as_str);
    let services = pods.services.iter().map(|(name, suffix)| (name, facts.place(suffix)));
    let named = pods.peers.iter().chain(&pods.metrics).map(|port| (port.value(), facts.place(port)));
    for (port, at) in services.chain(named) {
        let Some(at) = at.filter(|_| !pods.ports.contains_key(port)) else { continue };
        let found = Diagnostic::error(Code::UnknownReference, format!("pods {of} have no port `{port}`"));
        sink.push(found.at(at, "no such port").suggest(port.as_str(), known()));
    }
}

/// Releases that wait for each other. One circle is reported at a time, at each of its places.
fn circle(facts: &Facts<'_>, sink: &mut Sink) {
    let declared = facts.declared;
    for release in declared.releases() {
        let mut open: Vec<&Name> = vec![release.declared];
        let mut next = release;
        loop {
            // Whatever can be reached from a circle and leads on.
            let waits =
                declared.before(&next).into_iter().find(|(other, _)| reaches(facts, other, release.declared));
            let Some((other, says)) = waits else { break };
            if other.declared == release.declared {
                // Said once, where the first of its names stands.
                if open.iter().min() == Some(&release.declared) {
                    let names: Vec<&str> =
                        open.iter().chain([&other.declared]).map(|name| name.as_str()).collect();
                    let title = format!("`{}` waits for itself to be installed", release.declared);
                    let mut found = Diagnostic::error(Code::InstallCycle, title);
                    if let Some(at) = facts.first(&says).or_else(|| place(facts, &next)) {
                        found = found.at(at, "closes the circle");
                    }
                    sink.push(found.note(names.join(" → ")));
                }
                break;
            }
            if open.contains(&other.declared) {
                break;
            }
            open.push(other.declared);
            next = other;
        }
    }
}

/// Whether a release waits, directly or through others, for one of a name, or is it.
fn reaches(facts: &Facts<'_>, from: &Release<'_>, name: &Name) -> bool {
    let mut seen = vec![from.declared];
    let mut rest = vec![*from];
    while let Some(release) = rest.pop() {
        if release.declared == name {
            return true;
        }
        for (other, _) in facts.declared.before(&release) {
            if !seen.contains(&other.declared) {
                seen.push(other.declared);
                rest.push(other);
            }
        }
    }
    false
}

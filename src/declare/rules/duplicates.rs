//! [`Code::DuplicateName`], [`Code::DuplicateUse`], [`Code::DuplicatePort`], [`Code::DuplicateMount`] and
//! [`Code::DuplicateRoute`]

use std::collections::BTreeMap;

use super::Facts;
use crate::declare::{Ports, Target, Workload};
use crate::diag::{Code, Diagnostic, Sink, Span};

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    names(facts, sink);
    routes(facts, sink);
    for workload in facts.declared.all_workloads() {
        uses(facts, &workload, sink);
        volumes(facts, &workload, sink);
        mounts(facts, &workload, sink);
        if let Some(serving) = workload.serving() {
            ports(facts, &workload, serving.ports, sink);
        }
    }
}

fn names(facts: &Facts<'_>, sink: &mut Sink) {
    // The main part of a store has its name.
    let is_own = |workload: &Workload<'_>| workload.store.is_some_and(|of| of.name == workload.name);
    let workloads = facts.declared.all_workloads().filter(|workload| !is_own(workload));
    let workloads = workloads.map(|workload| (workload.name, workload.noun(), facts.first(workload.inputs)));
    let stores = facts.declared.stores.iter();
    let stores = stores.map(|(name, store)| (name, "store".to_owned(), facts.place(store)));
    let mut seen: BTreeMap<&str, (String, Span)> = BTreeMap::new();
    for (name, noun, place) in workloads.chain(stores) {
        let Some(place) = place else { continue };
        if let Some((first, first_place)) = seen.get(name.as_str()) {
            let title = format!("a {first} and a {noun} are both called `{name}`");
            sink.push(
                Diagnostic::error(Code::DuplicateName, title)
                    .at(place, format!("the {noun}"))
                    .context(*first_place, format!("the {first}"))
                    .help(
                        "rename one of them: their objects would have one name, and `uses` could mean both",
                    ),
            );
        } else {
            seen.insert(name.as_str(), (noun, place));
        }
    }
}

fn uses(facts: &Facts<'_>, workload: &Workload<'_>, sink: &mut Sink) {
    let mut seen = BTreeMap::new();
    for used in &workload.pod.uses {
        let Some(at) = facts.place(used) else { continue };
        let (target, port) = used.value().parts();
        let default = facts.declared.target(workload, target).and_then(Target::default_port);
        if let Some(first) = seen.insert((target, port.or(default)), at) {
            let found = Diagnostic::error(Code::DuplicateUse, format!("`{target}` is used twice"));
            sink.push(found.at(at, "the second").context(first, "the first"));
        }
    }
}

fn ports(facts: &Facts<'_>, workload: &Workload<'_>, ports: &Ports, sink: &mut Sink) {
    let mut seen = BTreeMap::new();
    for (port, number) in ports {
        let Some(at) = facts.place(number) else { continue };
        if let Some((first, first_at)) = seen.insert(number.value(), (port, at)) {
            let (noun, name) = (workload.noun(), workload.name);
            let title = format!("ports `{first}` and `{port}` of {noun} `{name}` have the same number");
            sink.push(
                Diagnostic::error(Code::DuplicatePort, title)
                    .at(at, "used a second time")
                    .context(first_at, "first used here")
                    .help("give one of them another number, or name it once"),
            );
        }
    }
}

/// The volumes of a pod, which have one name each.
fn volumes(facts: &Facts<'_>, workload: &Workload<'_>, sink: &mut Sink) {
    let pod = workload.pod;
    let scratch = workload.scratch(facts.declared);
    let scratch = scratch.map(|(name, scratch)| (format!("scratch-{name}"), name, facts.place(scratch)));
    let storage = pod.storage.value().iter();
    let storage = storage.map(|(name, volume)| (name.to_string(), name, facts.place(volume)));
    let mut seen = BTreeMap::new();
    for (volume, name, place) in scratch.chain(storage) {
        let Some(at) = place else { continue };
        let title = format!("two volumes of {} `{}` are called `{name}`", workload.noun(), workload.name);
        let found = Diagnostic::error(Code::DuplicateName, title);
        if let "tmp" | "files" | "config" | "secret-files" = &*volume {
            let found = found.at(at, "every pod has one of this name");
            sink.push(found.help("give it another name; `path` says where the container finds it"));
        } else if let Some(first) = seen.insert(volume, at) {
            sink.push(found.at(at, "the second").context(first, "the first"));
        }
    }
}

/// Where requests from outside go: a host and the beginning of the path.
fn routes(facts: &Facts<'_>, sink: &mut Sink) {
    let domain = facts.declared.environment.domain.as_ref().map(|domain| domain.value().as_str());
    let mut seen = BTreeMap::new();
    for workload in facts.declared.workloads() {
        let Some(expose) = workload.serving().and_then(|serving| serving.expose) else { continue };
        let raw = expose.value();
        // Of a path that was refused nothing is known.
        if raw.path.as_ref().is_some_and(|path| facts.place(path).is_none()) {
            continue;
        }
        let Some(at) = raw.host.as_ref().map_or(facts.place(expose), |host| facts.place(host)) else {
            continue;
        };
        let host = raw.host.as_ref().map_or(workload.name.as_str(), |host| host.value().as_str());
        let host = match domain {
            Some(domain) if !host.contains('.') => format!("{host}.{domain}"),
            _ => host.to_owned(),
        };
        let path = raw.path.as_ref().map_or("/", |path| path.value().as_str()).trim_end_matches('/');
        let title = format!("two services are exposed as `{host}{path}`");
        if let Some((first, first_at)) = seen.insert((host, path), (workload.name, at)) {
            sink.push(
                Diagnostic::error(Code::DuplicateRoute, title)
                    .at(at, format!("service `{}`", workload.name))
                    .context(first_at, format!("service `{first}`"))
                    .help("give one of them another `host` or `path`"),
            );
        }
    }
}

fn mounts(facts: &Facts<'_>, workload: &Workload<'_>, sink: &mut Sink) {
    let pod = workload.pod;
    let files = pod.files.values().map(|file| &file.value().path);
    let volumes = pod.storage.value().values().map(|volume| &volume.value().path);
    let scratch = workload.scratch(facts.declared).map(|(_, scratch)| scratch);
    let scratch = scratch.map(|scratch| &scratch.value().path);
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for path in scratch.chain(volumes).chain(files).chain(&pod.config) {
        let Some(at) = facts.place(path) else { continue };
        let text = path.value().as_str();
        let found = || {
            let title =
                format!("two things are mounted at `{text}` in {} `{}`", workload.noun(), workload.name);
            Diagnostic::error(Code::DuplicateMount, title)
        };
        if text == "/tmp" {
            let found = found().at(at, "every container has a writable `/tmp`");
            sink.push(found.help("`resources.storage` says how much it holds"));
        } else if let Some(first) = seen.insert(text, at) {
            sink.push(found().at(at, "the second").context(first, "the first"));
        }
    }
}

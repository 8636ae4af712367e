//! The derivations of a workload's pods.

use std::collections::BTreeMap;

use super::releases;
use super::secrets;
use super::workload::{Container, Folder, HttpGet, Kind, Mount, Port, Probe, Sidecar, Variable};
use super::workloads::{self, Storage, seconds_or};
use crate::declare::{
    self, Bytes, Declared, Endpoint, EnvValue, Listener, MountPath, PortName, Ports, Replicas, Scratch,
    SecretRef, Setting, Use, VariableName,
};
use crate::merge::Sourced;

/// How long a pod with ports goes on answering after it is told to stop, in seconds: until every node has heard that
/// it is no endpoint any more. The container template sleeps as long before it stops.
const UNHEARD: u32 = 10;
/// Between two questions whether a pod has started, in seconds; the container template asks as often.
const START_PERIOD: u32 = 2;

pub(super) fn container(declared: &Declared, raw: declare::Workload<'_>, storage: &Storage<'_>) -> Container {
    let pod = raw.pod;
    let serving = raw.serving();
    let ports = serving.map(|serving| serving.ports);
    let probe = |probe: Option<&Sourced<declare::Probe>>| {
        let ports = ports?;
        probe.map(|probe| {
            // A service cannot be without.
            let holder = if raw.table == "services" { raw.inputs } else { probe.inputs() };
            Sourced::derived(derive_probe(probe, ports), holder.clone())
        })
    };
    let start_within = seconds_or(serving.and_then(|serving| serving.start_within), raw.inputs, 120);
    Container {
        image: pod.image.clone(),
        command: pod.command.clone(),
        args: pod.args.clone(),
        stop: pod.stop.clone(),
        ports: ports.map(self::ports).unwrap_or_default(),
        env: variables(declared, &pod.env).chain(addresses(declared, raw)).collect(),
        cpu: pod.resources.cpu.clone(),
        memory: pod.resources.memory.clone(),
        memory_bytes: bytes(&pod.resources.memory),
        storage: pod.resources.storage.clone(),
        readiness: probe(serving.and_then(|serving| serving.readiness)),
        liveness: probe(serving.and_then(|serving| serving.liveness)),
        start_attempts: start_within.map(|seconds| seconds.div_ceil(START_PERIOD).max(1)),
        scratch: scratch(declared, raw, storage),
        mounts: mounts(declared, raw),
    }
}

/// The containers beside the workload's own.
pub(super) fn sidecars(declared: &Declared, raw: declare::Workload<'_>) -> Vec<Sourced<Sidecar>> {
    let sidecars = raw.pod.sidecars.iter().map(|(name, sidecar)| {
        sidecar.map(|raw| {
            let resources = &raw.resources;
            let container = Container {
                image: raw.image.clone(),
                command: raw.command.clone(),
                args: raw.args.clone(),
                stop: Vec::new(),
                ports: ports(&raw.ports),
                env: variables(declared, &raw.env).collect(),
                cpu: resources.cpu.clone(),
                memory: resources.memory.clone(),
                memory_bytes: bytes(&resources.memory),
                storage: resources.storage.clone(),
                readiness: None,
                liveness: None,
                start_attempts: Sourced::default_of(1),
                scratch: Vec::new(),
                mounts: Vec::new(),
            };
            Sidecar { name: sidecar.map(|_| name.clone()), container }
        })
    });
    sidecars.collect()
}

fn bytes(size: &Sourced<Bytes>) -> Sourced<i64> {
    size.map(|size| i64::try_from(size.bytes()).unwrap_or(i64::MAX))
}

fn ports(ports: &Ports) -> Vec<Sourced<Port>> {
    let ports = ports.iter();
    let port = |(name, number): (&PortName, &Sourced<_>)| {
        number.map(|_| Port { name: number.map(|_| name.clone()), number: number.clone() })
    };
    ports.map(port).collect()
}

fn variables(
    declared: &Declared,
    env: &BTreeMap<VariableName, Sourced<EnvValue>>,
) -> impl Iterator<Item = Sourced<Variable>> {
    env.iter().map(|(name, value)| value.map(|_| variable(declared, name, value)))
}

fn variable(declared: &Declared, name: &VariableName, value: &Sourced<EnvValue>) -> Variable {
    let (plain, secret) = match value.value() {
        EnvValue::Plain(plain) => (Some(value.map(|_| plain.clone())), None),
        EnvValue::Secret(SecretRef { secret, key }) => {
            (None, Some(value.map(|_| secrets::key_ref(declared, secret, key))))
        }
    };
    Variable { name: value.map(|_| name.clone()), value: plain, secret }
}

/// From being told to stop to being killed, in seconds.
pub(super) fn grace(raw: declare::Workload<'_>) -> Sourced<u32> {
    let port = raw.serving().and_then(|serving| serving.ports.values().next());
    let unheard = match port {
        Some(port) => port.map(|_| UNHEARD),
        None => Sourced::derived(0, raw.inputs.absence()),
    };
    let drain = seconds_or(raw.pod.drain.as_ref(), raw.inputs, 30);
    // A second more, so that the kill never comes first.
    drain.zip(&unheard, |drain, unheard| drain.saturating_add(unheard + 1))
}

fn scratch(declared: &Declared, raw: declare::Workload<'_>, storage: &Storage<'_>) -> Vec<Sourced<Folder>> {
    let folders = raw.scratch(declared).map(|(name, scratch)| {
        scratch.map(|raw| Folder {
            name: scratch.map(|_| format!("scratch-{name}")),
            size: raw.size.clone(),
            medium: None,
        })
    });
    let in_memory = storage.in_memory.iter().map(|(name, volume)| {
        volume.map(|raw| Folder {
            name: volume.map(|_| name.to_string()),
            size: raw.size.clone(),
            medium: Some(declared.environment.tier.map(|_| "Memory".to_owned())),
        })
    });
    folders.chain(in_memory).collect()
}

fn mounts(declared: &Declared, raw: declare::Workload<'_>) -> Vec<Sourced<Mount>> {
    let writable = |name: Sourced<String>, path: &Sourced<MountPath>| {
        Sourced::derived(
            Mount { name: name.clone(), path: path.clone(), sub_path: None, read_only: None },
            name.inputs().clone(),
        )
    };
    let scratch = raw.scratch(declared).map(|(name, scratch)| {
        let Scratch { path, .. } = scratch.value();
        writable(scratch.map(|_| format!("scratch-{name}")), path)
    });
    let volumes = raw
        .pod
        .storage
        .value()
        .iter()
        .map(|(name, volume)| writable(volume.map(|_| name.to_string()), &volume.value().path));
    let files = raw.pod.files.iter().map(|(name, file)| {
        let path = &file.value().path;
        let volume = if file.value().text.is_some() { "files" } else { "secret-files" };
        file.map(|_| Mount {
            name: file.map(|_| volume.to_owned()),
            path: path.clone(),
            sub_path: Some(file.map(|_| name.clone())),
            read_only: Some(Sourced::default_of(true)),
        })
    });
    let config = raw.pod.config.iter().map(|path| {
        path.map(|_| Mount {
            name: path.map(|_| "config".to_owned()),
            path: path.clone(),
            sub_path: None,
            read_only: Some(path.map(|_| true)),
        })
    });
    scratch.chain(volumes).chain(files).chain(config).collect()
}

/// The names of a workload's pods below its Service: those of a `StatefulSet` with a fixed number of pods.
pub(super) fn names(
    declared: &Declared,
    raw: declare::Workload<'_>,
    kind: &Sourced<Kind>,
) -> Vec<Sourced<String>> {
    let Some((Kind::StatefulSet, serving)) = raw.serving().map(|serving| (kind.value(), serving)) else {
        return Vec::new();
    };
    let Replicas::Fixed(count) = serving.replicas.value() else { return Vec::new() };
    let system = declared.system.value().name.value();
    let mut inputs = kind.inputs().clone();
    inputs.extend(serving.replicas.inputs());
    inputs.extend(declared.system.value().name.inputs());
    let name = |number| format!("{system}-{name}-{number}.{system}-{name}-pods", name = raw.name);
    (0..*count).map(|number| Sourced::derived(name(number), inputs.clone())).collect()
}

/// Where a part of a store finds the pods that it talks to, as environment variables: of each port of another part
/// that it uses, and of each on which its own pods talk to each other, `<PART>_<PORT>_ADDRESSES` with the address of
/// every pod, joined by commas.
fn addresses(declared: &Declared, raw: declare::Workload<'_>) -> Vec<Sourced<Variable>> {
    let Some(of) = raw.store else { return Vec::new() };
    let used = raw.pod.uses.iter().filter_map(|used| {
        let endpoint = declared.endpoint(&raw, used.value().parts())?;
        match endpoint.at {
            Listener::Workload(target) if target.store.is_some_and(|other| other.name == of.name) => {
                Some((target, endpoint.port.to_owned(), endpoint.number, used.inputs()))
            }
            _ => None,
        }
    });
    let outside = raw
        .pod
        .uses
        .iter()
        .filter_map(|used| external(declared, &declared.endpoint(&raw, used.value().parts())?, used));
    let peers = raw.serving().into_iter().flat_map(|serving| {
        let peers = serving.peers.iter();
        peers.filter_map(move |port| {
            Some((raw, port.value().to_string(), serving.ports.get(port.value())?, port.inputs()))
        })
    });
    let variables = used.chain(peers).map(|(target, port, number, asked)| {
        let kind = workloads::kind(target, &Storage::of(declared, target));
        let mut hosts = names(declared, target, &kind);
        if hosts.is_empty() {
            let system = &declared.system.value().name;
            hosts.push(system.map(|system| format!("{system}-{}", target.name)));
        }
        let mut inputs = number.inputs().clone();
        inputs.extend(of.store.value().via.inputs());
        for host in &hosts {
            inputs.extend(host.inputs());
        }
        let addresses: Vec<String> =
            hosts.iter().map(|host| format!("{}:{}", host.value(), number.value().0)).collect();
        let part = target.store.map_or(target.name, |of| of.part);
        let part = if raw.serving().is_some() { part.as_str() } else { "store" };
        let name = VariableName::of(&format!("{part}_{port}_addresses"));
        let value = Sourced::derived(Setting::Text(addresses.join(",")), inputs);
        let name = Sourced::derived(name, asked.clone());
        Sourced::derived(Variable { name, value: Some(value), secret: None }, asked.clone())
    });
    variables.chain(outside).collect()
}

/// Where a job finds its store that is no workload of the system.
fn external(declared: &Declared, endpoint: &Endpoint<'_>, used: &Sourced<Use>) -> Option<Sourced<Variable>> {
    let host = match endpoint.at {
        Listener::External(store) => {
            store.external.host.as_ref()?.zip(&store.via, |host, _| host.to_string())
        }
        Listener::Chart(of) => releases::host(declared, of, endpoint.port)?,
        Listener::Workload(_) => return None,
    };
    let name = used.map(|_| VariableName::of(&format!("store_{}_addresses", endpoint.port)));
    let value = host.zip(endpoint.number, |host, number| Setting::Text(format!("{host}:{}", number.0)));
    Some(used.map(|_| Variable { name, value: Some(value), secret: None }))
}

fn derive_probe(probe: &Sourced<declare::Probe>, ports: &Ports) -> Probe {
    let raw = probe.value();
    Probe {
        http: raw.path.as_ref().map(|path| {
            path.map(|_| HttpGet { path: path.clone(), port: port_name(ports, raw.port.as_ref()) })
        }),
        grpc: raw
            .grpc
            .as_ref()
            .and_then(|name| Some(name.zip(ports.get(name.value())?, |_, number| *number))),
        tcp: raw.tcp.as_ref().map(Sourced::text),
        command: raw.command.clone(),
        timeout: seconds_or(raw.timeout.as_ref(), probe.inputs(), 2),
    }
}

/// The port that was named, or the only one there is; the rules of `declare` have made sure that it exists.
pub(super) fn port_name(ports: &Ports, named: Option<&Sourced<PortName>>) -> Sourced<String> {
    match (named, ports.iter().next()) {
        (Some(name), _) => name.text(),
        (None, Some((name, number))) => number.map(|_| name.to_string()),
        (None, None) => Sourced::default_of(String::new()),
    }
}

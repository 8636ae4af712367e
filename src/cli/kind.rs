//! `p8fs-gen kind`

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use clap::{Args, Subcommand};
use clap_complete::ArgValueCompleter;
use serde_json::Value as Json;

use super::exit::{self, Exit, Failure};
use super::report::Reporter;
use super::{Overrides, complete};
use crate::emit;
use crate::k8s::images;
use crate::merge::Sourced;
use crate::model;
use crate::pipeline::{Compiled, Compiler};
use crate::template::Recording;
use crate::workspace::{self, KindError, Workspace};

#[derive(Debug, Args)]
#[command(after_help = exit::help!("p8fs-gen kind up dev\n  p8fs-gen kind load dev\n  p8fs-gen kind down dev"))]
pub(super) struct Options {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make the cluster, and start its registry; what is there already is left as it is
    #[command(after_help = exit::help!("p8fs-gen kind up dev"))]
    Up(Target),
    /// Remove the cluster with everything in it; its registry stays, with what was pushed to it
    #[command(after_help = exit::help!("p8fs-gen kind down dev --yes"))]
    Down {
        #[command(flatten)]
        target: Target,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Bring the environment's images of this machine into the cluster: through its registry, or into its nodes
    #[command(after_help = exit::help!("p8fs-gen kind load dev"))]
    Load(Target),
}

#[derive(Debug, Args)]
struct Target {
    /// The environment; may be left out where only one has `cluster.provider = "kind"`
    #[arg(add = ArgValueCompleter::new(complete::environments))]
    environment: Option<String>,
    #[command(flatten)]
    overrides: Overrides,
}

/// The family of the files that describe the cluster, and their paths in an environment's folder.
const CONFIGURATION: &str = "kind/cluster.yaml";
const HOSTS: &str = "kind/hosts.toml";
const HOSTING: &str = "kind/local-registry-hosting.yaml";

pub(super) fn run(directory: &Path, options: &Options, reporter: &Reporter) -> Result<Exit, Failure> {
    let (Verb::Up(target) | Verb::Down { target, .. } | Verb::Load(target)) = &options.verb;
    let workspace = Workspace::find(directory)?;
    let Some((name, compiled, cluster)) = compile(&workspace, target, reporter)? else {
        return Ok(Exit::Input);
    };
    let kind = Driver { kind: workspace::Kind::find(&Workspace::root(directory)?)?, cluster, reporter };
    match &options.verb {
        Verb::Up(_) => kind.up(&name, &compiled)?,
        Verb::Down { yes, .. } => return kind.down(*yes),
        Verb::Load(_) => kind.load(&compiled)?,
    }
    Ok(Exit::Success)
}

/// The environment that is meant, compiled, and its cluster; none when there were findings, which are printed.
fn compile(
    workspace: &Workspace,
    target: &Target,
    reporter: &Reporter,
) -> Result<Option<(String, Compiled, model::Kind)>, Failure> {
    let mut compiler = Compiler::new(workspace)?;
    compiler.set(&target.overrides.set);
    let names = match &target.environment {
        Some(name) => vec![name.clone()],
        None => compiler.environments()?,
    };
    let mut found = Vec::new();
    for name in names {
        if let Some(compiled) = compiler.compile(&name, Recording::Reads)? {
            found.push((name, compiled));
        }
    }
    compiler.unread_arguments();
    if reporter.findings(compiler.sink, &compiler.sources) != Exit::Success {
        return Ok(None);
    }
    found.retain(|(_, compiled)| compiled.kind.is_some());
    let several: Vec<String> = found.iter().map(|(name, _)| name.clone()).collect();
    match (found.pop(), several.len(), &target.environment) {
        (Some((name, mut compiled)), 1, _) => {
            let cluster = compiled.kind.take();
            Ok(cluster.map(|cluster| (name, compiled, cluster)))
        }
        (None, _, Some(name)) => Err(Failure::Usage(format!(
            "the cluster of `{name}` is not kind's; `[cluster]` has no `provider = \"kind\"`"
        ))),
        (None, _, None) => {
            Err(Failure::Usage("no environment has a `[cluster]` with `provider = \"kind\"`".to_owned()))
        }
        _ => Err(Failure::Usage(format!(
            "several environments have a kind cluster; name one: {}",
            several.join(", ")
        ))),
    }
}

/// Has kind do something with one cluster.
struct Driver<'a> {
    kind: workspace::Kind,
    cluster: model::Kind,
    reporter: &'a Reporter,
}

impl Driver<'_> {
    fn name(&self) -> &str {
        self.cluster.name.value().as_str()
    }

    fn is_there(&self) -> Result<bool, KindError> {
        Ok(self.kind.clusters()?.iter().any(|known| known == self.name()))
    }

    fn up(&self, environment: &str, compiled: &Compiled) -> Result<(), Failure> {
        let files = emit::files(&compiled.objects);
        let file = |path: &str| files.get(path).map(Vec::as_slice).unwrap_or_default();
        let name = self.name();
        if self.is_there()? {
            self.reporter.note(&format!("cluster {name} is there already"));
        } else {
            self.kind.create(file(CONFIGURATION))?;
        }
        if let Some(registry) = self.cluster.registry.as_ref().map(Sourced::value) {
            self.start(registry)?;
            self.introduce(registry, file(HOSTS), file(HOSTING))?;
            self.reporter.note(&format!("images called {}/… come from the registry", registry.host.value()));
        }
        self.reporter.note(&format!(
            "next: p8fs-gen render {environment} | kubectl --context kind-{name} apply --server-side -f -"
        ));
        Ok(())
    }

    /// Has the registry run, on the network of the nodes.
    fn start(&self, registry: &model::Registry) -> Result<(), Failure> {
        let (container, network) = (registry.container.value().as_str(), self.kind.network());
        let (host, inner) = (registry.port.value().0, *registry.inner_port.value());
        let Some(known) = self.kind.ask_engine(&["inspect", "--type", "container", container])? else {
            let publish = format!("127.0.0.1:{host}:{inner}");
            let run = ["run", "--detach", "--restart=always", "--name", container];
            let options = ["--network", &network, "--publish", &publish, registry.image.value()];
            self.kind.watch_engine(&[run.as_slice(), &options].concat())?;
            self.reporter.note(&format!("started the registry as container {container}"));
            return Ok(());
        };
        let known = Container::of(&known);
        if let Some(published) = known.published(inner).filter(|published| *published != host.to_string()) {
            return Err(Failure::Usage(format!(
                "container {container} publishes port {published}, and `cluster.kind.registry.port` is {host}; \
                 change the one, or remove the other: {} rm --force {container}",
                self.kind.engine()
            )));
        }
        if !known.is_running() {
            self.kind.tell_engine(&["start", container])?;
            self.reporter.note(&format!("started container {container} again"));
        }
        if !known.is_on(&network) {
            self.kind.tell_engine(&["network", "connect", &network, container])?;
        }
        Ok(())
    }

    /// Tells nodes and tools of the registry.
    fn introduce(&self, registry: &model::Registry, hosts: &[u8], hosting: &[u8]) -> Result<(), KindError> {
        let folder = format!("/etc/containerd/certs.d/{}", registry.host.value());
        let mut nodes = self.kind.nodes(self.name())?;
        // Before several control planes stands something that runs no pods.
        nodes.retain(|node| !node.ends_with("-external-load-balancer"));
        for node in &nodes {
            self.kind.execute(node, &["mkdir", "-p", &folder], b"")?;
            self.kind.execute(node, &["cp", "/dev/stdin", &format!("{folder}/hosts.toml")], hosts)?;
        }
        // Every node has kubectl; a control plane has the right to use it.
        let Some(node) = nodes.iter().find(|node| node.contains("-control-plane")) else { return Ok(()) };
        let apply =
            ["kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", "apply", "--server-side", "-f", "-"];
        self.kind.execute(node, &apply, hosting)
    }

    fn down(&self, yes: bool) -> Result<Exit, Failure> {
        let name = self.name();
        if !self.is_there()? {
            self.reporter.note(&format!("there is no cluster {name}; nothing to do"));
            return Ok(Exit::Success);
        }
        if !yes {
            let _ = write!(std::io::stderr(), "remove cluster {name} with everything in it? [y/N] ");
            match workspace::answer().map_err(KindError::terminal)? {
                Some(answer) if ["y", "yes"].contains(&&*answer.to_lowercase()) => {}
                Some(_) => {
                    self.reporter.note("left as it is");
                    return Ok(Exit::Success);
                }
                None => {
                    let _ = writeln!(std::io::stderr());
                    return Err(Failure::Usage("nobody is there to ask; --yes removes it".to_owned()));
                }
            }
        }
        self.kind.delete(name)?;
        Ok(Exit::Success)
    }

    fn load(&self, compiled: &Compiled) -> Result<(), Failure> {
        let wanted: BTreeSet<&str> = compiled.objects.objects().iter().flat_map(images).collect();
        let prefix = self.cluster.registry.as_ref().map(|it| format!("{}/", it.value().host.value()));
        let (mut pushed, mut loaded, mut absent) = (Vec::new(), Vec::new(), Vec::new());
        for image in wanted {
            let of_registry = prefix.as_ref().is_some_and(|prefix| image.starts_with(&**prefix));
            let is_here =
                self.kind.ask_engine(&["image", "inspect", "--format", "{{ .Id }}", image])?.is_some();
            match (of_registry, is_here) {
                (true, true) => pushed.push(image),
                (false, true) => loaded.push(image),
                (true, false) => absent.push(image),
                // The nodes pull it themselves.
                (false, false) => {}
            }
        }
        for image in &pushed {
            self.kind.watch_engine(&["push", image])?;
        }
        if !loaded.is_empty() {
            self.kind.load(self.name(), &loaded)?;
        }
        for image in &absent {
            self.reporter.line("warning", &format!("{image} is not on this machine; was it built?"));
        }
        self.reporter.note(&format!(
            "pushed {} and loaded {} of the environment's images",
            pushed.len(),
            loaded.len()
        ));
        Ok(())
    }
}

/// What an engine says of a container.
struct Container(Json);

impl Container {
    fn of(inspected: &str) -> Self {
        let parsed: Json = serde_json::from_str(inspected).unwrap_or_default();
        Self(parsed.get(0).cloned().unwrap_or_default())
    }

    fn is_running(&self) -> bool {
        self.0["State"]["Running"] == Json::Bool(true)
    }

    fn is_on(&self, network: &str) -> bool {
        self.0["NetworkSettings"]["Networks"].get(network).is_some()
    }

    /// The port of the host that leads to one of it.
    fn published(&self, port: u32) -> Option<&str> {
        self.0["HostConfig"]["PortBindings"][format!("{port}/tcp")][0]["HostPort"].as_str()
    }
}

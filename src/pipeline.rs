//! The one place that knows the order of rooms.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::declare::{self, KubernetesMinor};
use crate::diag::{Code, Diagnostic, Sink, Sources};
use crate::k8s::Catalog;
use crate::load;
use crate::merge::{self, InputSet, Inputs, Reads};
use crate::model::{self, Contextual, Environment};
use crate::render::{self, Catalogue};
use crate::template::Recording;
use crate::verify::{self, Verified};
use crate::workspace::{Workspace, WorkspaceError};

/// What to compile.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The environment's name.
    pub environment: &'a str,
    /// Whether each leaf of the output keeps its inputs.
    pub recording: Recording,
}

/// A compiled environment.
pub struct Compiled {
    /// Its objects.
    pub objects: Verified,
    /// The catalog of its cluster's version of Kubernetes.
    pub catalog: &'static Catalog,
    /// The nodes of its merged files.
    pub inputs: Inputs,
    /// Which of them were read.
    pub reads: Reads,
}

/// A workspace with its templates parsed; compiles any number of environments.
pub struct Compiler<'w> {
    workspace: &'w Workspace,
    catalogue: Catalogue,
    /// The minors of Kubernetes against whose schemas the templates have been checked.
    checked: BTreeSet<&'static str>,
    /// Every text that was read.
    pub sources: Sources,
    /// Everything that was found.
    pub sink: Sink,
}

impl<'w> Compiler<'w> {
    /// Reads the workspace's templates.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn new(workspace: &'w Workspace) -> Result<Self, WorkspaceError> {
        let (mut sources, mut sink) = (Sources::default(), Sink::default());
        if let Some(pinned) =
            workspace.pinned.as_deref().filter(|pinned| *pinned != env!("CARGO_PKG_VERSION"))
        {
            let title =
                format!("this workspace wants p8fs-gen {pinned}, and this is {}", env!("CARGO_PKG_VERSION"));
            sink.push(
                Diagnostic::error(Code::ToolVersion, title).help("`version` in `p8fs-gen.toml` says so"),
            );
        }
        let catalogue = Catalogue::load(workspace, &mut sources, &mut sink)?;
        Ok(Self { workspace, catalogue, checked: BTreeSet::new(), sources, sink })
    }

    /// Takes one environment through every room. None when there were errors; they are in the sink.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn compile(&mut self, target: Target<'_>) -> Result<Option<Compiled>, WorkspaceError> {
        let before = self.sink.errors();
        // load
        let layers = load::layers(self.workspace, target.environment, &mut self.sources, &mut self.sink)?;
        let known = load::environments(self.workspace)?;
        let layers = layers.filter(|_| known.iter().any(|name| name == target.environment));
        let Some(layers) = layers else {
            self.unknown_environment(target.environment, &known);
            return Ok(None);
        };
        // merge
        let merged = merge::merge(layers, &mut self.sink);
        // declare
        let Some(declared) = declare::declare(&merged, &mut self.sink) else { return Ok(None) };
        let reads = Reads::of(&merged.inputs);
        let catalog =
            self.catalog(*declared.cluster.kubernetes.value(), declared.cluster.kubernetes.inputs(), &reads);
        let Some(catalog) = catalog.filter(|_| self.sink.errors() == before) else { return Ok(None) };
        // model
        let environment = model::environment(&declared, &reads);
        let context = Arc::new(environment.context(&InputSet::default()));
        // render
        let render = |recording, sink: &mut Sink| {
            render::render(&self.catalogue, &context, catalog, recording, &reads, sink)
        };
        let objects = render(target.recording, &mut self.sink);
        if self.sink.errors() > before {
            return Ok(None);
        }
        // verify
        let mut found = Sink::default();
        let verified = verify::verify(objects, catalog, &merged.inputs, &mut found);
        if verified.is_none() && target.recording == Recording::Reads {
            // Rendered again, so that the findings can point at the environment's files.
            found = Sink::default();
            let objects = render(Recording::Leaves, &mut found);
            verify::verify(objects, catalog, &merged.inputs, &mut found);
        }
        self.sink.extend(found);
        Ok(verified.map(|objects| Compiled { objects, catalog, inputs: merged.inputs, reads }))
    }

    /// The catalog of a minor, against which the templates are checked when it is first asked for.
    fn catalog(
        &mut self,
        minor: KubernetesMinor,
        inputs: &InputSet,
        reads: &Reads,
    ) -> Option<&'static Catalog> {
        reads.mark(inputs.iter());
        let catalog = Catalog::of(minor.as_str())?;
        if self.checked.insert(catalog.minor) {
            self.catalogue.check(&Environment::shape(), catalog, &mut self.sink);
        }
        Some(catalog)
    }

    fn unknown_environment(&mut self, name: &str, known: &[String]) {
        let mut found =
            Diagnostic::error(Code::UnknownEnvironment, format!("no environment is called `{name}`"))
                .suggest(name, known.iter().map(String::as_str));
        found = match known {
            [] => found
                .help("an environment is a file `environments/<name>.toml` with an `[environment]` table"),
            known => found.note(format!("there are {}", known.join(", "))),
        };
        self.sink.push(found);
    }
}

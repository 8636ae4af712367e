//! The one place that knows the order of rooms.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::declare;
use crate::diag::{Code, Diagnostic, Sink, Sources};
use crate::k8s::Catalog;
use crate::load::{Environments, Layer};
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
    /// The nodes of its merged files.
    pub inputs: Inputs,
    /// Which of them were read.
    pub reads: Reads,
}

/// A workspace with its templates parsed; compiles any number of environments.
pub struct Compiler<'w> {
    environments: Environments<'w>,
    catalogue: Option<Catalogue>,
    /// For each minor of Kubernetes that was asked for: its catalog, if the templates fit it.
    catalogs: BTreeMap<&'static str, Option<&'static Catalog>>,
    /// Every text that was read.
    pub sources: Sources,
    /// Everything that was found.
    pub sink: Sink,
}

impl<'w> Compiler<'w> {
    /// Reads the workspace's templates. Nothing is compiled if this is not the version that the workspace wants.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn new(workspace: &'w Workspace) -> Result<Self, WorkspaceError> {
        let (mut sources, mut sink) = (Sources::default(), Sink::default());
        let mut catalogue = None;
        match workspace.pinned.as_deref() {
            Some(pinned) if pinned != env!("CARGO_PKG_VERSION") => {
                let title = format!(
                    "this workspace wants p8fs-gen {pinned}, and this is {}",
                    env!("CARGO_PKG_VERSION")
                );
                sink.push(
                    Diagnostic::error(Code::ToolVersion, title).help("`version` in `p8fs-gen.toml` says so"),
                );
            }
            _ => {
                catalogue = Some(Catalogue::load(workspace, &mut sources, &mut sink)?);
            }
        }
        let environments = Environments::new(workspace);
        Ok(Self { environments, catalogue, catalogs: BTreeMap::new(), sources, sink })
    }

    /// The names of the workspace's environments.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn environments(&mut self) -> Result<Vec<String>, WorkspaceError> {
        self.environments.names(&mut self.sources)
    }

    /// Reports files that no environment is made of.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn strays(&mut self) -> Result<(), WorkspaceError> {
        self.environments.strays(&mut self.sources, &mut self.sink)
    }

    /// Takes one environment through every room. None when there were errors; they are in the sink.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn compile(&mut self, target: Target<'_>) -> Result<Option<Compiled>, WorkspaceError> {
        let before = self.sink.errors();
        // load
        let layers = self.environments.layers(target.environment, &mut self.sources, &mut self.sink)?;
        let is_environment = |layers: &Vec<Layer>| layers.last().is_some_and(Layer::is_environment);
        let Some(layers) = layers.filter(is_environment) else {
            let known = self.environments()?;
            self.unknown_environment(target.environment, &known);
            return Ok(None);
        };
        // merge
        let merged = merge::merge(layers, &mut self.sink);
        // declare
        let Some(declared) = declare::declare(&merged, target.environment, &mut self.sink) else {
            return Ok(None);
        };
        let reads = Reads::of(&merged.inputs);
        let minor = &declared.cluster.kubernetes;
        reads.mark(minor.inputs().iter());
        let catalog = self.catalog(minor.value().as_str());
        let (Some(catalog), Some(catalogue)) = (catalog, &self.catalogue) else { return Ok(None) };
        if self.sink.errors() > before {
            return Ok(None);
        }
        // model
        let context = Arc::new(model::environment(&declared, &reads).context(&InputSet::default()));
        // render
        let render = |recording, sink: &mut Sink| {
            render::render(catalogue, &context, catalog, recording, &reads, sink)
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
        Ok(verified.map(|objects| Compiled { objects, inputs: merged.inputs, reads }))
    }

    /// The catalog of a minor, against which the templates are checked when it is first asked for; none when they do
    /// not fit it.
    fn catalog(&mut self, minor: &str) -> Option<&'static Catalog> {
        let catalog = Catalog::of(minor)?;
        if let Some(known) = self.catalogs.get(catalog.minor) {
            return *known;
        }
        let sound = self.catalogue.as_ref()?.check(&Environment::shape(), catalog, &mut self.sink);
        let fitting = sound.then_some(catalog);
        self.catalogs.insert(catalog.minor, fitting);
        fitting
    }

    fn unknown_environment(&mut self, name: &str, known: &[String]) {
        let title = format!("no environment is called `{name}`");
        let found = Diagnostic::error(Code::UnknownEnvironment, title)
            .suggest(name, known.iter().map(String::as_str));
        self.sink.push(match known {
            [] => found
                .help("an environment is a file `environments/<name>.toml` with an `[environment]` table"),
            known => found.note(format!("there are {}", known.join(", "))),
        });
    }
}

#[cfg(test)]
mod tests;

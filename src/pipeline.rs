//! The one place that knows the order of rooms.

mod encrypted;
mod manifests;
mod templates;

use std::collections::{BTreeMap, BTreeSet};

use tracing::field::Empty;
use tracing::info_span;

use crate::compose;
use crate::declare::{self, Declared, Name, Place, SettingName, Via};
use crate::diag::{ARGUMENT, Code, Diagnostic, FileId, Sink, Sources};
use crate::k8s::{Catalog, Node};
use crate::load::{self, ClusterTemplates, Environments, Layer, Settings};
use crate::merge::{self, InputSet, Inputs, Merged, Reads, Sourced};
use crate::model;
use crate::render::{self, Catalogue, DeadKeys, Effect, PatchEffects, Rendered, Texts};
use crate::settings::{self, Effective, Outside};
use crate::template::{Globals, Patch, Recording};
use crate::verify::{self, Verified};
use crate::workspace::{self, CHARTS, ENV_FILE, ENVIRONMENTS, STORES, Workspace, WorkspaceError};

pub use manifests::{Manifests, check_manifests};
use templates::Templates;

/// A compiled environment.
pub struct Compiled {
    /// Its objects.
    pub objects: Verified,
    /// The nodes of its merged files.
    pub inputs: Inputs,
    /// The cluster that kind makes for it.
    pub kind: Option<model::Kind>,
    /// The custom resource definitions that charts bring, and the release of each.
    pub brought: BTreeMap<String, String>,
    /// The names of the workloads that are parts of embedded stores, or their jobs.
    stores: BTreeSet<String>,
    /// What templates saw: freed with the rest, which the end of the process does at no cost.
    _globals: Globals,
}

impl Compiled {
    /// The stores that are part of the environment as a Compose file, and the objects that cannot be in it. None where there
    /// are none.
    pub fn compose(&self) -> Option<(Node, Vec<String>)> {
        compose::compose(self.objects.objects(), &self.stores)
    }
}

/// Whether `.env` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvFile {
    Read,
    /// It is about to be written anew.
    Ignored,
}

/// Which of a workspace's environments were compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// All that there are.
    Every,
    /// Those that were asked for.
    Some,
}

/// A workspace with its templates parsed; compiles any number of environments.
pub struct Compiler<'w> {
    environments: Environments<'w>,
    cluster_templates: ClusterTemplates<'w>,
    /// Laid over every environment.
    arguments: Vec<Layer>,
    templates: Option<Templates>,
    /// For each minor of Kubernetes that was asked for: its catalog, if the templates fit it.
    catalogs: BTreeMap<&'static str, Option<&'static Catalog>>,
    /// What the environments compiled so far left unread.
    dead: DeadKeys,
    /// What came of patches in them.
    effects: PatchEffects,
    /// Where they are deployed.
    places: Vec<Place>,
    /// Every text that was read.
    pub sources: Sources,
    /// Everything that was found.
    pub sink: Sink,
}

impl<'w> Compiler<'w> {
    /// Reads the workspace's templates and begins to parse them. Nothing is compiled if this is not the version that the workspace wants.
    pub fn new(workspace: &'w Workspace) -> Result<Self, WorkspaceError> {
        let mut sources = Sources::below(&*workspace.below);
        let mut sink = Sink::default();
        let own = env!("CARGO_PKG_VERSION");
        let pinned = Settings::read(workspace, &mut sources, &mut sink)?.version;
        let templates = match pinned.filter(|(pinned, _)| pinned != own) {
            None => {
                let texts = Texts::read(workspace, &mut sources, &mut sink)?;
                Some(Templates::parse(texts, sources.clone()))
            }
            Some((pinned, at)) => {
                let title = format!("this workspace wants p8fs-gen {pinned}, and this is {own}");
                let found = Diagnostic::error(Code::ToolVersion, title).at(at, "wanted here");
                sink.push(found.help("install that version, or change the pin"));
                None
            }
        };
        let (environments, catalogs) = (Environments::new(workspace), BTreeMap::new());
        Ok(Self {
            environments,
            cluster_templates: ClusterTemplates::new(workspace),
            arguments: Vec::new(),
            templates,
            catalogs,
            dead: DeadKeys::default(),
            effects: PatchEffects::default(),
            places: Vec::new(),
            sources,
            sink,
        })
    }

    /// For looking at what is declared: nothing can be compiled.
    pub fn without_templates(workspace: &'w Workspace) -> Self {
        Self {
            environments: Environments::new(workspace),
            cluster_templates: ClusterTemplates::new(workspace),
            arguments: Vec::new(),
            templates: None,
            catalogs: BTreeMap::new(),
            dead: DeadKeys::default(),
            effects: PatchEffects::default(),
            places: Vec::new(),
            sources: Sources::below(&*workspace.below),
            sink: Sink::default(),
        }
    }

    /// Lays arguments (`services.api.replicas=3`) over every environment from now on, each over those before it.
    pub fn set(&mut self, arguments: &[String]) {
        for text in arguments {
            let layer = load::argument(text, &mut self.sources);
            self.sink.extend(layer.syntax.clone());
            self.arguments.push(layer);
        }
    }

    /// What can be compiled: the names of the workspace's environments, with those of their clusters where they have
    /// several: `prod/eu`.
    pub fn environments(&mut self) -> Result<Vec<String>, WorkspaceError> {
        self.environments.targets(&mut self.sources)
    }

    /// The workspace's templates; none when this is not the version that the workspace wants.
    pub fn catalogue(&self) -> Option<&Catalogue> {
        self.templates.as_ref().map(Templates::catalogue)
    }

    /// Waits until the templates are parsed; what is wrong with them is in the sink then. Compiling an environment does so.
    pub fn parsed(&mut self) {
        self.sink.extend(self.templates.as_mut().map(Templates::findings).unwrap_or_default());
    }

    /// The families of the workspace's templates.
    pub fn families(&self) -> BTreeSet<String> {
        let templates = self.catalogue().into_iter().flat_map(Catalogue::templates);
        templates.map(|template| template.family.to_string()).collect()
    }

    /// Reports what has no effect: of the environments `names`, which were compiled, the keys that nothing read; and if
    /// that is all there are, those of layers and the files that no environment is made of.
    pub fn without_effect(&mut self, names: &[String], compiled: Coverage) -> Result<(), WorkspaceError> {
        self.parsed();
        // With an environment missing from the picture, a layer's key may be read there.
        let complete = compiled == Coverage::Every && self.sink.errors() == 0;
        let files = names.iter().map(|name| format!("{ENVIRONMENTS}/{}.toml", load::target(name).0));
        let files: BTreeSet<String> = files.collect();
        let own = |span| {
            let path = self.sources.path(span);
            path == ARGUMENT || files.contains(path)
        };
        let is_description = |span| {
            let path = self.sources.path(span);
            let path = path.strip_prefix("builtin:").unwrap_or(path);
            path.starts_with(STORES) || path.starts_with(CHARTS)
        };
        self.sink.extend(self.dead.findings(|span| !is_description(span) && (complete || own(span))));
        self.patches_without_effect(names, complete)?;
        if compiled == Coverage::Every {
            self.sink.extend(declare::overlaps(&self.places));
            self.environments.strays(&mut self.sources, &mut self.sink)?;
        }
        Ok(())
    }

    /// Reports patches that change nothing, and those for environments that are not there.
    fn patches_without_effect(&mut self, names: &[String], complete: bool) -> Result<(), WorkspaceError> {
        let catalogue = self.templates.as_ref().map(Templates::catalogue);
        let Some(catalogue) = catalogue.filter(|catalogue| !catalogue.patches().is_empty()) else {
            return Ok(());
        };
        let known = self.environments.names(&mut self.sources)?;
        let mut found = Vec::new();
        for (name, span) in catalogue.patches().iter().flat_map(|patch| &patch.environments) {
            if !known.iter().any(|known| **known == **name) {
                let title = format!("no environment is called `{name}`");
                let finding = Diagnostic::error(Code::UnknownEnvironment, title).at(*span, "not found");
                found.push(unknown_environment(finding, name, &known));
            }
        }
        let of_names = |patch: &Patch| {
            let mut named = patch.environments.iter();
            !patch.environments.is_empty()
                && named.all(|(name, _)| names.iter().any(|known| *load::target(known).0 == **name))
        };
        if self.sink.errors() == 0 && found.is_empty() {
            found.extend(self.effects.findings(catalogue, |patch| complete || of_names(patch)));
        }
        self.sink.extend(found);
        Ok(())
    }

    /// Reports the arguments that nothing read, of the environments that were compiled.
    pub fn unread_arguments(&mut self) {
        self.sink.extend(self.dead.findings(|span| self.sources.path(span) == ARGUMENT));
    }

    /// Takes one environment through every room. None when there were errors; they are in the sink.
    pub fn compile(
        &mut self,
        environment: &str,
        recording: Recording,
    ) -> Result<Option<Compiled>, WorkspaceError> {
        let span =
            info_span!(target: "p8fs-gen.pipeline", "compiled", environment, objects = Empty).entered();
        let before = self.sink.errors();
        // load, merge, declare
        let declared = self.checked(environment)?;
        self.parsed();
        let Some((merged, declared)) = declared else { return Ok(None) };
        let catalog = self.catalog(declared.cluster.value().kubernetes.value().as_str());
        let (Some(catalog), Some(templates)) = (catalog, &self.templates) else { return Ok(None) };
        if self.sink.errors() > before {
            return Ok(None);
        }
        // model, render, verify
        let Merged { tree, inputs, .. } = merged;
        free(tree);
        let crds = declared.releases().flat_map(|release| {
            let name = release.name(&declared).value().clone();
            release.chart.value().crds.iter().map(move |crd| (crd.value().to_string(), name.clone()))
        });
        let brought = crds.collect();
        let made = objects(
            environment,
            declared,
            &inputs,
            templates.catalogue(),
            catalog,
            recording,
            &mut self.sink,
        );
        let Some(Made { objects, reads, effects, kind, stores, globals }) = made else { return Ok(None) };
        self.dead.add(&inputs, &reads);
        span.record("objects", objects.objects().len());
        self.effects.add(&effects);
        Ok(Some(Compiled { objects, inputs, kind, brought, stores, _globals: globals }))
    }

    /// What an environment declares, and where it does so. None when there is no such, or not enough of it.
    fn checked(&mut self, environment: &str) -> Result<Option<(Merged, Declared)>, WorkspaceError> {
        let Some(merged) = self.merged(environment)? else { return Ok(None) };
        let Some(declared) = declare::declare(&merged, environment, &mut self.sink) else {
            return Ok(None);
        };
        encrypted::check(
            &declared,
            &merged,
            self.environments.workspace(),
            &mut self.sources,
            &mut self.sink,
        )?;
        self.places.extend(Place::of(environment, &declared, &merged));
        Ok(Some((merged, declared)))
    }

    /// The settings of an environment, as they are here: what `.env` and the process say counts more than its files.
    /// None when there were errors; they are in the sink.
    #[expect(clippy::type_complexity, reason = "a declaration and its settings")]
    pub fn settings(
        &mut self,
        target: &str,
        env_file: EnvFile,
    ) -> Result<Option<(Declared, BTreeMap<SettingName, Effective>)>, WorkspaceError> {
        let before = self.sink.errors();
        let Some(merged) = self.merged(target)? else { return Ok(None) };
        let Some(declared) = declare::declare(&merged, target, &mut self.sink) else { return Ok(None) };
        let process = workspace::variables();
        let file = match env_file {
            EnvFile::Read => {
                self.environments.workspace().read_if_there(ENV_FILE, &mut self.sources, &mut self.sink)?
            }
            EnvFile::Ignored => None,
        };
        let file = file.map(|file| load::env_file(file, &mut self.sources, &process, &mut self.sink));
        let outside = Outside { file: file.unwrap_or_default(), process };
        let overlay = outside.overlay(&declared, &self.sources, &mut self.sink);
        if self.sink.errors() > before {
            return Ok(None);
        }
        let context = model::context(&model::environment(&declared, target, &Reads::of(&merged.inputs)));
        let found =
            settings::effective(&declared, &context, &overlay, &|of| merged.first(of), &mut self.sink);
        Ok((self.sink.errors() == before).then_some((declared, found)))
    }

    /// The layers of an environment, or of one of its clusters, laid over each other. None when there is no such; that
    /// is in the sink.
    pub fn merged(&mut self, target: &str) -> Result<Option<Merged>, WorkspaceError> {
        let (environment, _) = load::target(target);
        let layers = self.environments.layers(environment, &mut self.sources, &mut self.sink)?;
        let Some(layers) = layers else {
            let title = format!("no environment is called `{environment}`");
            let found = Diagnostic::error(Code::UnknownEnvironment, title);
            let known = self.environments()?;
            self.sink.push(unknown_environment(found, environment, &known));
            return Ok(None);
        };
        if let Some(layer) = layers.last().filter(|layer| !layer.is_environment()) {
            // Where the text could not be read, the table may have stood.
            if layer.syntax.errors() == 0 {
                let found = layer.not_an_environment(environment);
                let known = self.environments()?;
                self.sink.push(unknown_environment(found, environment, &known));
            }
            return Ok(None);
        }
        let before = self.sink.errors();
        let mut layers = load::choose_cluster(layers, target, &mut self.sink);
        layers.extend(self.arguments.iter().cloned());
        load::name_settings(&mut layers, &mut self.sink);
        if self.sink.errors() > before {
            return Ok(None);
        }
        let described = self.environments.described(&layers, &mut self.sources, &mut self.sink)?;
        let template = self.cluster_templates.of(&layers, &mut self.sources, &mut self.sink)?;
        if self.sink.errors() > before {
            return Ok(None);
        }
        Ok(Some(merge::merge(described.into_iter().chain(template).chain(layers).collect(), &mut self.sink)))
    }

    /// What an environment declares, checked; none when there is no such or it is not whole, which is in the sink.
    pub fn declared(&mut self, target: &str) -> Result<Option<Declared>, WorkspaceError> {
        Ok(self.checked(target)?.map(|(_, declared)| declared))
    }

    /// The catalog of a minor, against which the templates are checked when it is first asked for; none when they do
    /// not fit it.
    fn catalog(&mut self, minor: &str) -> Option<&'static Catalog> {
        let catalog = Catalog::of(minor)?;
        if let Some(known) = self.catalogs.get(catalog.minor) {
            return *known;
        }
        let sound = self.templates.as_ref()?.catalogue().check(&model::shape(), catalog, &mut self.sink);
        let fitting = sound.then_some(catalog);
        self.catalogs.insert(catalog.minor, fitting);
        fitting
    }
}

fn unknown_environment(found: Diagnostic, name: &str, known: &[String]) -> Diagnostic {
    let found = found.suggest(name, known.iter().map(String::as_str));
    if known.is_empty() {
        found.help("an environment is a file `environments/<name>.toml` with an `[environment]` table")
    } else {
        found.note(format!("there are {}", known.join(", ")))
    }
}

/// Frees what is not needed any more beside what this thread does, so that what follows has its memory.
fn free(unneeded: impl Send + 'static) {
    rayon::spawn(move || drop(unneeded));
}

/// What came of a declaration.
struct Made {
    objects: Verified,
    /// What was read for them.
    reads: Reads,
    /// What patches changed in them.
    effects: Vec<(FileId, Effect)>,
    /// The cluster that kind makes.
    kind: Option<model::Kind>,
    /// The names of the workloads that are parts of stores, or their jobs.
    stores: BTreeSet<String>,
    globals: Globals,
}

/// What is declared, as verified objects. None when there were errors.
fn objects(
    target: &str,
    declared: Declared,
    inputs: &Inputs,
    catalogue: &Catalogue,
    catalog: &'static Catalog,
    recording: Recording,
    sink: &mut Sink,
) -> Option<Made> {
    let reads = Reads::of(inputs);
    let cluster = declared.cluster.value();
    reads.mark(declared.looked_at_by_rules().flat_map(|table| inputs.within(table)));
    // What is switched off has no effect, and need not.
    let off = declared.all_workloads().filter(|workload| !workload.is_enabled());
    reads.mark(off.flat_map(|workload| workload.inputs.iter()).flat_map(|table| inputs.within(table)));
    if !cluster.is_kind() {
        reads.mark(cluster.kind.inputs().iter().flat_map(|table| inputs.within(table)));
    }
    // Definitions are looked at whole.
    reads.mark(declared.system.value().settings_prefix.iter().flat_map(|prefix| prefix.inputs().iter()));
    reads.mark(declared.system.value().settings.inputs().iter().flat_map(|table| inputs.within(table)));
    // model, settings
    let before = sink.errors();
    let environment_model = model::environment(&declared, target, &reads);
    let place_of = |of: &InputSet| of.iter().next().map(|input| inputs.get(input).origin);
    let names = settings::complete(&declared, model::context(&environment_model), &place_of, sink);
    if sink.errors() > before {
        return None;
    }
    let globals = Globals::new(names);
    let kind = environment_model.cluster.kind.as_ref().map(|kind| kind.value().clone());
    let of_stores = environment_model.workloads.values().map(Sourced::value);
    let is_embedded = |store: &Name| {
        let store = declared.stores.get(store);
        store.is_some_and(|store| *store.value().via.value() == Via::Embedded)
    };
    let of_stores = of_stores
        .filter(|workload| workload.store.as_ref().is_some_and(|of| is_embedded(of.value().name.value())));
    let stores = of_stores.map(|workload| workload.object_name.value().clone()).collect();
    free((declared, environment_model));
    // render
    let render = |recording, sink: &mut Sink| {
        render::render(catalogue, load::target(target).0, &globals, catalog, recording, &reads, sink)
    };
    let Rendered { objects, artifacts, effects } = render(recording, sink);
    if sink.errors() > before {
        return None;
    }
    // verify
    let mut found = Sink::default();
    let verified = verify::verify(objects, artifacts, catalog, inputs, &mut found);
    if !found.is_empty() && recording == Recording::Reads {
        // Rendered again, so that the findings can point at the environment's files.
        found = Sink::default();
        let Rendered { objects, artifacts, .. } = render(Recording::Leaves, &mut found);
        verify::verify(objects, artifacts, catalog, inputs, &mut found);
    }
    sink.extend(found);
    verified.map(|objects| Made { objects, reads, effects, kind, stores, globals })
}

#[cfg(test)]
mod chart_tests;
#[cfg(test)]
mod file_tests;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod patch_tests;
#[cfg(test)]
pub(crate) mod tests;

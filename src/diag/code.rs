//! The registry of diagnostic codes; each variant's documentation is the page that `--explain` prints.

macro_rules! codes {
    ($( $(#[doc = $doc:literal])+ $name:ident = $text:literal, )+) => {
        /// What a diagnostic is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $( $(#[doc = $doc])+ $name, )+ }

        impl Code {
            /// Every code, in the order of the rooms that give them.
            pub const ALL: &[Code] = &[$(Code::$name),+];

            /// The code as it is printed: `unknown-key`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text),+ }
            }

            /// The page about it: what is wrong, why it matters, what to do.
            pub fn page(self) -> &'static str {
                match self { $(Code::$name => concat!($($doc, "\n"),+)),+ }
            }
        }
    };
}

codes! {
    // workspace
    /// The workspace asks for another version of p8fs-gen.
    ///
    /// `version` in `p8fs-gen.toml` pins the tool, so that everybody renders the same bytes.
    /// Install that version, or change the pin and review the new output.
    ToolVersion = "tool-version",
    /// No environment of that name.
    ///
    /// An environment is a file `environments/<name>.toml` that has an `[environment]` table.
    UnknownEnvironment = "unknown-environment",

    /// A file that is not text as people write it: not UTF-8, or larger than 16 MiB.
    ///
    /// The place is the first byte that is not UTF-8; save the file in that encoding. A file of that size is
    /// something else under a wrong name, and is not read.
    NotText = "not-text",
    /// A file that leads out of the workspace.
    ///
    /// `extends` with an absolute path or `..`, or a link to somewhere else. What lies outside is not in the same
    /// commit, so the same workspace would give another output on another machine.
    OutsideWorkspace = "outside-workspace",

    // load
    /// The file is not valid TOML.
    ///
    /// Everything that could still be read is checked nevertheless, unless a key may be missing because of it.
    TomlSyntax = "toml-syntax",
    /// A value of a kind that environment files do not have, such as a date.
    ///
    /// Write it as a string.
    TomlValue = "toml-value",
    /// `extends` names a file that is not there.
    ///
    /// `extends = ["base.toml"]` is a list. Layers are named relative to the `environments` folder and must lie in it.
    UnknownLayer = "unknown-layer",
    /// A layer extends itself, directly or through others.
    ///
    /// Layers form a line from the base to the environment; break the circle.
    ExtendsCycle = "extends-cycle",

    /// Two environments with the same namespace may be deployed to the same cluster.
    ///
    /// `cluster.contexts` says which contexts of a kubeconfig lead to an environment's cluster, with `*` for any
    /// characters. Where a context could belong to both, the one deployed later would overwrite the other's objects.
    OverlappingContexts = "overlapping-contexts",

    /// A file in `environments/` that is neither an environment nor a layer of one.
    ///
    /// Nothing looks at such a file: its `[environment]` table may be misspelt, the `extends` that should name it
    /// forgotten, or its ending another than `.toml`. `README` files and hidden ones are left alone.
    StrayFile = "stray-file",

    // manifest
    /// A manifest that is neither YAML nor JSON, or that holds what kubectl does not take.
    ///
    /// Documents are separated by lines `---` with nothing beside. Keys are text, and numbers are those that JSON has.
    ManifestSyntax = "manifest-syntax",
    /// A mapping in which a key stands twice.
    ///
    /// Readers differ in which of the two counts; most drop the first without a word.
    DuplicateKey = "duplicate-key",
    /// A document that is no Kubernetes object.
    ///
    /// Every object says what it is by `apiVersion` and `kind`.
    NotAnObject = "not-an-object",

    // merge
    /// `unset` names a key that no layer below sets.
    ///
    /// `unset = ["services.api.scale"]` removes what a layer below wrote; a key that is not there was
    /// probably renamed or removed, and the line no longer does anything.
    UnsetNothing = "unset-nothing",

    // declare
    /// A key that the schema does not have.
    ///
    /// Keys are never ignored: a misspelt one would otherwise leave a default in force without a word.
    UnknownKey = "unknown-key",
    /// A required key is missing.
    MissingKey = "missing-key",
    /// A value of another type than the schema asks for.
    WrongType = "wrong-type",
    /// A value of the right type that is not allowed: out of range, not one of the choices, or of the wrong form.
    InvalidValue = "invalid-value",
    /// A name that refers to nothing declared.
    ///
    /// `uses` lists services, workers and stores of the same environment, `name` or `name:port`; ports are named in
    /// the target's `ports` table, secrets and their keys in `[secrets]`. Pools, priorities, the gateway, the ingress controller, the API server and the domain
    /// have to be declared before something refers to them, a pool with `labels`. What is switched off (`enabled = false`) cannot be used.
    UnknownReference = "unknown-reference",
    /// A reference without a port to something that has several.
    ///
    /// Write `name:port`.
    AmbiguousPort = "ambiguous-port",
    /// Two workloads, a workload and a store, or two volumes of a pod have the same name.
    ///
    /// `uses` could mean both workloads, and their objects would have one name. The volumes of a pod are its `storage`,
    /// its `scratch`, that of `[system]`, and those called `tmp`, `files`, `config` and `secret-files`, which p8fs-gen
    /// makes itself.
    DuplicateName = "duplicate-name",
    /// `uses` says the same connection twice.
    DuplicateUse = "duplicate-use",
    /// A store that is part of the system, and that no workload uses.
    ///
    /// It takes its place in the cluster, and the network policies let nobody in. Its own parts and jobs do not count. A
    /// store that is there for its own sake, as one that reads metrics, says `stands_alone = true`.
    UnusedStore = "unused-store",
    /// An environment without services, workers, jobs and cron jobs.
    ///
    /// Nothing would be rendered; an empty output is more often a mistake than meant.
    DeploysNothing = "deploys-nothing",
    /// Two ports of one workload, or of the machine that kind runs on, have the same number.
    ///
    /// Containers of a pod share one network address, so the second listener could not bind. What the nodes of a kind
    /// cluster publish, its entry and its registry share the machine's.
    DuplicatePort = "duplicate-port",
    /// Two things are mounted at one path of a container.
    ///
    /// `files`, `config`, `storage`, `scratch`, the `scratch` of `[system]` and `/tmp` share one file system; the API server refuses
    /// a second mount at the same path.
    DuplicateMount = "duplicate-mount",
    /// The context that kind makes is not one of the cluster's.
    ///
    /// kind calls the context of a cluster `kind-<name>`, and `cluster.contexts` are those that lead to it: where none
    /// matches, what is meant for this cluster would be refused there. The name is `cluster.kind.name`, or else the
    /// system's.
    WrongContext = "wrong-context",
    /// Two services are exposed under one host and path.
    ///
    /// A gateway would pass all requests to the older of the two routes, an ingress controller to either.
    DuplicateRoute = "duplicate-route",
    /// A probe that asks nothing, or several things.
    ///
    /// A probe has exactly one of `path` (an HTTP request, with `port`), `grpc`, `tcp` (each the name of a port) and
    /// `command`.
    ProbeHandler = "probe-handler",
    /// The environment's workloads can request more than its quota allows.
    ///
    /// Counted are the most replicas of each workload, and one pod more while it is replaced. The API server would
    /// refuse the pods above the quota, usually when the load is highest. Raise the quota, or lower `replicas.max`.
    OverQuota = "over-quota",
    /// Something is larger than what holds it.
    ///
    /// A pod that is larger than a node of its pool is never scheduled; a folder that may hold more than the pod's
    /// `resources.storage` gets the pod evicted; volumes that are kept in memory should leave the pod some. The nodes of a
    /// pool have to hold all pods that are placed on it at the fewest and at the most; in production also at the fewest
    /// with one zone lost. Volumes together ask no more than `cluster.storage`, pools have no more nodes than
    /// `cluster.nodes`. What production could not stand at the most, and other tiers at all, is a warning, as are volumes in memory.
    OverCapacity = "over-capacity",
    /// The values of a secret are written down where they must not be.
    ///
    /// `via = "literal"` is for the tier `development`: whoever can read the files has the passwords. Elsewhere a
    /// secret is a reference: to a Secret that is there (`existing`), to a secret store (`external`), to a file that
    /// SOPS encrypted (`sops`), or to values that are made when the environment is first applied (`generated`).
    /// The values of charts take no passwords either: most charts take the name of a Secret.
    LiteralSecret = "literal-secret",
    /// A file that SOPS should have encrypted is not there, or not encrypted.
    ///
    /// `[secrets.<name>.sops]` names a YAML or JSON file of the workspace. Its keys can be read without a key, and so can
    /// whether SOPS encrypted it and who can decrypt it; whether they can here is seen when the environment is applied.
    EncryptedFile = "encrypted-file",
    /// A disruption budget never lets a pod go.
    ///
    /// `maxUnavailable: 0`, `minAvailable: 100%`, or as many as there are: whoever drains a node, for an upgrade for instance,
    /// would wait for ever. Of what is rendered it is an error, in other manifests a warning.
    BlockedDrain = "blocked-drain",
    /// A store keeps its data in its pod.
    ///
    /// A part of an embedded store that says `keeps_data` needs a volume in the tier `production`: what is written into a pod
    /// ends with it.
    StoreWithoutVolume = "store-without-volume",
    /// An image is named by a tag where digests are wanted.
    ///
    /// `[policy] digests = true`: a tag may mean another image tomorrow, and what was tested is not what runs. The images of
    /// stores and sidecars count as well.
    ImageWithoutDigest = "image-without-digest",
    /// A secret would be shown.
    ///
    /// What is made of the value of a secret is one itself, and so is whatever is there because of it: only `data` and
    /// `stringData` of a Secret may hold it. Programs get it by reference, as a `secretKeyRef` or a volume.
    SecretLeak = "secret-leak",
    /// A password seems to stand among what is no secret.
    ///
    /// Variables and settings end up in `ConfigMap`s and pods, where many may read them. A text is taken for a password by
    /// the end of its name (`PASSWORD`, `SECRET`, `TOKEN`, `API_KEY`, …), or because it is a URL with a user's password.
    /// Declare it in `[secrets]`, and refer to its key; of a URL, give programs the parts. In staging and production it is
    /// an error, elsewhere a warning.
    PlainPassword = "plain-password",
    /// A value that the chart's version does not have.
    ///
    /// Helm ignores values that no template of the chart asks for, without a word, so a misspelt one leaves a default in
    /// force. Which values a version has, p8fs-gen knows by `schemas/helm`, or by `known` of the workspace's own
    /// `charts/<chart>.toml`.
    UnknownChartValue = "unknown-chart-value",
    /// A version of a chart of which the values are not known.
    ///
    /// They could not be checked. Take a version that is known, or add what the other one takes: docs/charts.md says how.
    UnknownChartVersion = "unknown-chart-version",
    /// Releases of charts wait for each other to be installed.
    ///
    /// `after` names releases that have to be there first, `after_charts` charts. Break the circle.
    InstallCycle = "install-cycle",
    /// `replicas` and `scale` contradict each other.
    ///
    /// A range `{ min, max }` needs `scale` to say what to scale by; `scale` needs a range to scale in.
    /// A fixed number and an autoscaler would overwrite each other.
    ReplicasAndScale = "replicas-and-scale",

    /// A file sets one setting twice.
    ///
    /// Settings are matched without case, with or without the prefix of their environment variables, and by their
    /// aliases: `log_level` and `P8FS_LOG_LEVEL` are one. Which of the two should count cannot be known; keep one.
    DuplicateSetting = "duplicate-setting",
    /// A setting is set that follows from what is declared elsewhere.
    ///
    /// Its definition in `[system.settings]` has `derived`: the finding names what it is derived from. Change that
    /// instead, so that the setting and what it tells of cannot disagree.
    DerivedSetting = "derived-setting",
    /// A setting has no value in an environment that cannot do without it.
    ///
    /// Its definition lists the environment's tier under `required`, and neither `[settings]` nor a default gives it one.
    MissingSetting = "missing-setting",
    /// The definition of a setting contradicts itself, or refers to what is not there.
    ///
    /// `[system.settings.<name>]` says of a setting its type, defaults and range, the settings that it depends on (`when`)
    /// or the expression that gives it (`derived`). Keys that mean nothing for its type, conditions that never hold,
    /// expressions that need each other, and one that would show a secret are refused.
    SettingDefinition = "setting-definition",

    /// A line of `.env` that cannot be read.
    ///
    /// The file holds lines `NAME=value`, as python-dotenv reads them: a value may stand in quotes, which must be closed
    /// with nothing but a comment behind them.
    EnvFile = "env-file",

    // template
    /// The template is not valid YAML, or uses YAML that templates do not have (anchors, tags, merge keys).
    TemplateSyntax = "template-syntax",
    /// A `$` directive that the template language does not have, or one in the wrong place.
    ///
    /// The directives are `$if`, `$else`, `$for`, `$value`, `$merge`, `$include` and `$file`, and in patches
    /// `$remove`; a literal key that begins with `$` is written with `$$`.
    TemplateDirective = "template-directive",
    /// An expression that cannot be parsed, or calls what templates do not have.
    TemplateExpression = "template-expression",
    /// A name or attribute that does not exist where the expression stands.
    ///
    /// Paths are checked against the context's schema before any data is seen, so a misspelling in a
    /// branch that today's environments never take is found as well.
    TemplateUnknownName = "template-unknown-name",
    /// A loop variable or fragment argument hides another name.
    TemplateShadowing = "template-shadowing",
    /// The template cannot produce what the Kubernetes schema asks for.
    ///
    /// Found before any data is seen, on every branch: unknown fields, values of another type, required
    /// fields that are missing or may be left out.
    TemplateSchema = "template-schema",
    /// An expression gave a value that cannot stand where it was written.
    ///
    /// `none` or a structure within text, a key that is not text, a number that is not finite.
    TemplateValue = "template-value",
    /// An expression or a loop left empty what Kubernetes reads as "all".
    ///
    /// An empty `from` in a NetworkPolicy admits everybody, an empty selector matches every pod. Only a
    /// literal `[]` or `{}` in the template may say so; a loop that ran zero times may not.
    EmptyMeansAll = "empty-means-all",
    /// A fragment or file that is not there, that includes itself, or was given arguments it does not use.
    ///
    /// One that nothing includes is a warning.
    TemplateInclude = "template-include",
    /// A workspace's template in the place of a built-in one that it was not made from.
    ///
    /// A later version of p8fs-gen brings changes of its templates, which a copy misses. `overrides:` in the header says
    /// what the copy was made from; `templates override PATH` prints a built-in template with this line, and
    /// `templates diff PATH` shows how the two differ. This is a warning.
    TemplateOverride = "template-override",
    /// A patch that changes nothing.
    ///
    /// No object of any environment that it is for is its target, or all that it says is so already. The object was
    /// probably renamed, or the template now says the same: correct the target, or remove the patch.
    PatchWithoutEffect = "patch-without-effect",
    /// Two patches change one field differently.
    ///
    /// Which of them would win must not depend on the names of their files.
    PatchConflict = "patch-conflict",
    /// A key of an environment file that nothing read.
    ///
    /// It is spelt right and has the right type, yet no derivation and no template looked at it, so it has
    /// no effect. Remove it, or write the template that uses it.
    DeadKey = "dead-key",

    // verify
    /// A field that the object's kind does not have.
    UnknownField = "unknown-field",
    /// A field that the object's kind requires is missing.
    MissingField = "missing-field",
    /// A field holds a value of another type.
    WrongFieldType = "wrong-field-type",
    /// A field's value is out of bounds, not among the allowed ones, or malformed.
    InvalidFieldValue = "invalid-field-value",
    /// A kind that the cluster's version of Kubernetes does not serve.
    UnknownKind = "unknown-kind",
    /// Something that could not be checked.
    ///
    /// Custom resources need the definition of their kind, which `--schemas` takes from a folder; rules in CEL are not
    /// evaluated. The rest of the object was checked.
    NotChecked = "not-checked",
    /// Two objects have the same kind, namespace and name.
    ///
    /// The second would silently overwrite the first.
    DuplicateObject = "duplicate-object",
    /// An item of a list keyed by some of its fields has the key of another item.
    DuplicateItem = "duplicate-item",
    /// A name that Kubernetes refuses for an object of this kind.
    InvalidName = "invalid-name",
    /// A label or annotation whose key or value Kubernetes refuses.
    InvalidLabel = "invalid-label",
    /// A selector that does not match the pods it is meant for.
    SelectorMismatch = "selector-mismatch",
    /// Two decide how many pods a workload has.
    ///
    /// Two autoscalers of one target undo each other's changes, and a workload with `replicas` is set back to that number
    /// by each apply. In manifests of others, `replicas` beside an autoscaler is a warning: what applies them may leave it
    /// out.
    ContestedReplicas = "contested-replicas",
    /// A trigger of KEDA with metadata that its scaler does not take.
    ///
    /// To Kubernetes, metadata is any text under any key; what a scaler does not know it ignores, and what it cannot read
    /// ends in an event of the operator, long after the apply. Checked are names of triggers, keys, what is required,
    /// numbers, words and flags, by what KEDA's own sources say of its scalers, and what its authentication holds.
    TriggerMetadata = "trigger-metadata",
    /// An autoscaler that would never leave zero, or never get there.
    ///
    /// Without pods there is no use of CPU and memory to measure: from zero, only another trigger can start the first
    /// pod. Kubernetes' own HorizontalPodAutoscaler does not scale to zero at all.
    ScaleToZero = "scale-to-zero",
    /// A fallback that could never take effect.
    ///
    /// It says how many pods there are while KEDA cannot ask its triggers. CPU and memory are not asked by KEDA, so
    /// another trigger is needed.
    Fallback = "fallback",

    // emit
    /// The output folder cannot be written to.
    ///
    /// p8fs-gen replaces only folders that it wrote itself; a folder with other content, a file, a mount
    /// point and a repository's root are left alone.
    OutputRefused = "output-refused",

    // diff
    /// A field that Kubernetes never changes is another than in the output before.
    ///
    /// The API server refuses the update of an object that is there with the old value, whatever applies it. The help says
    /// what it takes instead; pods stop where the object is deleted with what belongs to it. Where the old output
    /// never reached a cluster there is nothing to do. This is a warning: `render` writes what is declared.
    ImmutableField = "immutable-field",

    // cli
    /// No object matches what was asked for.
    UnknownObject = "unknown-object",
    /// Several objects match what was asked for.
    ///
    /// Name the namespace (`-n`, or `namespace/kind/name`), or the group of the kind (`kind.group/name`).
    AmbiguousObject = "ambiguous-object",
    /// The object has no such field.
    UnknownPath = "unknown-path",
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Code {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text).ok_or(())
    }
}

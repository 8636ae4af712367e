//! The derivations of secrets, and of what refers to them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::secret::{ExternalSecret, LiteralSecret, RemoteKey, Secret, SecretKeyRef};
use super::workload::SecretFile;
use super::workloads::{given_or, seconds_or};
use crate::declare::{
    self, DOCKER_CONFIG, Declared, FileName, LabelMap, Name, SecretKey, SecretText, SecretUse, SecretVia,
    StoreScope,
};
use crate::merge::{InputSet, Reads, Sourced};

/// Every declared secret.
pub(super) fn secrets(declared: &Declared, reads: &Reads) -> BTreeMap<Name, Sourced<Secret>> {
    let mut users: BTreeMap<&Name, &Sourced<Name>> = BTreeMap::new();
    for SecretUse { secret, .. } in declared.secret_uses() {
        // The first stands for all.
        users.entry(secret.value()).or_insert(secret);
    }
    let derived = declared.secrets.iter().map(|(name, raw)| {
        let user = users.get(name).copied();
        if user.is_some() {
            settled(raw.value(), reads);
        }
        (name.clone(), raw.map(|_| derive(declared, name, raw, user)))
    });
    derived.collect()
}

/// Marks what has had its effect when a secret is used: rules have compared references with it, and applying the
/// environment makes something of the rest.
fn settled(raw: &declare::Secret, reads: &Reads) {
    reads.mark(raw.via.inputs().iter());
    match raw.via.value() {
        SecretVia::Existing => {
            let keys = raw.existing.iter().flat_map(|existing| &existing.value().keys);
            reads.mark(keys.flat_map(|key| key.inputs().iter()));
        }
        SecretVia::Sops => {
            reads.mark(raw.sops.iter().flat_map(|sops| sops.value().file.inputs().iter()));
        }
        SecretVia::Generated => {
            for key in raw.generated.iter().flat_map(|keys| keys.value().values()) {
                let (length, charset) = (&key.value().length, &key.value().charset);
                reads.mark(key.inputs().iter());
                reads.mark(length.iter().flat_map(|length| length.inputs().iter()));
                reads.mark(charset.iter().flat_map(|charset| charset.inputs().iter()));
            }
        }
        SecretVia::Literal | SecretVia::External => {}
    }
}

fn derive(
    declared: &Declared,
    name: &Name,
    secret: &Sourced<declare::Secret>,
    user: Option<&Sourced<Name>>,
) -> Secret {
    let raw = secret.value();
    let own = secret.map(|_| name.clone());
    let via = |wanted: SecretVia| *raw.via.value() == wanted;
    let literal = raw.literal.as_ref().filter(|_| via(SecretVia::Literal)).map(|values| {
        let encoded = |text: &SecretText| STANDARD.encode(text.expose());
        let encoded = values.value().iter().map(|(key, text)| (key.clone(), text.map(encoded)));
        // The table has to be there.
        raw.via.map(|_| LiteralSecret { data: values.map(|_| encoded.collect()), values: values.clone() })
    });
    let external = raw.external.as_ref().filter(|_| via(SecretVia::External));
    let external = external.map(|external| raw.via.map(|_| derive_external(external)));
    Secret {
        object_name: object_name(declared, &own),
        via: raw.via.clone(),
        secret_type: secret_type(secret),
        is_used: match user {
            Some(user) => user.map(|_| true),
            None => Sourced::default_of(false),
        },
        literal,
        external,
        name: own,
    }
}

fn derive_external(external: &Sourced<declare::ExternalSecret>) -> ExternalSecret {
    let raw = external.value();
    let scope = given_or(raw.scope.as_ref(), external.inputs(), StoreScope::Cluster);
    // Which keys there are, and in which order, is by all names in the table.
    let listed = raw.keys.inputs().absence();
    let keys = raw.keys.value().iter().map(|(name, remote)| {
        remote.map(|raw| RemoteKey {
            name: remote.map(|_| name.clone()),
            key: raw.key.clone(),
            property: raw.property.clone(),
            version: raw.version.clone(),
        })
    });
    ExternalSecret {
        store: raw.store.clone(),
        store_kind: scope.map(|scope| match scope {
            StoreScope::Cluster => "ClusterSecretStore".to_owned(),
            StoreScope::Namespace => "SecretStore".to_owned(),
        }),
        refresh: seconds_or(raw.refresh.as_ref(), external.inputs(), 60 * 60),
        keys: Sourced::derived(keys.collect(), listed),
    }
}

/// What Kubernetes calls a Secret with such keys.
fn secret_type(secret: &Sourced<declare::Secret>) -> Sourced<String> {
    let raw = secret.value();
    let keys = raw.keys().unwrap_or_default();
    let known = if keys.contains_key(DOCKER_CONFIG) {
        "kubernetes.io/dockerconfigjson"
    } else if keys.contains_key("tls.crt") && keys.contains_key("tls.key") {
        "kubernetes.io/tls"
    } else {
        "Opaque"
    };
    let table = match raw.via.value() {
        SecretVia::Literal => raw.literal.as_ref().map(Sourced::inputs),
        SecretVia::External => raw.external.as_ref().map(|external| external.value().keys.inputs()),
        _ => None,
    };
    Sourced::derived(known.to_owned(), table.unwrap_or(secret.inputs()).absence())
}

/// The name of the Secret that is meant; of one that is not declared, as if it were.
pub fn object_name(declared: &Declared, name: &Sourced<Name>) -> Sourced<String> {
    let own = declared.system.value().name.zip(name, |system, name| format!("{system}-{name}"));
    let Some(secret) = declared.secrets.get(name.value()).map(Sourced::value) else { return own };
    match secret.existing.as_ref().filter(|_| *secret.via.value() == SecretVia::Existing) {
        Some(existing) => existing.value().name.zip(name, |object, _| object.to_string()),
        None => own,
    }
}

/// A key of a secret, as objects refer to it.
pub(super) fn key_ref(declared: &Declared, secret: &Sourced<Name>, key: &Sourced<SecretKey>) -> SecretKeyRef {
    SecretKeyRef { name: object_name(declared, secret), key: key.clone() }
}

/// The files of a workload that secrets hold.
pub(super) fn files(declared: &Declared, raw: declare::Workload<'_>) -> Sourced<Vec<Sourced<SecretFile>>> {
    let held = raw.pod.files.iter().filter_map(|(name, file)| {
        let (secret, key) = (file.value().secret.as_ref()?, file.value().key.as_ref()?);
        let derived = |name: &FileName| SecretFile {
            name: file.map(|_| name.clone()),
            secret: key_ref(declared, secret, key),
        };
        Some(file.map(|_| derived(name)))
    });
    let files: Vec<Sourced<SecretFile>> = held.collect();
    let mut inputs = InputSet::default();
    for file in &files {
        inputs.extend(file.inputs());
    }
    let inputs = if files.is_empty() { raw.inputs.absence() } else { inputs };
    Sourced::derived(files, inputs)
}

/// Annotations that change when one says that the values of a secret did.
pub(super) fn versions(declared: &Declared, raw: declare::Workload<'_>) -> Sourced<LabelMap> {
    let mut versions = LabelMap::new();
    let mut inputs = raw.inputs.absence();
    let settings = declared.secret_settings().filter(|_| raw.store.is_none());
    for SecretUse { secret, .. } in raw.secrets_read().chain(settings) {
        let Some(known) = declared.secrets.get(secret.value()) else { continue };
        match &known.value().version {
            Some(version) => {
                let version = version.zip(secret, |version, _| version.to_string());
                versions.entry(format!("secret/{}", secret.value())).or_insert(version);
            }
            None => inputs.extend(&known.inputs().absence()),
        }
    }
    // Of several, no single one decides whether there are any.
    if let (1, Some(only)) = (versions.len(), versions.values().next()) {
        inputs.extend(only.inputs());
    }
    Sourced::derived(versions, inputs)
}

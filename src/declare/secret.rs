//! Secrets: what is declared of them, and how workloads refer to their keys.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::settings::SettingValue;
use super::values::{Charset, Duration, LabelValue, Name, ObjectName, SecretKey, SecretVia, StoreScope};
use super::workloads::Workload;
use super::{Declared, Setting};
use crate::merge::{InputSet, Sourced};

/// A secret: where the values of its keys come from. Exactly the table that is called like `via` is read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// How it is had; the table of the same name holds the rest.
    pub via: Sourced<SecretVia>,
    /// Changed by hand when the values were: the pods that read the secret are then replaced.
    pub version: Option<Sourced<LabelValue>>,
    /// The values themselves, by key. In the tier `development` only.
    pub literal: Option<Sourced<BTreeMap<SecretKey, Sourced<SecretText>>>>,
    /// A Secret that somebody else makes in the namespace.
    pub existing: Option<Sourced<ExistingSecret>>,
    /// What the External Secrets operator fetches from a secret store.
    pub external: Option<Sourced<ExternalSecret>>,
    /// A file of the workspace that SOPS encrypted.
    pub sops: Option<Sourced<SopsSecret>>,
    /// Values that are made when the environment is first applied, by key.
    #[schemars(extend("minProperties" = 1))]
    pub generated: Option<Sourced<BTreeMap<SecretKey, Sourced<GeneratedKey>>>>,
}

/// The value of a secret. It is shown nowhere, not even when debugging.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SecretText(String);

impl SecretText {
    /// The value itself, for the data of a Secret.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// A Secret that somebody else makes in the namespace.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExistingSecret {
    /// The name of the Secret.
    pub name: Sourced<ObjectName>,
    /// The keys that it has.
    #[schemars(length(min = 1))]
    pub keys: Vec<Sourced<SecretKey>>,
}

/// What the External Secrets operator fetches from a secret store.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExternalSecret {
    /// The name of the store: a `ClusterSecretStore`, or a `SecretStore` of the namespace.
    pub store: Sourced<ObjectName>,
    /// Whose store it is; the whole cluster's if left out.
    pub scope: Option<Sourced<StoreScope>>,
    /// How often it is fetched anew; every hour if left out.
    pub refresh: Option<Sourced<Duration>>,
    /// Where the value of each key lies in the store.
    #[schemars(extend("minProperties" = 1))]
    pub keys: Sourced<BTreeMap<SecretKey, Sourced<RemoteKey>>>,
}

/// Where a value lies in a secret store.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoteKey {
    /// The name of the entry, such as `p8fs/database`.
    #[schemars(extend("minLength" = 1, "x-form" = "The name of an entry of a secret store, such as `p8fs/database`.", "x-example" = "x"))]
    pub key: Sourced<String>,
    /// The field of the entry; all of it if left out.
    pub property: Option<Sourced<String>>,
    /// The version of the entry; the newest if left out.
    pub version: Option<Sourced<String>>,
}

/// A file that SOPS encrypted: its keys are read, its values are not.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SopsSecret {
    /// The file, a YAML or JSON file of the workspace, such as `secrets/prod.yaml`.
    #[schemars(extend("x-example" = "x.yaml"))]
    pub file: Sourced<String>,
}

/// A value to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GeneratedKey {
    /// How many characters it has; 32 if left out.
    #[schemars(range(min = 16, max = 512))]
    pub length: Option<Sourced<u32>>,
    /// What characters it has; letters and digits if left out.
    pub charset: Option<Sourced<Charset>>,
}

/// A key of a secret.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretRef {
    /// The secret, one of `[secrets]`.
    pub secret: Sourced<Name>,
    /// The key of it that is meant.
    pub key: Sourced<SecretKey>,
}

/// The value of an environment variable: a setting, or a key of a secret.
#[derive(Clone, Debug)]
pub enum EnvValue {
    /// As it is written.
    Plain(Setting),
    /// What a secret holds.
    Secret(SecretRef),
}

/// By hand, because serde's untagged enums lose where their fields were written.
impl<'de> Deserialize<'de> for EnvValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EnvValueVisitor;

        impl<'de> Visitor<'de> for EnvValueVisitor {
            type Value = EnvValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, a whole number, true or false, or a key of a secret")
            }

            fn visit_bool<E>(self, flag: bool) -> Result<EnvValue, E> {
                Ok(EnvValue::Plain(Setting::Flag(flag)))
            }

            fn visit_i64<E>(self, number: i64) -> Result<EnvValue, E> {
                Ok(EnvValue::Plain(Setting::Number(number)))
            }

            fn visit_str<E>(self, text: &str) -> Result<EnvValue, E> {
                Ok(EnvValue::Plain(Setting::Text(text.to_owned())))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<EnvValue, A::Error> {
                SecretRef::deserialize(MapAccessDeserializer::new(map)).map(EnvValue::Secret)
            }
        }

        deserializer.deserialize_any(EnvValueVisitor)
    }
}

/// The forms of a setting, and one more.
impl JsonSchema for EnvValue {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "EnvValue".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Setting::json_schema(generator);
        let secret = generator.subschema_for::<SecretRef>();
        if let Some(serde_json::Value::Array(forms)) = schema.get_mut("anyOf") {
            forms.push(secret.to_value());
        }
        schema.insert(
            "description".to_owned(),
            "A setting: text, a whole number, or true or false; or a key of a secret.".into(),
        );
        schema
    }
}

/// Which key makes the Secret one with which images are pulled.
pub const DOCKER_CONFIG: &str = ".dockerconfigjson";

/// A place that refers to a secret.
#[derive(Clone, Copy)]
pub struct SecretUse<'a> {
    /// The secret that is meant.
    pub secret: &'a Sourced<Name>,
    /// The key of it; none where images are pulled with it, which takes [`DOCKER_CONFIG`].
    pub key: Option<&'a Sourced<SecretKey>>,
}

impl<'a> Workload<'a> {
    /// The secrets that its containers read when they start.
    pub fn secrets_read(self) -> impl Iterator<Item = SecretUse<'a>> {
        let variables = self.pod.env.values().filter_map(|value| match value.value() {
            EnvValue::Secret(SecretRef { secret, key }) => Some(SecretUse { secret, key: Some(key) }),
            EnvValue::Plain(_) => None,
        });
        let files = self.pod.files.values().filter_map(|file| {
            let file = file.value();
            Some(SecretUse { secret: file.secret.as_ref()?, key: Some(file.key.as_ref()?) })
        });
        variables.chain(files)
    }

    /// The secret with which its image is pulled.
    pub fn pulled_with(self, declared: &'a Declared) -> Option<&'a Sourced<Name>> {
        self.pod.pull_secret.as_ref().or(declared.cluster.value().pull_secret.as_ref())
    }
}

impl Declared {
    /// Every place that refers to a secret, in the environment's order.
    pub fn secret_uses(&self) -> impl Iterator<Item = SecretUse<'_>> {
        let own = self.workloads().flat_map(move |workload| {
            let pulled = workload.pulled_with(self).map(|secret| SecretUse { secret, key: None });
            let of_triggers =
                workload.triggers().flat_map(|(_, trigger)| trigger.value().auth.value().values());
            let of_triggers = of_triggers.map(|held| {
                let SecretRef { secret, key } = held.value();
                SecretUse { secret, key: Some(key) }
            });
            workload.secrets_read().chain(of_triggers).chain(pulled)
        });
        own.chain(self.secret_settings())
    }

    /// The settings that secrets hold.
    pub fn secret_settings(&self) -> impl Iterator<Item = SecretUse<'_>> {
        self.settings.value().values().filter_map(|setting| match setting.value() {
            SettingValue::Secret(SecretRef { secret, key }) => Some(SecretUse { secret, key: Some(key) }),
            _ => None,
        })
    }
}

impl Secret {
    /// Its keys, and where they are written; none where the file that holds them has to be asked, or where they are
    /// not declared.
    pub fn keys(&self) -> Option<BTreeMap<&str, &InputSet>> {
        fn of<T>(table: &BTreeMap<SecretKey, Sourced<T>>) -> BTreeMap<&str, &InputSet> {
            table.iter().map(|(key, value)| (key.as_str(), value.inputs())).collect()
        }
        Some(match self.via.value() {
            SecretVia::Literal => of(self.literal.as_ref()?.value()),
            SecretVia::Existing => {
                let keys = &self.existing.as_ref()?.value().keys;
                keys.iter().map(|key| (key.value().as_str(), key.inputs())).collect()
            }
            SecretVia::External => of(self.external.as_ref()?.value().keys.value()),
            SecretVia::Generated => of(self.generated.as_ref()?.value()),
            SecretVia::Sops => return None,
        })
    }
}

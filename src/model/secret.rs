//! The types of secrets.

use std::collections::BTreeMap;

use super::context::contextual;
use crate::declare::{Name, ObjectName, SecretKey, SecretText, SecretVia};
use crate::merge::Sourced;

contextual! {
    /// A secret. Where it is `existing`, of a file of SOPS, or made when the environment is first applied, nothing is
    /// rendered for it.
    pub struct Secret {
        /// As declared: `database`.
        pub name: Sourced<Name>,
        /// The name of its Secret: `p8fs-database`.
        pub object_name: Sourced<String>,
        pub via: Sourced<SecretVia>,
        /// The type of its Secret, by its keys.
        pub secret_type: Sourced<String>,
        /// Whether a workload refers to it; what nobody refers to is not rendered.
        pub is_used: Sourced<bool>,
        pub literal: Option<Sourced<LiteralSecret>>,
        pub external: Option<Sourced<ExternalSecret>>,
    }

    /// A secret whose values are declared, in the tier `development` only.
    pub struct LiteralSecret {
        /// The values, as the data of a Secret holds them.
        pub data: Sourced<BTreeMap<SecretKey, Sourced<String>>>,
        /// The values.
        pub values: Sourced<BTreeMap<SecretKey, Sourced<SecretText>>>,
    }

    /// A secret that the External Secrets operator fetches.
    pub struct ExternalSecret {
        /// The name of the store.
        pub store: Sourced<ObjectName>,
        /// `ClusterSecretStore` or `SecretStore`
        pub store_kind: Sourced<String>,
        /// How often it is fetched anew, in seconds.
        pub refresh: Sourced<u32>,
        pub keys: Sourced<Vec<Sourced<RemoteKey>>>,
    }

    /// Where the value of a key lies in the store.
    pub struct RemoteKey {
        /// The key of the Secret.
        pub name: Sourced<SecretKey>,
        /// The name of the entry of the store.
        pub key: Sourced<String>,
        /// The field of the entry.
        pub property: Option<Sourced<String>>,
        /// The version of the entry.
        pub version: Option<Sourced<String>>,
    }

    /// A key of a Secret.
    pub struct SecretKeyRef {
        /// The name of the Secret.
        pub name: Sourced<String>,
        pub key: Sourced<SecretKey>,
    }
}

//! The words and numbers of environment files. Their schemas say what is allowed, so a value of one of these
//! types is valid.

use schemars::JsonSchema;
use serde::Deserialize;

macro_rules! text {
    ($( $(#[doc = $doc:literal])+ $name:ident: $pattern:literal, $max:literal, $example:literal; )+) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
        #[serde(transparent)]
        #[schemars(extend("x-form" = concat!($($doc),+).trim(), "x-example" = $example))]
        pub struct $name(#[schemars(regex(pattern = $pattern), length(max = $max))] String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        /// For maps by name to be asked with plain text.
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }
    )+

        /// The words for a pattern, for names that are keys.
        pub(super) fn form_of(pattern: &str) -> Option<&'static str> {
            match pattern {
                $( $pattern => Some(concat!($($doc),+)), )+
                _ => None,
            }
        }
    };
}

text! {
    /// A name: at most 40 lower-case letters, digits and dashes, beginning with a letter and ending with a letter or digit.
    Name: r"^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$", 40, "x";
    /// The name of a port: at most 15 lower-case letters, digits and dashes, beginning with a letter and ending with a letter or digit.
    PortName: r"^(?=.{1,15}$)[a-z](-?[a-z0-9])*$", 15, "x";
    /// The name of an environment variable: upper-case letters, digits and underscores.
    VariableName: r"^[A-Z_][A-Z0-9_]{0,252}$", 253, "X";
    /// A container image in lower case with a tag, a digest (`@sha256:` and 64 hexadecimal digits) or both.
    Image: r"^[a-z0-9]([a-z0-9._:/-]*[a-z0-9])?(:[a-zA-Z0-9_][a-zA-Z0-9._-]*|@sha256:[0-9a-f]{64}|:[a-zA-Z0-9_][a-zA-Z0-9._-]*@sha256:[0-9a-f]{64})$", 512, "x:1";
    /// An amount of CPU in cores, such as `250m` or `1.5`; more than nothing.
    Cpu: r"^(?=.*[1-9])([0-9]+(\.[0-9]*)?|\.[0-9]+)m?$", 32, "1";
    /// An amount of memory or storage, such as `512Mi` or `1.5G`; more than nothing.
    Bytes: r"^(?=.*[1-9])([0-9]+(\.[0-9]*)?|\.[0-9]+)([kMGTP]|[KMGTP]i)?$", 32, "1";
    /// A range of addresses, such as `10.20.0.0/16`; a single one ends in `/32`, or `/128`.
    Cidr: r"^[0-9a-f.:]+/[0-9]{1,3}$", 49, "192.0.2.0/32";
    /// A path of a URL, beginning with `/`.
    AbsolutePath: r"^/[^\s]*$", 1024, "/";
    /// What a workload talks to: a service or store of this environment, `name` or `name:port`.
    Use: r"^[a-z]([-a-z0-9]*[a-z0-9])?(:[a-z](-?[a-z0-9])*)?$", 56, "x";
}

impl Use {
    /// What is used, and which port of it, if one is named.
    pub fn parts(&self) -> (&str, Option<&str>) {
        match self.as_str().split_once(':') {
            Some((target, port)) => (target, Some(port)),
            None => (&self.0, None),
        }
    }
}

/// The number of a port: 1 to 65535.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct PortNumber(#[schemars(range(min = 1))] pub u16);

/// A share of what was requested, in per cent: 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Percent(#[schemars(range(min = 1, max = 100))] pub u8);

/// What an environment is for; stricter rules hold the further it is from development.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// On somebody's own machine.
    Development,
    /// For tests that start and end it.
    Testing,
    /// As production, with other data.
    Staging,
    /// The real one.
    Production,
}

impl Tier {
    /// Every tier as it is written, in the order of the variants.
    pub const NAMES: &[&str] = &["development", "testing", "staging", "production"];

    /// The tier as it is written.
    pub fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

impl std::fmt::Display for Tier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The minor version of Kubernetes that the cluster runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum KubernetesMinor {
    /// 1.34
    #[serde(rename = "1.34")]
    V1_34,
    /// 1.35
    #[serde(rename = "1.35")]
    V1_35,
    /// 1.36
    #[serde(rename = "1.36")]
    V1_36,
}

impl KubernetesMinor {
    /// The minor as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            KubernetesMinor::V1_34 => "1.34",
            KubernetesMinor::V1_35 => "1.35",
            KubernetesMinor::V1_36 => "1.36",
        }
    }
}

/// How a store is had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    /// Somebody else runs it; `[stores.<name>.external]` says where.
    External,
}

/// Labels by key.
pub type LabelMap = std::collections::BTreeMap<String, crate::merge::Sourced<String>>;

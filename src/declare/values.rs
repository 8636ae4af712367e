//! The words and numbers of environment files. Their schemas say what is allowed, so a value of one of these
//! types is valid.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

macro_rules! text {
    ($( $(#[doc = $doc:literal])+ $name:ident: $pattern:literal, $max:literal, $example:literal; )+) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
        #[serde(transparent)]
        #[schemars(extend("x-form" = concat!($($doc),+).trim(), "x-example" = $example))]
        pub struct $name(
            #[serde(deserialize_with = "shared")]
            #[schemars(regex(pattern = $pattern), length(max = $max))]
            Arc<str>,
        );

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, which is not copied.
            #[allow(dead_code, reason = "of all types alike")]
            pub fn shared(&self) -> Arc<str> {
                Arc::clone(&self.0)
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
    PortName: r"^(?=[-a-z0-9]{1,15}$)[a-z](-?[a-z0-9])*$", 15, "x";
    /// The name of an environment variable: upper-case letters, digits and underscores.
    VariableName: r"^[A-Z_][A-Z0-9_]{0,252}$", 253, "X";
    /// The name of a setting: lower-case letters, digits and underscores, beginning with a letter.
    SettingName: r"^[a-z][a-z0-9_]{0,119}$", 120, "x";
    /// The name of a setting or of its environment variable: letters, digits and underscores.
    SettingKey: r"^[A-Za-z_][A-Za-z0-9_]{0,252}$", 253, "X";
    /// A container image in lower case with a tag, a digest (`@sha256:` and 64 hexadecimal digits) or both.
    Image: r"^[a-z0-9]([a-z0-9._:/-]*[a-z0-9])?(:[a-zA-Z0-9_][a-zA-Z0-9._-]*|@sha256:[0-9a-f]{64}|:[a-zA-Z0-9_][a-zA-Z0-9._-]*@sha256:[0-9a-f]{64})$", 512, "x:1";
    /// An amount of CPU in cores, such as `250m` or `1.5`; more than nothing.
    Cpu: r"^(?=[0-9.]*[1-9])([0-9]+(\.[0-9]*)?|\.[0-9]+)m?$", 32, "1";
    /// An amount of memory or storage, such as `512Mi` or `1.5G`; more than nothing.
    Bytes: r"^(?=[0-9.]*[1-9])([0-9]+(\.[0-9]*)?|\.[0-9]+)([kMGTP]|[KMGTP]i)?$", 32, "1";
    /// A range of addresses, such as `10.20.0.0/16`; a single one ends in `/32`, or `/128`.
    Cidr: r"^[0-9a-f.:]+/[0-9]{1,3}$", 49, "192.0.2.0/32";
    /// A path, beginning with `/`.
    AbsolutePath: r"^/[^\s]*$", 1024, "/";
    /// An absolute path of a container's file system that is not its root, without `:`, `//`, `.`, `..` and a `/` at its end.
    MountPath: r"^(?!.*/\.{1,2}(/|$))(/[^\s:/]+)+$", 1024, "/x";
    /// What paths of requests begin with: letters, digits and punctuation of URLs, without `//`, `/./`, `/../` and an encoded `/`.
    PathPrefix: r"^(?!.*(//|/\.{1,2}(/|$)|%2[fF]))/([-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})*$", 1024, "/";
    /// A length of time, such as `500ms`, `30s`, `5m`, `2h` or `1d`.
    Duration: r"^[1-9][0-9]{0,8}(ms|s|m|h|d)$", 11, "1s";
    /// A host's name, such as `p8fs.example`: lower-case letters, digits, dashes and dots.
    HostName: r"^(?=[-a-z0-9.]{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$", 253, "x";
    /// Five fields of a cron schedule, such as `30 3 * * *`, or `@daily` and its kin.
    Schedule: r"^(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|([0-9A-Za-z*?/,-]+ ){4}[0-9A-Za-z*?/,-]+)$", 128, "@daily";
    /// A time zone of the IANA database, such as `Europe/Berlin` or `Etc/UTC`.
    TimeZone: r"^[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$", 64, "Etc/UTC";
    /// The name of a context of a kubeconfig; `*` stands for any characters.
    ContextPattern: r"^[^\s]+$", 253, "x";
    /// The name of a file: letters, digits, dashes, dots and underscores.
    FileName: r"^(?!\.{1,2}$)[-._a-zA-Z0-9]{1,253}$", 253, "x";
    /// The key of a secret: letters, digits, dashes, dots and underscores, not beginning with `..`.
    SecretKey: r"^(?!\.\.|\.$)[-._a-zA-Z0-9]{1,253}$", 253, "x";
    /// The name of a parameter of one of KEDA's scalers: letters, digits and underscores, beginning with a letter.
    ParameterName: r"^[A-Za-z][A-Za-z0-9_]{0,62}$", 63, "x";
    /// A group of the Kubernetes API, such as `apps`; empty for the core group.
    ApiGroup: r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$", 253, "";
    /// A resource of the Kubernetes API in the plural, such as `pods` or `pods/log`.
    ApiResource: r"^[a-z]+(/[a-z]+)?$", 128, "pods";
    /// The name of an object: lower-case letters, digits, dashes and dots.
    ObjectName: r"^(?=[-a-z0-9.]{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", 253, "x";
    /// The key of a label or taint, such as `disk` or `example.com/gpu`.
    LabelKey: r"^(?=[-A-Za-z0-9_./]{1,317}$)([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$", 317, "x";
    /// The value of a label or taint: at most 63 letters, digits, dashes, dots and underscores.
    LabelValue: r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$", 63, "x";
    /// A currency: three letters of ISO 4217, such as `EUR`.
    Currency: r"^[A-Z]{3}$", 3, "EUR";
    /// An IP address of a machine, such as `127.0.0.1` or `::1`.
    Address: r"^[0-9a-f.:]+$", 45, "127.0.0.1";
    /// A folder of this machine: absolute, or relative to the workspace; without `:` and blanks.
    PathOnHost: r"^[^\s:]+$", 1024, "x";
    /// The name of a stream or consumer: at most 32 letters, digits, dashes and underscores.
    StreamName: r"^[A-Za-z0-9_-]{1,32}$", 32, "X";
    /// A subject of messages: parts joined by dots, of which `*` stands for any one, and `>` at the end for any more.
    Subject: r"^([A-Za-z0-9_-]+|\*)(\.([A-Za-z0-9_-]+|\*))*(\.>)?$", 255, "x.>";
    /// The version of a Helm chart, such as `2.20.2` or `v1.21.2`.
    ChartVersion: r"^v?[0-9]+\.[0-9]+\.[0-9]+([-+][-+.0-9A-Za-z]+)?$", 63, "1.0.0";
    /// Where Helm finds a chart: a repository, `https://…`, or a registry, `oci://…`, with the chart's name left out.
    ChartRepository: r"^(https|oci)://[-A-Za-z0-9._~:/%]+$", 512, "https://charts.example";
    /// What the name of a Service has beside that of the release: `-headless`.
    Suffix: r"^(-[a-z0-9]+)+$", 40, "-x";
    /// What a workload talks to: a service or store of this environment, `name` or `name:port`.
    Use: r"^[a-z]([-a-z0-9]*[a-z0-9])?(:[a-z](-?[a-z0-9])*)?$", 56, "x";
}

fn shared<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    struct Text;

    impl Visitor<'_> for Text {
        type Value = Arc<str>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<E>(self, text: &str) -> Result<Arc<str>, E> {
            Ok(text.into())
        }
    }

    deserializer.deserialize_str(Text)
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

impl Name {
    /// The name of the workload that is a part of a store: the store's own, if the part is its `main` one.
    pub fn of_store(&self, store: &Self) -> Self {
        if self.as_str() == "main" { store.clone() } else { self.below(store) }
    }

    /// The name of something that belongs to something else.
    pub fn below(&self, owner: &Self) -> Self {
        Self(format!("{owner}-{self}").into())
    }
}

impl VariableName {
    /// The variable of a name.
    pub fn of(name: &str) -> Self {
        Self(name.to_ascii_uppercase().replace('-', "_").into())
    }
}

impl PathPrefix {
    /// `/`
    pub fn root() -> Self {
        Self("/".into())
    }
}

impl AbsolutePath {
    /// Where metrics are read by convention: `/metrics`
    pub fn metrics() -> Self {
        Self("/metrics".into())
    }
}

impl TimeZone {
    /// `Etc/UTC`
    pub fn utc() -> Self {
        Self("Etc/UTC".into())
    }
}

impl Address {
    /// `127.0.0.1`
    pub fn loopback_v4() -> Self {
        Self("127.0.0.1".into())
    }

    /// `::1`
    pub fn loopback_v6() -> Self {
        Self("::1".into())
    }
}

impl Name {
    /// `kind-registry`, as kind's own documentation calls the container.
    pub fn of_registry() -> Self {
        Self("kind-registry".into())
    }
}

impl HostName {
    /// The host called like a workload.
    pub fn of_label(name: &Name) -> Self {
        Self(name.shared())
    }

    /// This host of a domain.
    pub fn below(&self, domain: &Self) -> Self {
        Self(format!("{self}.{domain}").into())
    }
}

impl Concurrency {
    /// In Kubernetes' word.
    pub fn policy(self) -> &'static str {
        match self {
            Concurrency::Allow => "Allow",
            Concurrency::Forbid => "Forbid",
            Concurrency::Replace => "Replace",
        }
    }
}

impl Bytes {
    /// In bytes, rounded down.
    pub fn bytes(&self) -> u128 {
        crate::k8s::thousandths(&self.0).unwrap_or(0) / 1000
    }
}

impl Duration {
    /// Whole seconds, rounded up.
    pub fn seconds(&self) -> u64 {
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = self.0.split_at(digits);
        let number = number.parse::<u64>().unwrap_or(u64::MAX);
        match unit {
            "ms" => number.div_ceil(1000),
            "m" => number.saturating_mul(60),
            "h" => number.saturating_mul(60 * 60),
            "d" => number.saturating_mul(24 * 60 * 60),
            _ => number,
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

/// One of a few words.
pub trait Choice {
    /// Every choice, as it is written.
    const NAMES: &'static [&'static str];

    /// This one, as it is written.
    fn as_str(&self) -> &'static str;
}

macro_rules! words {
    ($( $(#[doc = $doc:literal])+ $name:ident { $( $(#[doc = $choice:literal])+ $variant:ident = $text:literal, )+ } )+) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
        pub enum $name { $( $(#[doc = $choice])+ #[serde(rename = $text)] $variant, )+ }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Choice for $name {
            const NAMES: &'static [&'static str] = &[$($text),+];

            fn as_str(&self) -> &'static str {
                match self { $( $name::$variant => $text, )+ }
            }
        }
    )+ };
}

words! {
    /// What an environment is for; stricter rules hold the further it is from development.
    Tier {
        /// On somebody's own machine.
        Development = "development",
        /// For tests that start and end it; what it stores is kept in memory.
        Testing = "testing",
        /// As production, with other data.
        Staging = "staging",
        /// The real one.
        Production = "production",
    }
    /// How a store is had.
    Via {
        /// Somebody else runs it; `[stores.<name>.external]` says where.
        External = "external",
        /// It is part of the system: `[stores.<name>.embedded]` says what is deployed.
        Embedded = "embedded",
        /// Helm installs it in the environment's namespace: `[stores.<name>.chart]` says of which chart.
        Chart = "chart",
    }
    /// How a cluster is had.
    Provider {
        /// It is there already, wherever it runs.
        Generic = "generic",
        /// kind makes it, in containers of this machine; `[cluster.kind]` says how.
        Kind = "kind",
    }
    /// What a node of a kind cluster does.
    NodeRole {
        /// It runs the control plane.
        ControlPlane = "control-plane",
        /// It runs pods.
        Worker = "worker",
    }
    /// The addresses of pods and Services.
    IpFamily {
        /// IPv4 alone.
        Ipv4 = "ipv4",
        /// IPv6 alone.
        Ipv6 = "ipv6",
        /// Both.
        Dual = "dual",
    }
    /// The protocol of a port.
    Protocol {
        /// TCP.
        Tcp = "TCP",
        /// UDP.
        Udp = "UDP",
        /// SCTP.
        Sctp = "SCTP",
    }
    /// How the values of a secret are had.
    SecretVia {
        /// They are written in `[secrets.<name>.literal]`; in the tier `development` only.
        Literal = "literal",
        /// Somebody else makes the Secret; `[secrets.<name>.existing]` says which.
        Existing = "existing",
        /// External Secrets fetches them from a secret store; `[secrets.<name>.external]` says where they lie.
        External = "external",
        /// A file of the workspace that SOPS encrypted holds them; `[secrets.<name>.sops]` says which.
        Sops = "sops",
        /// They are made when the environment is first applied, as `[secrets.<name>.generated]` says.
        Generated = "generated",
    }
    /// Whose a secret store is.
    StoreScope {
        /// The environment's namespace: a `SecretStore`.
        Namespace = "namespace",
        /// The whole cluster's: a `ClusterSecretStore`.
        Cluster = "cluster",
    }
    /// What characters a value that is made has.
    Charset {
        /// Letters and digits.
        Alphanumeric = "alphanumeric",
        /// The digits of hexadecimal numbers, in lower case.
        Hex = "hex",
        /// Letters, digits, `-` and `_`.
        UrlSafe = "url-safe",
    }
    /// What sort of value a setting takes.
    SettingType {
        /// Any text.
        Text = "text",
        /// A whole number.
        Integer = "integer",
        /// A number.
        Number = "number",
        /// `true` or `false`.
        Boolean = "boolean",
        /// One of a few texts.
        Choice = "choice",
        /// An amount of bytes: a number, or a text such as `100MB` or `64MiB`.
        Size = "size",
        /// A length of time in whole seconds: a number, or a text such as `5m`.
        Seconds = "seconds",
        /// Texts; programs get them as a JSON array.
        List = "list",
        /// An address with a scheme: `nats://nats:4222`.
        Url = "url",
        /// A host's name, or an IP address.
        Host = "host",
        /// The number of a port.
        Port = "port",
        /// A host and a port: `seaweedfs:9333`.
        Address = "address",
        /// What nobody may see: a key of a Secret.
        Secret = "secret",
    }
    /// Of what a setting has one value each.
    Per {
        /// Each workload has its own.
        Workload = "workload",
    }
    /// Through what requests from outside come in.
    Entry {
        /// A route of the Gateway API.
        Gateway = "gateway",
        /// An Ingress.
        Ingress = "ingress",
    }
    /// Over what the pods of a workload are spread.
    Spread {
        /// Over zones.
        Zone = "zone",
        /// Over nodes.
        Node = "node",
        /// Wherever there is room.
        None = "none",
    }
    /// Who has a volume.
    Sharing {
        /// Each pod has one of its own, which it finds again when it is replaced.
        Pod = "pod",
        /// All pods share one; its storage class must be able to do that.
        Workload = "workload",
    }
    /// What an access permits.
    Verb {
        /// Read one object.
        Get = "get",
        /// Read all objects.
        List = "list",
        /// Be told of changes.
        Watch = "watch",
        /// Make objects.
        Create = "create",
        /// Replace objects.
        Update = "update",
        /// Change parts of objects.
        Patch = "patch",
        /// Delete one object.
        Delete = "delete",
        /// Delete all objects.
        DeleteCollection = "deletecollection",
    }
    /// Where an access holds.
    Scope {
        /// In the environment's namespace.
        Namespace = "namespace",
        /// In the whole cluster.
        Cluster = "cluster",
    }
    /// Which messages a stream keeps.
    Retention {
        /// Those that nobody has worked off yet.
        WorkQueue = "workqueue",
        /// Those that some consumer has not seen yet.
        Interest = "interest",
        /// All, as long as there is room.
        Limits = "limits",
    }
    /// What a job of a store waits for to be there.
    Need {
        /// Streams that the store is to have.
        Streams = "streams",
    }
    /// Which of several limits to a change counts.
    Selection {
        /// The one that changes the most.
        Most = "most",
        /// The one that changes the least.
        Least = "least",
        /// None: nothing is changed at all.
        None = "none",
    }
    /// How many pods there are while triggers cannot be asked.
    FallbackBehavior {
        /// As many as the fallback says.
        Static = "static",
        /// As many as there are.
        Current = "currentReplicas",
        /// As many as there are, if those are more.
        CurrentIfHigher = "currentReplicasIfHigher",
        /// As many as there are, if those are fewer.
        CurrentIfLower = "currentReplicasIfLower",
    }
    /// What happens when a run is due while the one before still goes on.
    Concurrency {
        /// Both run.
        Allow = "allow",
        /// The new one is left out.
        Forbid = "forbid",
        /// The old one is stopped.
        Replace = "replace",
    }
    /// What a taint does to pods that do not tolerate it.
    TaintEffect {
        /// New ones stay away.
        NoSchedule = "NoSchedule",
        /// New ones stay away if they can.
        PreferNoSchedule = "PreferNoSchedule",
        /// They are moved away.
        NoExecute = "NoExecute",
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

/// A share of time or of requests in per cent, such as `99.9`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Share(#[schemars(range(min = 0, max = 100))] pub f64);

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// An amount of what is measured, such as `50` or `0.5`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Threshold(#[schemars(range(min = 0, max = 1_000_000_000))] pub f64);

impl std::fmt::Display for Threshold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// An amount of money; up to six digits after the point count.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Price(#[schemars(range(min = 0, max = 1_000_000))] pub f64);

impl Price {
    /// In millionths.
    pub fn millionths(self) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the schema bounds it")]
        let millionths = (self.0 * 1e6).round() as u64;
        millionths
    }
}

/// Labels by key.
pub type LabelMap = std::collections::BTreeMap<String, crate::merge::Sourced<String>>;

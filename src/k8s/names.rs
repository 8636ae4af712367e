//! Names, label keys and label values that the API server accepts.
//!
//! Source: `k8s.io/apimachinery/pkg/util/validation` (DNS-1123 label 63, subdomain 253, DNS-1035 label 63;
//! label value 63; qualified name: optional subdomain prefix, `/`, name of at most 63).

/// The rule for the names of a kind's objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// RFC 1123 label.
    Label,
    /// RFC 1035 label: starts with a letter.
    ServiceLabel,
    /// RFC 1123 subdomain: labels joined by dots.
    Subdomain,
    /// A subdomain that leaves room for the time that the names of its Jobs end in.
    CronJob,
    /// A subdomain that is the value of a label of its pods.
    Job,
    /// A subdomain that, with a digest at its end, is the value of a label of its pods.
    StatefulSet,
    /// Anything that can be part of a URL path; RBAC.
    PathSegment,
}

impl Names {
    /// The rule of a kind.
    pub fn of(api_version: &str, kind: &str) -> Self {
        match (api_version, kind) {
            ("v1", "Namespace") => Names::Label,
            // 1.36 may relax this (RelaxedServiceNameValidation, beta); every version accepts the stricter form.
            ("v1", "Service") => Names::ServiceLabel,
            (group, "CronJob") if group.starts_with("batch/") => Names::CronJob,
            (group, "Job") if group.starts_with("batch/") => Names::Job,
            (group, "StatefulSet") if group.starts_with("apps/") => Names::StatefulSet,
            (group, _) if group.starts_with("rbac.authorization.k8s.io/") => Names::PathSegment,
            _ => Names::Subdomain,
        }
    }

    /// Checks a name; the error says what it should be like and completes "`x` …".
    pub fn check(self, name: &str) -> Result<(), &'static str> {
        match self {
            Names::Label => is_label(name, 63).then_some(()).ok_or(
                "must be at most 63 lower-case letters, digits and `-`, with a letter or digit at both ends",
            ),
            Names::ServiceLabel => {
                let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
                (begins && is_label(name, 63)).then_some(()).ok_or(
                    "must be at most 63 lower-case letters, digits and `-`, beginning with a letter and ending with a letter or digit",
                )
            }
            Names::Subdomain => is_subdomain(name).then_some(()).ok_or(
                "must be at most 253 lower-case letters, digits, `-` and `.`, each part with a letter or digit at both ends",
            ),
            Names::Job => (name.len() <= 63 && is_subdomain(name)).then_some(()).ok_or(
                "must be at most 63 lower-case letters, digits, `-` and `.`, each part with a letter or digit at both ends",
            ),
            Names::CronJob | Names::StatefulSet => (name.len() <= 52 && is_subdomain(name)).then_some(()).ok_or(
                "must be at most 52 lower-case letters, digits, `-` and `.`, each part with a letter or digit at both ends",
            ),
            Names::PathSegment => (!matches!(name, "" | "." | "..") && !name.contains(['/', '%']))
                .then_some(())
                .ok_or("must not be empty, `.` or `..`, nor contain `/` or `%`"),
        }
    }
}

/// Checks the key of a label or annotation, as [`Names::check`] does a name.
pub fn label_key(key: &str) -> Result<(), &'static str> {
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    if prefix.is_some_and(|prefix| !is_subdomain(prefix)) {
        return Err("must have a DNS subdomain before the `/`");
    }
    is_qualified(name)
        .then_some(())
        .ok_or("must be at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends")
}

/// Checks the value of a label.
pub fn label_value(value: &str) -> Result<(), &'static str> {
    (value.is_empty() || is_qualified(value)).then_some(()).ok_or(
        "must be empty or at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends",
    )
}

fn is_label(text: &str, most: usize) -> bool {
    is_word(text, most, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit(), b"-")
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(|part| is_label(part, 253))
}

fn is_qualified(text: &str) -> bool {
    is_word(text, 63, |byte| byte.is_ascii_alphanumeric(), b"-_.")
}

/// Whether a text begins and ends with a letter, in which `between` may stand as well.
fn is_word(text: &str, most: usize, is_letter: impl Fn(u8) -> bool, between: &[u8]) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    text.len() <= most
        && is_letter(*first)
        && is_letter(*last)
        && bytes.iter().all(|byte| is_letter(*byte) || between.contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_their_kind() {
        assert!(Names::of("v1", "ConfigMap").check("a.b-c").is_ok());
        assert!(Names::of("v1", "Service").check("a.b").is_err());
        assert!(Names::of("v1", "Service").check("1a").is_err());
        assert!(Names::of("v1", "Namespace").check("1a").is_ok());
        assert!(Names::of("rbac.authorization.k8s.io/v1", "Role").check("system:node").is_ok());
        assert!(Names::of("batch/v1", "Job").check(&"a".repeat(64)).is_err());
        assert!(Names::of("apps/v1", "StatefulSet").check(&"a".repeat(53)).is_err());
        assert!(Names::of("apps/v1", "Deployment").check(&"a".repeat(64)).is_ok());
        assert!(Names::Label.check(&"a".repeat(64)).is_err());
    }

    #[test]
    fn labels() {
        assert!(label_key("app.kubernetes.io/name").is_ok());
        assert!(label_key("/name").is_err());
        assert!(label_value("1.4.2").is_ok());
        assert!(label_value("1.4.2+build").is_err());
    }
}

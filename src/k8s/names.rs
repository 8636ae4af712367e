//! Names, label keys and label values that the API server accepts.
//!
//! Source: `k8s.io/apimachinery/pkg/util/validation` (DNS-1123 label 63, subdomain 253, DNS-1035 label 63;
//! label value 63; qualified name: optional subdomain prefix, `/`, name of at most 63).

/// Why a name is refused; completes "`x` …".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameError(&'static str);

impl std::fmt::Display for NameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

/// The rule for the names of a kind's objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// RFC 1123 label.
    Label,
    /// RFC 1035 label: starts with a letter.
    ServiceLabel,
    /// RFC 1123 subdomain: labels joined by dots.
    Subdomain,
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
            (group, _) if group.starts_with("rbac.authorization.k8s.io/") => Names::PathSegment,
            _ => Names::Subdomain,
        }
    }

    /// Checks a name.
    ///
    /// # Errors
    /// Says what the name should be like.
    pub fn check(self, name: &str) -> Result<(), NameError> {
        match self {
            Names::Label if is_label(name) => Ok(()),
            Names::Label => Err(NameError(
                "must be at most 63 lower-case letters, digits and `-`, with a letter or digit at both ends",
            )),
            Names::ServiceLabel if is_label(name) && name.starts_with(|c: char| c.is_ascii_lowercase()) => {
                Ok(())
            }
            Names::ServiceLabel => Err(NameError(
                "must be at most 63 lower-case letters, digits and `-`, beginning with a letter and ending with a letter or digit",
            )),
            Names::Subdomain if is_subdomain(name) => Ok(()),
            Names::Subdomain => Err(NameError(
                "must be at most 253 lower-case letters, digits, `-` and `.`, each part with a letter or digit at both ends",
            )),
            Names::PathSegment
                if !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '%']) =>
            {
                Ok(())
            }
            Names::PathSegment => Err(NameError("must not be empty, `.` or `..`, nor contain `/` or `%`")),
        }
    }
}

fn is_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&text.len())
        && text.chars().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_subdomain(text: &str) -> bool {
    let part = |part: &str| {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !part.is_empty() && part.chars().all(inner) && !part.starts_with('-') && !part.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(part)
}

fn is_qualified(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= 63 && text.chars().all(inner) && end(text.chars().next()) && end(text.chars().last())
}

/// Checks the key of a label or annotation.
///
/// # Errors
/// Says what the key should be like.
pub fn label_key(key: &str) -> Result<(), NameError> {
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    if prefix.is_some_and(|prefix| !is_subdomain(prefix)) {
        return Err(NameError("must have a DNS subdomain before the `/`"));
    }
    if is_qualified(name) {
        Ok(())
    } else {
        Err(NameError(
            "must be at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends",
        ))
    }
}

/// Checks the value of a label.
///
/// # Errors
/// Says what the value should be like.
pub fn label_value(value: &str) -> Result<(), NameError> {
    if value.is_empty() || is_qualified(value) {
        Ok(())
    } else {
        Err(NameError(
            "must be empty or at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends",
        ))
    }
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

//! [`Code::OverlappingContexts`]: two environments that would overwrite each other's objects.

use super::Declared;
use crate::diag::{Code, Diagnostic, Span};
use crate::merge::{Merged, Sourced};

/// Where an environment is deployed.
#[derive(Clone, Debug)]
pub struct Place {
    environment: String,
    namespace: (String, Span),
    contexts: Vec<(String, Span)>,
}

impl Place {
    /// The place of an environment; none while its namespace is not known.
    pub fn of(environment: &str, declared: &Declared, merged: &Merged) -> Option<Self> {
        let namespace = &declared.environment.namespace;
        let mut contexts: Vec<_> = declared.cluster.value().contexts.iter().map(Sourced::text).collect();
        if contexts.is_empty() {
            contexts.extend(declared.kind_context());
        }
        Some(Self {
            environment: environment.to_owned(),
            namespace: (namespace.value().to_string(), merged.place(namespace)?),
            contexts: contexts
                .into_iter()
                .filter_map(|context| Some((context.value().clone(), merged.place(&context)?)))
                .collect(),
        })
    }
}

/// A finding for every two environments with one namespace whose contexts may be the same cluster.
pub fn overlaps(places: &[Place]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (index, one) in places.iter().enumerate() {
        for other in &places[index + 1..] {
            if one.namespace.0 != other.namespace.0 {
                continue;
            }
            let pairs = one.contexts.iter().flat_map(|a| other.contexts.iter().map(move |b| (a, b)));
            let Some((a, b)) = pairs.into_iter().find(|(a, b)| may_be_one(a.0.as_bytes(), b.0.as_bytes()))
            else {
                continue;
            };
            let title = format!(
                "environments `{}` and `{}` share namespace `{}` of one cluster",
                one.environment, other.environment, one.namespace.0
            );
            found.push(
                Diagnostic::error(Code::OverlappingContexts, title)
                    .at(b.1, format!("matches what `{}` matches", a.0))
                    .context(a.1, "the other context")
                    .context(other.namespace.1, "the namespace")
                    .help("give one of them another namespace, or contexts that cannot be meant by both"),
            );
        }
    }
    found
}

/// Whether some text matches both patterns, in which `*` stands for any characters.
pub(super) fn may_be_one(a: &[u8], b: &[u8]) -> bool {
    // `row[j]`: whether the rest of `a` and `b[j..]` can match the same text.
    let mut below = vec![false; b.len() + 1];
    for i in (0..=a.len()).rev() {
        let mut row = vec![false; b.len() + 1];
        for j in (0..=b.len()).rev() {
            row[j] = match (a.get(i), b.get(j)) {
                (None, None) => true,
                (Some(b'*'), None) => below[j],
                (Some(b'*'), Some(_)) => below[j] || row[j + 1],
                (None, Some(b'*')) => row[j + 1],
                (Some(_), Some(b'*')) => row[j + 1] || below[j],
                (Some(x), Some(y)) => x == y && below[j + 1],
                (None, Some(_)) | (Some(_), None) => false,
            };
        }
        below = row;
    }
    below[0]
}

#[cfg(test)]
mod tests {
    use super::may_be_one;

    #[test]
    fn patterns_that_can_mean_one_context() {
        for (a, b, wanted) in [
            ("kind-p8fs", "kind-p8fs", true),
            ("kind-p8fs", "kind-p8f", false),
            ("p8fs-*", "p8fs-prod-eu", true),
            ("p8fs-*", "*-eu", true),
            ("p8fs-*-eu", "p8fs-prod-us", false),
            ("*", "", true),
            ("a*b", "a*c", false),
            ("a*", "*b*c", true),
            ("*a*", "b*b", true),
        ] {
            assert_eq!(may_be_one(a.as_bytes(), b.as_bytes()), wanted, "{a} {b}");
            assert_eq!(may_be_one(b.as_bytes(), a.as_bytes()), wanted, "{b} {a}");
        }
    }
}

//! The short names that the API server serves for built-in kinds.

/// Short names with their plural.
///
/// Source: `ShortNames()` of the storages in `k8s.io/kubernetes/pkg/registry`, as `kubectl api-resources` lists them.
const SHORT_NAMES: &[(&str, &str)] = &[
    ("cj", "cronjobs"),
    ("cm", "configmaps"),
    ("crd", "customresourcedefinitions"),
    ("crds", "customresourcedefinitions"),
    ("csr", "certificatesigningrequests"),
    ("deploy", "deployments"),
    ("ds", "daemonsets"),
    ("ep", "endpoints"),
    ("ev", "events"),
    ("hpa", "horizontalpodautoscalers"),
    ("ing", "ingresses"),
    ("limits", "limitranges"),
    ("netpol", "networkpolicies"),
    ("no", "nodes"),
    ("ns", "namespaces"),
    ("pc", "priorityclasses"),
    ("pdb", "poddisruptionbudgets"),
    ("po", "pods"),
    ("pv", "persistentvolumes"),
    ("pvc", "persistentvolumeclaims"),
    ("quota", "resourcequotas"),
    ("rc", "replicationcontrollers"),
    ("rs", "replicasets"),
    ("sa", "serviceaccounts"),
    ("sc", "storageclasses"),
    ("sts", "statefulsets"),
    ("svc", "services"),
];

/// The plural that a short name stands for.
pub fn plural_of(short_name: &str) -> Option<&'static str> {
    SHORT_NAMES.iter().find(|(short, _)| *short == short_name).map(|(_, plural)| *plural)
}

#[cfg(test)]
mod tests {
    use super::SHORT_NAMES;
    use crate::k8s::Catalog;

    #[test]
    fn every_short_name_is_of_a_kind() {
        let kinds = Catalog::of("1.36").expect("built in").kinds();
        for (short, plural) in SHORT_NAMES {
            assert!(
                kinds.iter().any(|kind| kind.plural == *plural),
                "{short}: no kind has the plural {plural}"
            );
        }
    }
}

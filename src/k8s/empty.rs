//! Where Kubernetes reads an empty list or mapping, or a missing field, as "all".

/// Definitions and fields of them, where emptiness widens instead of narrowing.
///
/// Source: the field documentation of `networking.k8s.io/v1`, `policy/v1`, `rbac.authorization.k8s.io/v1` and
/// `meta/v1`: an absent or empty `from`, `to`, `ports` or `port` of a NetworkPolicy rule matches every peer or port; an
/// empty label selector matches every object; absent `resourceNames` mean every object of the resource.
const FIELDS: &[(&str, &str)] = &[
    ("io.k8s.api.core.v1.ServiceSpec", "loadBalancerSourceRanges"),
    ("io.k8s.api.networking.v1.IPBlock", "except"),
    ("io.k8s.api.networking.v1.NetworkPolicyIngressRule", "from"),
    ("io.k8s.api.networking.v1.NetworkPolicyIngressRule", "ports"),
    ("io.k8s.api.networking.v1.NetworkPolicyEgressRule", "to"),
    ("io.k8s.api.networking.v1.NetworkPolicyEgressRule", "ports"),
    ("io.k8s.api.networking.v1.NetworkPolicyPeer", "namespaceSelector"),
    ("io.k8s.api.networking.v1.NetworkPolicyPeer", "podSelector"),
    ("io.k8s.api.networking.v1.NetworkPolicyPort", "port"),
    ("io.k8s.api.networking.v1.NetworkPolicySpec", "podSelector"),
    ("io.k8s.api.networking.v1.NetworkPolicySpec", "policyTypes"),
    ("io.k8s.api.policy.v1.PodDisruptionBudgetSpec", "selector"),
    ("io.k8s.api.rbac.v1.PolicyRule", "resourceNames"),
    ("io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector", "matchExpressions"),
    ("io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector", "matchLabels"),
];

/// Whether emptiness or absence of `field` in an object of `definition` means "all".
pub fn empty_means_all(definition: &str, field: &str) -> bool {
    FIELDS.contains(&(definition, field))
}

#[cfg(test)]
mod tests {
    use super::FIELDS;

    #[test]
    fn every_entry_names_a_field_that_exists() {
        let text = include_str!("../../schemas/kubernetes/1.36/definitions.tsv");
        for (definition, field) in FIELDS {
            let line = text.lines().find(|line| line.split('\t').next() == Some(definition));
            let line = line.unwrap_or_else(|| panic!("no {definition}"));
            assert!(line.contains(&format!("\"{field}\":")), "{definition}.{field}");
        }
    }
}

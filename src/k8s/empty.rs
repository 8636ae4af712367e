//! Where Kubernetes reads an empty list or mapping, or a missing field, as "all".

/// Definitions and fields of them, where emptiness widens instead of narrowing.
///
/// Source: the field documentation of `networking.k8s.io/v1`, `policy/v1`, `rbac.authorization.k8s.io/v1` and
/// `meta/v1`: an absent or empty `from`, `to`, `ports` or `port` of a NetworkPolicy rule matches every peer or port; an
/// empty label selector matches every object; absent `resourceNames` mean every object of the resource. Of custom
/// resources: that of `gateway.networking.k8s.io/v1` (a route without host names takes those of the listener, one
/// without matches takes every request, a grant without a name is for all objects) and `monitoring.coreos.com/v1`.
const FIELDS: &[(&str, &str)] = &[
    ("gateway.networking.k8s.io/v1/GRPCRoute", "hostnames"),
    ("gateway.networking.k8s.io/v1/GRPCRoute", "matches"),
    ("gateway.networking.k8s.io/v1/HTTPRoute", "hostnames"),
    ("gateway.networking.k8s.io/v1/HTTPRoute", "matches"),
    ("gateway.networking.k8s.io/v1/ReferenceGrant", "name"),
    ("gateway.networking.k8s.io/v1beta1/HTTPRoute", "hostnames"),
    ("gateway.networking.k8s.io/v1beta1/HTTPRoute", "matches"),
    ("gateway.networking.k8s.io/v1beta1/ReferenceGrant", "name"),
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
    ("monitoring.coreos.com/v1/PodMonitor", "matchExpressions"),
    ("monitoring.coreos.com/v1/PodMonitor", "matchLabels"),
    ("monitoring.coreos.com/v1/PodMonitor", "selector"),
    ("monitoring.coreos.com/v1/ServiceMonitor", "matchExpressions"),
    ("monitoring.coreos.com/v1/ServiceMonitor", "matchLabels"),
    ("monitoring.coreos.com/v1/ServiceMonitor", "selector"),
];

/// Whether there is any definition in which emptiness or absence of `field` means "all".
pub fn may_mean_all(field: &str) -> bool {
    FIELDS.iter().any(|(_, known)| *known == field)
}

/// Whether emptiness or absence of `field` in an object of `definition` means "all".
pub fn empty_means_all(definition: &str, field: &str) -> bool {
    FIELDS.contains(&(definition, field))
}

#[cfg(test)]
mod tests {
    use super::FIELDS;

    #[test]
    fn every_entry_names_a_field_that_exists() {
        let texts = [
            include_str!("../../schemas/kubernetes/1.36/definitions.tsv"),
            include_str!("../../schemas/crds/gateway.networking.k8s.io/definitions.tsv"),
            include_str!("../../schemas/crds/monitoring.coreos.com/definitions.tsv"),
        ];
        for (definition, field) in FIELDS {
            let mut lines = texts.iter().flat_map(|text| text.lines());
            let line = lines.find(|line| line.split('\t').next() == Some(definition));
            let line = line.unwrap_or_else(|| panic!("no {definition}"));
            assert!(line.contains(&format!("\"{field}\":")), "{definition}.{field}");
        }
    }
}

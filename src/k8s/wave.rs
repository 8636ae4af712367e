//! The order in which kinds are installed: what others need comes first.

/// A step of an installation; all objects of one wave may be applied together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wave {
    /// Namespaces, in which most of the rest lives.
    Namespaces,
    /// Custom resource definitions; their objects are unknown before.
    Definitions,
    /// What admits or refuses pods by itself: quotas, limits, priorities, runtimes, admission policies.
    Admission,
    /// Service accounts, roles and bindings.
    Access,
    /// Who may talk to whom; in force before the first pod runs.
    Network,
    /// What pods read when they start.
    Configuration,
    /// Storage classes, volumes and claims.
    Storage,
    /// What runs, how it is reached, and every kind not named here.
    Workloads,
    /// Webhooks and aggregated APIs: from here on the API server calls pods, so those have to be there
    /// (a webhook installed before its server refuses that server's own pods).
    Extensions,
    /// Disruption budgets.
    Disruption,
    /// What changes the number or the size of pods.
    Scaling,
    /// What is scraped, recorded, alerted on and shown.
    Monitoring,
}

impl Wave {
    /// The wave of a kind; the group counts, because other groups have a `Role` or a `Job` too.
    pub fn of(api_version: &str, kind: &str) -> Self {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        match (group, kind) {
            ("", "Namespace") => Self::Namespaces,
            ("apiextensions.k8s.io", "CustomResourceDefinition") => Self::Definitions,
            (
                "admissionregistration.k8s.io",
                "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration",
            )
            | ("apiregistration.k8s.io", _) => Self::Extensions,
            ("", "ResourceQuota" | "LimitRange")
            | ("scheduling.k8s.io" | "node.k8s.io" | "admissionregistration.k8s.io", _) => Self::Admission,
            ("", "ServiceAccount") | ("rbac.authorization.k8s.io", _) => Self::Access,
            ("networking.k8s.io" | "crd.projectcalico.org" | "projectcalico.org", "NetworkPolicy")
            | ("crd.projectcalico.org" | "projectcalico.org", "GlobalNetworkPolicy")
            | ("cilium.io", "CiliumNetworkPolicy" | "CiliumClusterwideNetworkPolicy")
            | ("security.istio.io" | "policy.linkerd.io" | "policy.networking.k8s.io", _) => Self::Network,
            ("", "ConfigMap" | "Secret") | ("external-secrets.io", _) => Self::Configuration,
            ("", "PersistentVolume" | "PersistentVolumeClaim")
            | ("storage.k8s.io" | "snapshot.storage.k8s.io", _) => Self::Storage,
            ("policy", "PodDisruptionBudget") => Self::Disruption,
            ("autoscaling" | "keda.sh", _) => Self::Scaling,
            ("monitoring.coreos.com", "ServiceMonitor" | "PodMonitor" | "PrometheusRule") => Self::Monitoring,
            _ => Self::Workloads,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Wave;

    #[test]
    fn policies_come_before_pods_and_webhooks_after_them() {
        let waves = [
            ("v1", "Namespace"),
            ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
            ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"),
            ("rbac.authorization.k8s.io/v1", "ClusterRole"),
            ("networking.k8s.io/v1", "NetworkPolicy"),
            ("v1", "Secret"),
            ("v1", "PersistentVolumeClaim"),
            ("apps/v1", "Deployment"),
            ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
            ("policy/v1", "PodDisruptionBudget"),
            ("keda.sh/v1alpha1", "ScaledObject"),
            ("monitoring.coreos.com/v1", "PrometheusRule"),
        ]
        .map(|(api_version, kind)| Wave::of(api_version, kind));
        assert!(waves.is_sorted_by(|a, b| a < b), "{waves:?}");
    }

    #[test]
    fn a_kind_of_another_group_is_a_workload() {
        assert_eq!(Wave::of("iam.aws.crossplane.io/v1beta1", "Role"), Wave::Workloads);
        assert_eq!(Wave::of("monitoring.coreos.com/v1", "Prometheus"), Wave::Workloads);
        assert_eq!(Wave::of("gateway.networking.k8s.io/v1", "HTTPRoute"), Wave::Workloads);
    }
}

# Installs the charts of helm/releases.yaml, or upgrades them, each when those before it are ready.
# Arguments are handed on: sh install.sh --kube-context prod --dry-run=server
set -eu
cd "$(dirname "$0")"

install() {
  name=$1 namespace=$2
  shift 2
  helm upgrade --install "$name" "$@" --namespace "$namespace" --create-namespace --values "$name/values.yaml" --wait --timeout 15m
}

install 'gateway' 'gateway-system' 'oci://docker.io/envoyproxy/gateway-helm' --version 'v1.9.1' "$@"
install 'monitoring' 'monitoring' 'kube-prometheus-stack' --repo 'https://prometheus-community.github.io/helm-charts' --version '88.5.3' "$@"
install 'cert-manager' 'cert-manager' 'cert-manager' --repo 'https://charts.jetstack.io' --version 'v1.21.2' "$@"
install 'keda' 'keda' 'keda' --repo 'https://kedacore.github.io/charts' --version '2.20.2' "$@"
install 'p8fs-otel' 'p8fs' 'opentelemetry-collector' --repo 'https://open-telemetry.github.io/opentelemetry-helm-charts' --version '0.170.0' "$@"

# Installs the charts of helm/releases.yaml, or upgrades them, each when those before it are ready.
# Arguments are handed on: sh install.sh --kube-context prod --dry-run=server
set -eu
cd "$(dirname "$0")"

install() {
  name=$1 namespace=$2
  shift 2
  helm upgrade --install "$name" "$@" --namespace "$namespace" --create-namespace --values "$name/values.yaml" --wait --timeout 15m
}

install 'p8fs-nats' 'p8fs-staging' 'nats' --repo 'https://nats-io.github.io/k8s/helm/charts/' --version '2.14.2' "$@"

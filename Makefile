# Real programs for the tests, and the checked-in schemas. See tests/tools/README.md.

TOOLS := target/tools
K8S   := tests/tools/kubernetes
CRDS  := tests/tools/crds
HELM  := tests/tools/helm
CHARTS := tests/tools/charts
KIND  := tests/tools/kind

# Of Prometheus, to leave out the service discoveries of the clouds: their libraries are most of it.
NO_CLOUDS := remove_all_sd,enable_kubernetes_sd

K8S_VERSION := $(shell awk '$$1 == "k8s.io/kubernetes" { print $$2 }' $(K8S)/go.mod)
K8S_PARTS   := $(subst ., ,$(patsubst v%,%,$(K8S_VERSION)))
K8S_MAJOR   := $(word 1,$(K8S_PARTS))
K8S_MINOR   := $(word 2,$(K8S_PARTS))

# Without these the API server calls itself v0.0.0-master.
K8S_LDFLAGS := -X k8s.io/component-base/version.gitVersion=$(K8S_VERSION) \
  -X k8s.io/component-base/version.gitMajor=$(K8S_MAJOR) \
  -X k8s.io/component-base/version.gitMinor=$(K8S_MINOR) \
  -X k8s.io/client-go/pkg/version.gitVersion=$(K8S_VERSION)

# The minor of go.mod, and one for each <minor>.mod beside it.
MINORS := $(sort $(K8S_MAJOR).$(K8S_MINOR) $(basename $(notdir $(wildcard $(K8S)/[1-9]*.mod))))

.PHONY: tools test bench lint deny schemas schemas-check FORCE
.DELETE_ON_ERROR:

tools: $(TOOLS)/etcd $(TOOLS)/kube-apiserver $(TOOLS)/kubectl $(TOOLS)/helm $(TOOLS)/crds $(TOOLS)/charts $(TOOLS)/toml-test
tools: $(TOOLS)/kube-controller-manager $(TOOLS)/kube-scheduler $(TOOLS)/kwok $(TOOLS)/stages
tools: $(TOOLS)/nats-server $(TOOLS)/nats $(TOOLS)/prometheus $(TOOLS)/promtool $(TOOLS)/kind $(TOOLS)/otelcol $(TOOLS)/compose

# From Debian, by their major versions: installed where that is allowed, asked for where it is not.
DEBIAN := strace=strace ip=iproute2 redis-server=redis-server=5:7.* /usr/lib/postgresql/15/bin/postgres=postgresql-15
tools: debian
.PHONY: debian
debian:
	@missing=; for pair in $(DEBIAN); do \
	  command -v $${pair%%=*} >/dev/null || missing="$$missing $${pair#*=}"; \
	done; \
	test -z "$$missing" || \
	  { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y --no-install-recommends $$missing; } || \
	  { echo "missing: sudo apt-get install$$missing" >&2; exit 1; }

# What is started in the background may ignore SIGINT, and so would the programs that the tests interrupt.
test: tools
	env --default-signal=INT cargo test --features real
	CARGO_TARGET_DIR=$(CURDIR)/target cargo test --locked --manifest-path tests/fuzz/Cargo.toml

DENY_VERSION := 0.20.2

# Advisories need their database from the network; the rest does not.
deny: $(TOOLS)/bin/cargo-deny
	$< --offline check licenses bans sources

$(TOOLS)/bin/cargo-deny: $(TOOLS)/cargo-deny.pins
	cargo install --locked --root $(TOOLS) --version $(DENY_VERSION) cargo-deny

$(TOOLS)/cargo-deny.pins: FORCE
	@mkdir -p $(@D)
	@echo $(DENY_VERSION) | cmp -s - $@ || echo $(DENY_VERSION) > $@

bench: tools
	cargo bench --bench render

lint:
	cargo fmt --check
	cargo clippy --all-targets --all-features -- -D warnings
	go vet -C $(K8S) -mod=readonly ./...
	go vet -C $(READERS)/go -mod=readonly ./...
	go vet -C $(CRDS) -mod=readonly ./...
	go vet -C $(CHARTS) -mod=readonly ./...
	go vet -C tests/tools/collector -mod=readonly -trimpath -tags=$(NO_CLOUDS) ./...
	go vet -C tests/tools/compose -mod=readonly ./...

# $(call build,module,package,ldflags)
build = go build -C $(1) -mod=readonly -trimpath -ldflags='-s -w $(3)' -o $(CURDIR)/$@ $(2) && touch $@

$(TOOLS)/etcd: $(TOOLS)/kubernetes.pins
	$(call build,$(K8S),go.etcd.io/etcd/server/v3)

$(TOOLS)/kube-apiserver: $(TOOLS)/kubernetes.pins
	$(call build,$(K8S),k8s.io/kubernetes/cmd/kube-apiserver,$(K8S_LDFLAGS))

$(TOOLS)/kube-controller-manager: $(TOOLS)/kubernetes.pins
	$(call build,$(K8S),k8s.io/kubernetes/cmd/kube-controller-manager,$(K8S_LDFLAGS))

$(TOOLS)/kube-scheduler: $(TOOLS)/kubernetes.pins
	$(call build,$(K8S),k8s.io/kubernetes/cmd/kube-scheduler,$(K8S_LDFLAGS))

$(TOOLS)/kubectl: $(TOOLS)/kubernetes.pins
	$(call build,$(K8S),k8s.io/kubernetes/cmd/kubectl,$(K8S_LDFLAGS))

$(TOOLS)/helm: $(TOOLS)/helm.pins
	$(call build,$(HELM),helm.sh/helm/v4/cmd/helm)

$(TOOLS)/kwok: $(TOOLS)/kwok.pins
	$(call build,tests/tools/kwok,sigs.k8s.io/kwok/cmd/kwok)

$(TOOLS)/nats-server: $(TOOLS)/nats.pins
	$(call build,tests/tools/nats,github.com/nats-io/nats-server/v2)

$(TOOLS)/nats: $(TOOLS)/nats.pins
	$(call build,tests/tools/nats,github.com/nats-io/natscli/nats)

$(TOOLS)/prometheus $(TOOLS)/promtool $(TOOLS)/otelcol: export GOFLAGS := -tags=$(NO_CLOUDS)

$(TOOLS)/prometheus: $(TOOLS)/prometheus.pins
	$(call build,tests/tools/prometheus,github.com/prometheus/prometheus/cmd/prometheus)

$(TOOLS)/promtool: $(TOOLS)/prometheus.pins
	$(call build,tests/tools/prometheus,github.com/prometheus/prometheus/cmd/promtool)

$(TOOLS)/otelcol: $(TOOLS)/collector.pins tests/tools/collector/main.go
	$(call build,tests/tools/collector,.)

# What kwok does with nodes, pods and claims: files, without which it does nothing.
$(TOOLS)/stages: $(TOOLS)/kwok.pins
	rm -rf $@
	cp -r "$$(go list -C tests/tools/kwok -mod=readonly -m -f '{{ .Dir }}' sigs.k8s.io/kwok)/kustomize/stage" $@
	chmod -R u+w $@ && touch $@

$(TOOLS)/kind: $(TOOLS)/kind.pins
	$(call build,$(KIND),sigs.k8s.io/kind)

$(TOOLS)/compose: $(TOOLS)/compose.pins tests/tools/compose/main.go
	$(call build,tests/tools/compose,.)

$(TOOLS)/crds: $(TOOLS)/crds.pins
	go run -C $(CRDS) -mod=readonly . files $(CURDIR)/$@ && touch $@

# Charts, as helm takes them.
$(TOOLS)/charts: $(TOOLS)/charts.pins
	rm -rf $@
	go run -C $(CHARTS) -mod=readonly . files $(CURDIR)/$@ && touch $@

# Files, not a program.
$(TOOLS)/toml-test: $(TOOLS)/toml-test.pins
	rm -rf $@
	go mod download -C tests/tools/toml-test github.com/toml-lang/toml-test/v2
	cp -r "$$(go list -C tests/tools/toml-test -mod=readonly -m -f '{{ .Dir }}' github.com/toml-lang/toml-test/v2)/tests" $@
	chmod -R u+w $@ && touch $@

# YAML readers of other languages.
READERS := tests/tools/readers

tools: $(TOOLS)/readers/yaml-go $(TOOLS)/readers/python $(TOOLS)/readers/node

$(TOOLS)/readers/yaml-go: $(TOOLS)/readers/go.pins $(READERS)/go/main.go
	$(call build,$(READERS)/go,.)

$(TOOLS)/readers/python: $(READERS)/python/requirements.txt
	rm -rf $@
	python3 -m venv $@
	$@/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	touch $@

$(TOOLS)/readers/node: $(READERS)/node/package.json $(READERS)/node/package-lock.json
	rm -rf $@
	mkdir -p $@
	cp $^ $@
	npm ci --prefix $@ --silent --ignore-scripts
	touch $@

# What a module pins. Rewritten only if its content differs, so that a fresh
# checkout beside a restored target/ does not build again.
pins = $(addprefix tests/tools/$(1)/,go.mod go.sum) $(wildcard tests/tools/$(1)/sources.tsv)
$(TOOLS)/%.pins: FORCE
	@mkdir -p $(@D)
	@cat $(call pins,$*) | cmp -s - $@ || cat $(call pins,$*) > $@

# $(call generate,minor,folder)
generate = go run -C $(K8S) -mod=readonly $(if $(wildcard $(K8S)/$(1).mod),-modfile=$(1).mod) ./schemas $(2)

schemas: $(MINORS:%=schemas/kubernetes/%) schemas/crds schemas/keda schemas/helm

.PHONY: $(MINORS:%=schemas/kubernetes/%)
$(MINORS:%=schemas/kubernetes/%): schemas/kubernetes/%:
	$(call generate,$*,$(CURDIR)/$@)

.PHONY: schemas/crds
schemas/crds:
	go run -C $(CRDS) -mod=readonly . schemas $(CURDIR)/$@

# Of the charts that Go modules carry; the others: tests/tools/README.md.
.PHONY: schemas/helm
schemas/helm:
	go run -C $(CHARTS) -mod=readonly . schemas $(CURDIR)/$@

# The parameters of KEDA's scalers, from the module that its definitions are taken from.
.PHONY: schemas/keda
schemas/keda:
	go run -C $(CRDS) -mod=readonly . scalers $(CURDIR)/$@

schemas-check: $(MINORS:%=schemas-check-%) schemas-check-crds schemas-check-keda schemas-check-helm

# The newest minor alone: each of them compiles Kubernetes' types anew.
schemas-check-newest: schemas-check-$(lastword $(MINORS)) schemas-check-crds schemas-check-keda schemas-check-helm

.PHONY: schemas-check-keda
schemas-check-keda:
	@out=$$(mktemp -d) && trap 'rm -rf "$$out"' EXIT && \
	  go run -C $(CRDS) -mod=readonly . scalers "$$out" && diff -ru schemas/keda "$$out"

.PHONY: schemas-check-newest schemas-check-crds schemas-check-helm
schemas-check-crds:
	@out=$$(mktemp -d) && trap 'rm -rf "$$out"' EXIT && \
	  go run -C $(CRDS) -mod=readonly . schemas "$$out" && diff -ru schemas/crds "$$out"

schemas-check-helm:
	@out=$$(mktemp -d) && trap 'rm -rf "$$out"' EXIT && \
	  go run -C $(CHARTS) -mod=readonly . schemas "$$out" && \
	  (cd "$$out" && find . -type f) | while read -r file; do diff -u "schemas/helm/$$file" "$$out/$$file" || exit 1; done

.PHONY: $(MINORS:%=schemas-check-%)
$(MINORS:%=schemas-check-%): schemas-check-%:
	@out=$$(mktemp -d) && trap 'rm -rf "$$out"' EXIT && \
	  $(call generate,$*,"$$out") && diff -ru schemas/kubernetes/$* "$$out"

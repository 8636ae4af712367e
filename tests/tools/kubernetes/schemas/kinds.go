package main

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	apiextensionsscheme "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset/scheme"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/client-go/kubernetes"
	kubernetesscheme "k8s.io/client-go/kubernetes/scheme"
	aggregator "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"
	aggregatorscheme "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset/scheme"
)

// A kind is one resource of a typed clientset.
type kind struct {
	gvk        schema.GroupVersionKind
	plural     string
	namespaced bool
	definition string
	// Minor versions of Kubernetes 1, from the methods that the type's
	// prerelease-lifecycle tags generate; 0 where there is none.
	introduced, deprecated, removed int
	replacement                     schema.GroupVersionKind
}

// virtual kinds have all verbs in the clientset, but no object of theirs can be written.
var virtual = map[schema.GroupVersionKind]bool{
	{Version: "v1", Kind: "ComponentStatus"}: true,
}

// clientKinds lists the GA and beta kinds of the clientsets, removed ones included.
func clientKinds() ([]kind, error) {
	sources := []struct {
		client reflect.Type
		scheme *runtime.Scheme
	}{
		{reflect.TypeFor[kubernetes.Interface](), kubernetesscheme.Scheme},
		{reflect.TypeFor[apiextensions.Interface](), apiextensionsscheme.Scheme},
		{reflect.TypeFor[aggregator.Interface](), aggregatorscheme.Scheme},
	}
	var kinds []kind
	for _, s := range sources {
		for group := range s.client.Methods() {
			// AppsV1() AppsV1Interface
			if group.Type.NumIn() != 0 || group.Type.NumOut() != 1 || group.Type.Out(0).Kind() != reflect.Interface {
				continue
			}
			for getter := range group.Type.Out(0).Methods() {
				k, ok, err := newKind(getter, s.scheme)
				if err != nil {
					return nil, err
				}
				if ok && !virtual[k.gvk] && !strings.Contains(k.gvk.Version, "alpha") {
					kinds = append(kinds, k)
				}
			}
		}
	}
	return kinds, nil
}

// newKind reads a resource getter: Deployments(namespace string) DeploymentInterface.
// Resources without Get (reviews, bindings, evictions) are requests, not objects.
func newKind(getter reflect.Method, scheme *runtime.Scheme) (kind, bool, error) {
	t := getter.Type
	if t.NumOut() != 1 || t.Out(0).Kind() != reflect.Interface {
		return kind{}, false, nil
	}
	get, ok := t.Out(0).MethodByName("Get")
	if !ok || get.Type.NumOut() != 2 {
		return kind{}, false, nil
	}
	object, ok := reflect.New(get.Type.Out(0).Elem()).Interface().(runtime.Object)
	if !ok {
		return kind{}, false, nil
	}
	gvks, _, err := scheme.ObjectKinds(object)
	if err != nil {
		return kind{}, false, err
	}
	if len(gvks) != 1 {
		return kind{}, false, fmt.Errorf("%T has %d kinds", object, len(gvks))
	}
	elem := get.Type.Out(0).Elem()
	k := kind{
		gvk:        gvks[0],
		plural:     strings.ToLower(getter.Name),
		namespaced: t.NumIn() == 1,
		definition: definitionName(elem.PkgPath() + "." + elem.Name()),
	}
	if o, ok := object.(interface{ APILifecycleIntroduced() (int, int) }); ok {
		_, k.introduced = o.APILifecycleIntroduced()
	}
	if o, ok := object.(interface{ APILifecycleDeprecated() (int, int) }); ok {
		_, k.deprecated = o.APILifecycleDeprecated()
	}
	if o, ok := object.(interface{ APILifecycleRemoved() (int, int) }); ok {
		_, k.removed = o.APILifecycleRemoved()
	}
	if o, ok := object.(interface {
		APILifecycleReplacement() schema.GroupVersionKind
	}); ok {
		k.replacement = o.APILifecycleReplacement()
	}
	return k, true, nil
}

func (k kind) servedIn(release *version.Version) bool {
	return k.removed == 0 || int(release.Minor()) < k.removed
}

func (k kind) retiring() bool {
	return k.deprecated != 0 || k.removed != 0
}

func (k kind) line() string {
	scope := "Cluster"
	if k.namespaced {
		scope = "Namespaced"
	}
	return strings.Join([]string{k.gvk.GroupVersion().String(), k.gvk.Kind, k.plural, scope, k.definition}, "\t")
}

func (k kind) lifecycleLine() string {
	minor := func(n int) string {
		if n == 0 {
			return ""
		}
		return fmt.Sprintf("1.%d", n)
	}
	replacement := ""
	if !k.replacement.Empty() {
		// networking.k8s.io/v1beta1 IngressClass names the list kind of its successor.
		name := strings.TrimSuffix(k.replacement.Kind, "List")
		replacement = k.replacement.GroupVersion().String() + " " + cmp.Or(name, k.gvk.Kind)
	}
	return strings.Join([]string{
		k.gvk.GroupVersion().String(), k.gvk.Kind,
		minor(k.introduced), minor(k.deprecated), minor(k.removed), replacement,
	}, "\t")
}

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/kube-openapi/pkg/util"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kubernetes/pkg/generated/openapi"
)

type object = map[string]any

const preserve = "x-kubernetes-preserve-unknown-fields"

// special holds the types whose JSON is not that of their Go structure.
var special = map[string]object{
	"io.k8s.apimachinery.pkg.api.resource.Quantity":   {"format": "quantity", "x-kubernetes-int-or-string": true},
	"io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"x-kubernetes-int-or-string": true},
	"io.k8s.apimachinery.pkg.apis.meta.v1.Time":       {"type": "string", "format": "date-time"},
	"io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime":  {"type": "string", "format": "micro-time"},
	"io.k8s.apimachinery.pkg.apis.meta.v1.Duration":   {"type": "string", "format": "duration"},
	"io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1":   {"type": "object", preserve: true},
	"io.k8s.apimachinery.pkg.runtime.RawExtension":    {"type": "object", preserve: true},

	"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON":                         {preserve: true},
	"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray":       {preserve: true},
	"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool":        {preserve: true},
	"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": {preserve: true},
}

// keptExtensions are the vendor extensions that say how a value is shaped or merged.
var keptExtensions = []string{
	"x-kubernetes-int-or-string",
	"x-kubernetes-list-map-keys",
	"x-kubernetes-list-type",
	"x-kubernetes-map-type",
	"x-kubernetes-patch-merge-key",
	preserve,
	"x-kubernetes-validations",
}

// definitionName turns a Go type path into the published name:
// k8s.io/api/apps/v1.Deployment becomes io.k8s.api.apps.v1.Deployment.
// Names that are published ones already (Kubernetes 1.35 and later) stay.
func definitionName(name string) string {
	if strings.Contains(name, "/") {
		return util.ToRESTFriendlyName(name)
	}
	return name
}

// reachable renders the definitions that the roots refer to, themselves included.
func reachable(roots []string) ([]string, error) {
	ref := func(name string) spec.Ref { return spec.MustCreateRef(definitionName(name)) }
	published := map[string]spec.Schema{}
	for name, definition := range openapi.GetOpenAPIDefinitions(ref) {
		published[definitionName(name)] = definition.Schema
	}

	var lines []string
	seen := map[string]bool{}
	for queue := roots; len(queue) > 0; {
		name := queue[0]
		queue = queue[1:]
		if seen[name] {
			continue
		}
		seen[name] = true
		schema, ok := published[name]
		if !ok {
			return nil, fmt.Errorf("no definition %s", name)
		}
		reduced, ok := special[name]
		if !ok {
			var err error
			if reduced, err = reduce(&schema); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		queue = append(queue, references(reduced)...)
		text, err := compact(reduced)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		lines = append(lines, name+"\t"+text)
	}
	return lines, nil
}

// reduce keeps of a schema what decides whether a value is accepted, completed or merged.
// It refuses what it would have to drop in silence.
func reduce(s *spec.Schema) (object, error) {
	if len(s.AllOf) == 1 {
		inner, err := reduce(&s.AllOf[0])
		if err != nil {
			return nil, err
		}
		outer := *s
		outer.AllOf = nil
		own, err := reduce(&outer)
		maps.Copy(inner, own)
		return inner, err
	}
	if len(s.AllOf)+len(s.AnyOf)+len(s.OneOf) > 0 || s.Not != nil || s.PatternProperties != nil ||
		s.MaxProperties != nil || s.MinProperties != nil || s.MultipleOf != nil ||
		s.UniqueItems || s.Nullable || s.ExclusiveMaximum || s.ExclusiveMinimum {
		return nil, fmt.Errorf("a keyword that is not carried over")
	}

	out := object{}
	put := func(key string, value any) {
		if v := reflect.ValueOf(value); v.IsValid() && !v.IsZero() {
			out[key] = value
		}
	}
	if len(s.Type) > 1 {
		return nil, fmt.Errorf("more than one type")
	}
	put("type", strings.Join(s.Type, ""))
	put("format", s.Format)
	put("$ref", s.Ref.String())
	put("pattern", s.Pattern)
	put("minimum", s.Minimum)
	put("maximum", s.Maximum)
	put("minLength", s.MinLength)
	put("maxLength", s.MaxLength)
	put("minItems", s.MinItems)
	put("maxItems", s.MaxItems)
	put("enum", s.Enum)
	put("required", slices.Sorted(slices.Values(s.Required)))
	if value, ok := meaningful(s.Default); ok {
		out["default"] = value
	}
	for _, key := range keptExtensions {
		if value, ok := s.Extensions[key]; ok {
			out[key] = value
		}
	}

	properties := object{}
	for name, property := range s.Properties {
		reduced, err := reduce(&property)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		// The zero default of a field that must be given never applies.
		if slices.Contains(s.Required, name) {
			dropZeroDefault(reduced)
		}
		properties[name] = reduced
	}
	if len(properties) > 0 {
		out["properties"] = properties
	}
	if s.Items != nil {
		items, err := element(s.Items.Schema)
		if err != nil {
			return nil, err
		}
		out["items"] = items
	}
	if s.AdditionalProperties != nil {
		values, err := element(s.AdditionalProperties.Schema)
		if err != nil {
			return nil, err
		}
		out["additionalProperties"] = values
	}
	return out, nil
}

// element reduces the schema of list items or map values; an element that is
// there has a value, so its zero default never applies either.
func element(s *spec.Schema) (object, error) {
	if s == nil {
		return nil, fmt.Errorf("elements without a schema")
	}
	reduced, err := reduce(s)
	if err == nil {
		dropZeroDefault(reduced)
	}
	return reduced, err
}

// meaningful drops the empty objects and lists that stand for "a struct".
func meaningful(value any) (any, bool) {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Invalid:
		return nil, false
	case reflect.Map, reflect.Slice:
		return value, v.Len() > 0
	default:
		return value, true
	}
}

func dropZeroDefault(schema object) {
	if value, ok := schema["default"]; ok && reflect.ValueOf(value).IsZero() {
		delete(schema, "default")
	}
}

// references lists the definitions that a reduced schema names.
func references(schema object) []string {
	var names []string
	if name, ok := schema["$ref"].(string); ok {
		names = append(names, name)
	}
	for _, key := range []string{"items", "additionalProperties"} {
		if inner, ok := schema[key].(object); ok {
			names = append(names, references(inner)...)
		}
	}
	if properties, ok := schema["properties"].(object); ok {
		for _, property := range properties {
			names = append(names, references(property.(object))...)
		}
	}
	return names
}

// compact writes JSON on one line, with sorted keys and no HTML escapes.
func compact(schema object) (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(schema); err != nil {
		return "", err
	}
	return strings.TrimSuffix(text.String(), "\n"), nil
}

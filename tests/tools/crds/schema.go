package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

type object = map[string]any

const objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"

// dropped says nothing about which objects are right.
var dropped = []string{"description", "title", "example", "externalDocs", "$schema", "id"}

// kept are the facts, as they are.
var kept = []string{
	"type", "format", "nullable", "default", "enum", "pattern",
	"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
	"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
	"x-kubernetes-embedded-resource", "x-kubernetes-int-or-string",
	"x-kubernetes-list-map-keys", "x-kubernetes-list-type", "x-kubernetes-map-type",
	"x-kubernetes-preserve-unknown-fields",
}

// root reduces the schema of whole objects. Their metadata is that of every object.
func root(schema object) (object, error) {
	reduced, err := reduce(schema)
	if err != nil {
		return nil, err
	}
	properties, ok := reduced["properties"].(object)
	if !ok {
		properties = object{}
		reduced["properties"] = properties
	}
	if metadata, ok := properties["metadata"].(object); ok && len(metadata) > 1 {
		return nil, fmt.Errorf("metadata has rules of its own: %v", metadata)
	}
	properties["metadata"] = object{"$ref": objectMeta}
	for _, name := range []string{"apiVersion", "kind"} {
		properties[name] = object{"type": "string"}
	}
	return reduced, nil
}

// reduce keeps the facts of a schema, and refuses what it does not know.
func reduce(schema object) (object, error) {
	out := object{}
	for key, value := range schema {
		reduced, keep, err := keyword(key, value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		if keep {
			out[key] = reduced
		}
	}
	if out["x-kubernetes-int-or-string"] == true {
		// Says the same a second time.
		if text, err := compact(object{"": out["anyOf"]}); err != nil {
			return nil, err
		} else if text == `{"":[{"type":"integer"},{"type":"string"}]}` {
			delete(out, "anyOf")
		}
	}
	return out, nil
}

func keyword(key string, value any) (reduced any, keep bool, err error) {
	switch {
	case slices.Contains(dropped, key):
		return nil, false, nil
	case slices.Contains(kept, key):
		return value, true, nil
	case key == "required":
		return sorted(value)
	case key == "x-kubernetes-validations":
		reduced, err = list(value, rule)
	case key == "allOf", key == "anyOf", key == "oneOf":
		reduced, err = list(value, reduce)
	case key == "items", key == "not":
		reduced, err = inner(value)
	case key == "properties":
		reduced, err = each(value)
	case key == "additionalProperties":
		if allowed, ok := value.(bool); ok {
			return object{}, allowed, nil
		}
		reduced, err = inner(value)
	default:
		return nil, false, fmt.Errorf("an unknown keyword")
	}
	return reduced, true, err
}

// rule keeps what a CEL rule says and when; Kubernetes makes a message where it has none.
func rule(rule object) (object, error) {
	for key := range rule {
		switch key {
		case "rule", "message", "messageExpression", "reason", "fieldPath", "optionalOldSelf":
		default:
			return nil, fmt.Errorf("a rule with %s", key)
		}
	}
	return rule, nil
}

func sorted(value any) (any, bool, error) {
	items, ok := value.([]any)
	if !ok {
		return nil, false, fmt.Errorf("not a list")
	}
	names := []string{}
	for _, item := range items {
		names = append(names, fmt.Sprint(item))
	}
	slices.Sort(names)
	return names, len(names) > 0, nil
}

func inner(value any) (object, error) {
	schema, ok := value.(object)
	if !ok {
		return nil, fmt.Errorf("not a schema")
	}
	return reduce(schema)
}

func list(value any, each func(object) (object, error)) (any, error) {
	items, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("not a list")
	}
	out := []any{}
	for _, item := range items {
		from, ok := item.(object)
		if !ok {
			return nil, fmt.Errorf("not an object")
		}
		reduced, err := each(from)
		if err != nil {
			return nil, err
		}
		out = append(out, reduced)
	}
	return out, nil
}

func each(value any) (object, error) {
	schemas, ok := value.(object)
	if !ok {
		return nil, fmt.Errorf("not an object")
	}
	out := object{}
	for name, schema := range schemas {
		reduced, err := inner(schema)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = reduced
	}
	return out, nil
}

// rules counts the CEL rules of a reduced schema.
func rules(value any) int {
	count := 0
	switch value := value.(type) {
	case object:
		if rules, ok := value["x-kubernetes-validations"].([]any); ok {
			count += len(rules)
		}
		for _, inner := range value {
			count += rules(inner)
		}
	case []any:
		for _, inner := range value {
			count += rules(inner)
		}
	}
	return count
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

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// chart reads what values a chart takes: its schema where it has a strict one, or
// else its values, what is written there as a comment, and what its templates ask
// for; with those of its subcharts below their names.
func chart(files fs.FS) (*node, error) {
	tree, err := own(files)
	if err != nil {
		return nil, err
	}
	tree.keys["global"] = leaf("map")
	var about struct {
		Dependencies []struct{ Name, Alias string }
	}
	if err := decode(files, "Chart.yaml", &about); err != nil {
		return nil, err
	}
	for _, dependency := range about.Dependencies {
		name := dependency.Name
		if dependency.Alias != "" {
			name = dependency.Alias
		}
		below, err := fs.Sub(files, path.Join("charts", dependency.Name))
		if err != nil {
			return nil, err
		}
		sub, err := chart(below)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("the subchart %s is not there", name)
		} else if err != nil {
			return nil, err
		}
		delete(sub.keys, "global")
		if known := tree.keys[name]; known != nil && known.is("table") {
			sub.lay(known)
		}
		sub.mention([]string{"enabled"})
		tree.keys[name] = sub
	}
	return tree, nil
}

func own(files fs.FS) (*node, error) {
	text, err := values(files)
	if err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return nil, err
	}
	tree := &node{types: []string{"table"}, keys: map[string]*node{}}
	if len(document.Content) > 0 {
		tree = ofValue("", document.Content[0])
		tree.types = []string{"table"}
		if tree.keys == nil {
			tree.keys = map[string]*node{}
		}
	}
	if content, err := fs.ReadFile(files, "values.schema.json"); err == nil {
		schema, err := ofSchema(content)
		if err != nil {
			return nil, err
		}
		schema.lay(tree)
		tree = schema
	}
	for _, keys := range commented(text) {
		tree.mention(keys)
	}
	return tree, fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		isTemplate := strings.HasPrefix(name, "templates/") || strings.HasPrefix(name, "files/")
		if err != nil || entry.IsDir() || !isTemplate {
			return err
		}
		content, err := fs.ReadFile(files, name)
		for _, asked := range asksFor.FindAllSubmatch(content, -1) {
			tree.mention(strings.Split(string(asked[1]), "."))
		}
		return err
	})
}

var asksFor = regexp.MustCompile(`\.Values\.([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)`)

// ofValue tells from a default what may take its place.
func ofValue(key string, value *yaml.Node) *node {
	if value.Kind == yaml.AliasNode {
		value = value.Alias
	}
	switch {
	case key == "maxUnavailable" || key == "minAvailable" || value.Tag == "!!null":
		return leaf("any")
	case value.Kind == yaml.SequenceNode:
		return leaf("list")
	case value.Kind == yaml.ScalarNode:
		return leaf(map[string]string{
			"!!bool": "bool", "!!int": "int", "!!float": "number",
		}[value.Tag] + map[bool]string{true: textual(value.Value)}[value.Tag == "!!str"])
	case len(value.Content) == 0:
		return leaf("map")
	}
	table := &node{types: []string{"table"}, keys: map[string]*node{}}
	for place := 0; place < len(value.Content); place += 2 {
		name := value.Content[place].Value
		table.keys[name] = ofValue(name, value.Content[place+1])
	}
	return opened(key, table)
}

// textual: no text stands for nothing at all, whose place a number may take.
func textual(text string) string {
	if text == "" {
		return "scalar"
	}
	return "string"
}

// What of Kubernetes has these keys has more of them than a default shows.
var fields = []string{
	"allowPrivilegeEscalation capabilities fsGroup fsGroupChangePolicy privileged readOnlyRootFilesystem runAsGroup runAsNonRoot runAsUser seccompProfile supplementalGroups",
	"exec failureThreshold grpc httpGet initialDelaySeconds periodSeconds successThreshold tcpSocket terminationGracePeriodSeconds timeoutSeconds",
	"rollingUpdate type",
	"matchExpressions matchLabels",
	"nodeAffinity podAffinity podAntiAffinity",
}

func opened(key string, table *node) *node {
	for _, known := range fields {
		isOther := func(field string) bool { return !slices.Contains(strings.Fields(known), field) }
		if !slices.ContainsFunc(slices.Collect(maps.Keys(table.keys)), isOther) {
			return leaf("map")
		}
	}
	// The name of a file, whose content it is.
	if strings.Contains(key, ".") {
		return leaf("map")
	}
	// One of several, as an example for others.
	if example := table.keys["main"]; example != nil && len(table.keys) == 1 {
		return &node{types: []string{"map"}, keys: map[string]*node{"*": example}}
	}
	lower := strings.ToLower(key)
	isFlat := true
	for name, value := range table.keys {
		if strings.Contains(name, "/") {
			return leaf("map")
		}
		isFlat = isFlat && !value.is("table") && !value.is("map")
	}
	for _, ending := range []string{"annotations", "labels", "selector", "env"} {
		if strings.HasSuffix(lower, ending) && isFlat {
			return leaf("map")
		}
	}
	isOther := func(key string) bool { return key != "limits" && key != "requests" && key != "claims" }
	if !slices.ContainsFunc(slices.Collect(maps.Keys(table.keys)), isOther) {
		table.keys["limits"], table.keys["requests"], table.keys["claims"] = leaf("map"), leaf("map"), leaf("list")
	}
	if key == "limits" || key == "requests" {
		return leaf("map")
	}
	return table
}

var commentedKey = regexp.MustCompile(`^( *)# ?([a-z][A-Za-z0-9_-]*):(?: |$)`)
var writtenKey = regexp.MustCompile(`^( *)([A-Za-z][A-Za-z0-9_./-]*|"[^"]*"|'[^']*'):(?: |$)`)

var prose = []string{"default", "defaults", "e.g", "eg", "example", "examples", "http", "https", "important", "note", "ref", "see", "todo", "usage", "warning"}

// commented gives the paths that values show as a comment, in the column where the key
// would stand.
func commented(text string) [][]string {
	var found [][]string
	type open struct {
		column int
		key    string
	}
	var around []open
	within := func(column int) (keys []string) {
		for len(around) > 0 && around[len(around)-1].column >= column {
			around = around[:len(around)-1]
		}
		for _, each := range around {
			keys = append(keys, each.key)
		}
		return keys
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n\r ")
		if match := commentedKey.FindStringSubmatch(line); match != nil && !slices.Contains(prose, match[2]) {
			var keys []string
			for _, each := range around {
				if each.column < len(match[1]) {
					keys = append(keys, each.key)
				}
			}
			found = append(found, append(keys, match[2]))
		} else if match := writtenKey.FindStringSubmatch(line); match != nil {
			within(len(match[1]))
			around = append(around, open{len(match[1]), strings.Trim(match[2], `"'`)})
		}
	}
	return found
}

// ofSchema reads a JSON Schema.
func ofSchema(content []byte) (*node, error) {
	var root map[string]any
	if err := json.Unmarshal(content, &root); err != nil {
		return nil, err
	}
	if ref, there := root["$ref"].(string); there {
		return ofPart(root, resolve(root, ref))
	}
	return ofPart(root, root)
}

func resolve(root map[string]any, ref string) map[string]any {
	part := root
	for _, step := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		part, _ = part[step].(map[string]any)
	}
	return part
}

func ofPart(root, part map[string]any) (*node, error) {
	if ref, there := part["$ref"].(string); there {
		return ofPart(root, resolve(root, ref))
	}
	var types []string
	forms, _ := part["anyOf"].([]any)
	if more, there := part["oneOf"].([]any); there {
		forms = append(forms, more...)
	}
	for _, form := range forms {
		below, err := ofPart(root, form.(map[string]any))
		if err != nil {
			return nil, err
		}
		types = append(types, below.types...)
	}
	switch kind := part["type"].(type) {
	case string:
		types = append(types, kind)
	case []any:
		for _, each := range kind {
			types = append(types, each.(string))
		}
	}
	names := map[string]string{"boolean": "bool", "integer": "int", "array": "list", "object": "map", "null": ""}
	var known []string
	for _, each := range types {
		if name, there := names[each]; there {
			each = name
		}
		if each != "" {
			known = append(known, each)
		}
	}
	slices.Sort(known)
	known = slices.Compact(known)
	if len(known) == 0 || slices.Contains(known, "any") {
		known = []string{"any"}
	}
	found := &node{types: known}
	properties, _ := part["properties"].(map[string]any)
	more, isThere := part["additionalProperties"]
	if patterns, is := part["patternProperties"].(map[string]any); is && patterns[".*"] != nil {
		more = patterns[".*"]
	}
	if item, is := more.(map[string]any); found.is("map") && is {
		// Whatever the key, this stands below it.
		below, err := ofPart(root, item)
		if err == nil && !below.is("any") {
			found.keys = map[string]*node{"*": below}
		}
		return found, err
	}
	if !found.is("map") || isThere && more != false || len(properties) == 0 && !isThere {
		return found, nil
	}
	found = &node{types: []string{"table"}, keys: map[string]*node{}, strict: isThere}
	for key, value := range properties {
		below, err := ofPart(root, value.(map[string]any))
		if err != nil {
			return nil, err
		}
		found.keys[key] = below
	}
	return found, nil
}

package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	kedaModule = "github.com/kedacore/keda/v2"
	// What the module says of its scalers, and where it says what makes them.
	scalersSchema  = "schema/generated/scalers-schema.json"
	scalersBuilder = "pkg/scaling/scalers_builder.go"
)

// scaler is one entry of the module's own schema, in which every type is "string"
// and names of one parameter stand as several.
type scaler struct {
	Type       string
	Parameters []struct {
		Name         string
		Optional     bool
		Default      string
		AllowedValue []string
		Deprecated   string
		Metadata     bool `json:"metadataVariableReadable"`
		Env          bool `json:"envVariableReadable"`
		Auth         bool `json:"triggerAuthenticationVariableReadable"`
	}
}

// field is what the sources say of a parameter beside.
type field struct {
	kind string
	// The first of its names.
	first string
}

// source is what one file of the module says.
type source struct {
	fields map[string]field
	// Keys that are asked for by their names, beside the parameters.
	asked []string
	// Packages of the module that it imports.
	imports []string
	// It passes on whatever it is given.
	passes bool
}

var (
	made  = regexp.MustCompile(`case "([^"]+)":\s*return scalers\.(New\w+)\(`)
	makes = regexp.MustCompile(`(?m)^func (New\w+Scaler)\(`)
	asked = regexp.MustCompile(`[tT]riggerMetadata\["(\w+)"\]`)
	every = regexp.MustCompile(`range \w+\.TriggerMetadata\b`)
)

// renamed are keys that a scaler takes over into parameters of other names.
var renamed = map[string][]string{"pulsar": {"EndpointParams", "clientID", "oauthTokenURI", "scope"}}

// writeScalers writes OUT/scalers.tsv: scaler, key, type, from where it is read,
// what is demanded, the first of its names, allowed values.
func writeScalers(out string) error {
	version, hash, err := pinned(kedaModule)
	if err != nil {
		return err
	}
	module := kedaModule + "@" + version
	archive, err := download(module, hash)
	if err != nil {
		return err
	}
	files := map[string][]byte{}
	for _, pattern := range []string{scalersSchema, scalersBuilder, "pkg/scalers/*.go", "pkg/scalers/*/*.go"} {
		found, err := read(archive, module, pattern)
		if err != nil {
			return err
		}
		maps.Copy(files, found)
	}
	lines, err := scalerLines(files)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	text := strings.Join(lines, "\n") + "\n"
	fmt.Printf("%s: %d parameters, %d bytes\n", version, len(lines), len(text))
	return os.WriteFile(filepath.Join(out, "scalers.tsv"), []byte(text), 0o644)
}

// pinned gives the version and the hash of a module of sources.tsv.
func pinned(module string) (version, hash string, err error) {
	for line := range strings.Lines(sources) {
		if columns := strings.Split(line, "\t"); columns[0] == module {
			return columns[1], columns[2], nil
		}
	}
	return "", "", fmt.Errorf("sources.tsv has no %s", module)
}

func scalerLines(files map[string][]byte) ([]string, error) {
	var schema struct{ Scalers []scaler }
	if err := json.Unmarshal(files[scalersSchema], &schema); err != nil {
		return nil, err
	}
	byFile, byPackage, makers := map[string]source{}, map[string][]source{}, map[string]string{}
	for name, text := range files {
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		read, err := sourceOf(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		byFile[name] = read
		byPackage[path.Dir(name)] = append(byPackage[path.Dir(name)], read)
		for _, found := range makes.FindAllSubmatch(text, -1) {
			makers[string(found[1])] = name
		}
	}
	file := map[string]string{}
	for _, found := range made.FindAllSubmatch(files[scalersBuilder], -1) {
		file[string(found[1])] = makers[string(found[2])]
	}
	lines := []string{}
	for _, scaler := range schema.Scalers {
		own, ok := byFile[file[scaler.Type]]
		if !ok {
			return nil, fmt.Errorf("%s is made nowhere", scaler.Type)
		}
		beside := []source{}
		for _, name := range own.imports {
			beside = append(beside, byPackage[name]...)
		}
		lines = append(lines, linesOf(scaler, own, beside)...)
	}
	slices.Sort(lines)
	return slices.Compact(lines), nil
}

func linesOf(scaler scaler, own source, beside []source) []string {
	lines, seen := []string{}, map[string]bool{}
	line := func(key, kind, from, demand, first string, choices []string) {
		seen[key] = true
		columns := []string{scaler.Type, key, kind, from, demand, first, strings.Join(choices, "|")}
		lines = append(lines, strings.Join(columns, "\t"))
	}
	also := append(slices.Clone(own.asked), renamed[scaler.Type]...)
	for _, source := range beside {
		also = append(also, source.asked...)
	}
	if own.passes {
		also = append(also, "*")
	}
	for _, parameter := range scaler.Parameters {
		if seen[parameter.Name] {
			continue
		}
		known := field{kind: "text", first: parameter.Name}
		for _, source := range append([]source{own}, beside...) {
			if found, ok := source.fields[parameter.Name]; ok {
				known = found
				break
			}
		}
		from := []string{}
		for place, readable := range map[string]bool{
			"metadata": parameter.Metadata || slices.Contains(also, parameter.Name), "env": parameter.Env, "auth": parameter.Auth,
		} {
			if readable {
				from = append(from, place)
			}
		}
		slices.Sort(from)
		demand := "required"
		switch {
		case parameter.Deprecated != "":
			demand = "removed"
		case parameter.Optional || parameter.Default != "":
			demand = "optional"
		}
		first := known.first
		if first == parameter.Name {
			first = ""
		}
		line(parameter.Name, known.kind, strings.Join(from, ","), demand, first, parameter.AllowedValue)
	}
	slices.Sort(also)
	for _, key := range slices.Compact(also) {
		if !seen[key] {
			line(key, "text", "metadata", "optional", "", nil)
		}
	}
	return lines
}

// sourceOf reads the struct fields that are tagged as parameters.
func sourceOf(text []byte) (source, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", text, 0)
	if err != nil {
		return source{}, err
	}
	found := source{fields: map[string]field{}, passes: every.Match(text)}
	for _, key := range asked.FindAllSubmatch(text, -1) {
		found.asked = append(found.asked, string(key[1]))
	}
	for _, imported := range file.Imports {
		name, _ := strconv.Unquote(imported.Path.Value)
		if inside, ok := strings.CutPrefix(name, kedaModule+"/"); ok {
			found.imports = append(found.imports, inside)
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		tagged, ok := node.(*ast.Field)
		if !ok || tagged.Tag == nil {
			return true
		}
		tag, _ := strconv.Unquote(tagged.Tag.Value)
		for part := range strings.SplitSeq(reflect.StructTag(tag).Get("keda"), ",") {
			names, ok := strings.CutPrefix(strings.TrimSpace(part), "name=")
			if !ok {
				continue
			}
			all := strings.Split(strings.TrimSpace(names), ";")
			for _, name := range all {
				found.fields[name] = field{kind: kindOf(tagged.Type), first: all[0]}
			}
		}
		return true
	})
	return found, nil
}

// kindOf says how the text of a parameter is read; as it is, where that is not plain.
func kindOf(of ast.Expr) string {
	switch of := of.(type) {
	case *ast.StarExpr:
		return kindOf(of.X)
	case *ast.SelectorExpr:
		if of.Sel.Name == "Duration" {
			return "duration"
		}
	case *ast.Ident:
		switch of.Name {
		case "bool":
			return "boolean"
		case "int", "int32", "int64":
			return "integer"
		case "float32", "float64":
			return "number"
		}
	}
	return "text"
}

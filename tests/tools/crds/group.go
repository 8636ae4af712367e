package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// definition is the part of a CustomResourceDefinition that is looked at.
type definition struct {
	Kind string
	Spec struct {
		Group string
		Scope string
		Names struct{ Kind, Plural string }
		// What an API server does with fields it does not know.
		PreserveUnknownFields bool
		Versions              []struct {
			Name   string
			Served bool
			Schema struct {
				OpenAPIV3Schema object `json:"openAPIV3Schema"`
			}
		}
	}
}

// group is one API group: the lines of its schemas, and the CRDs by their plural.
type group struct {
	definitions, kinds []string
	rules              int
	files              map[string][]byte
}

// add puts the kinds of one file into their group, in the versions that are served.
func add(groups map[string]*group, file []byte) error {
	var crd definition
	if err := yaml.Unmarshal(file, &crd); err != nil {
		return err
	}
	if crd.Kind != "CustomResourceDefinition" {
		return nil
	}
	if crd.Spec.PreserveUnknownFields {
		return fmt.Errorf("%s keeps all unknown fields", crd.Spec.Names.Kind)
	}
	if groups[crd.Spec.Group] == nil {
		groups[crd.Spec.Group] = &group{files: map[string][]byte{}}
	}
	to := groups[crd.Spec.Group]
	to.files[crd.Spec.Names.Plural] = file
	for _, version := range crd.Spec.Versions {
		if !version.Served {
			continue
		}
		schema, err := root(version.Schema.OpenAPIV3Schema)
		if err != nil {
			return fmt.Errorf("%s: %w", version.Name, err)
		}
		text, err := compact(schema)
		if err != nil {
			return err
		}
		apiVersion := crd.Spec.Group + "/" + version.Name
		name := apiVersion + "/" + crd.Spec.Names.Kind
		columns := []string{apiVersion, crd.Spec.Names.Kind, crd.Spec.Names.Plural, crd.Spec.Scope, name}
		to.definitions = append(to.definitions, name+"\t"+text)
		to.kinds = append(to.kinds, strings.Join(columns, "\t"))
		to.rules += rules(schema)
	}
	return nil
}

func (g *group) writeFiles(folder string) error {
	for name, file := range g.files {
		if err := os.WriteFile(filepath.Join(folder, name+".yaml"), file, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (g *group) writeSchemas(folder string) error {
	files := map[string][]string{"definitions.tsv": g.definitions, "kinds.tsv": g.kinds}
	size := 0
	for name, lines := range files {
		slices.Sort(lines)
		text := strings.Join(lines, "\n") + "\n"
		size += len(text)
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	fmt.Printf("%s: %d kinds, %d CEL rules, %d bytes\n", filepath.Base(folder), len(g.kinds), g.rules, size)
	return nil
}

// Reads YAML with the Go libraries that kubectl, Helm and most of their ecosystem use.
//
// Standard input: a JSON list of YAML documents. Standard output, a line for each library: its name, and a JSON list
// with what it read of each document, or with the error as a string.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	goyaml "go.yaml.in/yaml/v3"
	v3 "gopkg.in/yaml.v3"
	"sigs.k8s.io/yaml"
)

func main() {
	var documents []string
	if err := json.NewDecoder(os.Stdin).Decode(&documents); err != nil {
		panic(err)
	}
	read("sigs.k8s.io/yaml", documents, yaml.YAMLToJSONStrict)
	read("go.yaml.in/yaml/v3", documents, asJSON(goyaml.Unmarshal))
	read("gopkg.in/yaml.v3", documents, asJSON(v3.Unmarshal))
}

func asJSON(unmarshal func([]byte, any) error) func([]byte) ([]byte, error) {
	return func(document []byte) ([]byte, error) {
		var value any
		if err := unmarshal(document, &value); err != nil {
			return nil, err
		}
		return json.Marshal(value)
	}
}

func read(name string, documents []string, one func([]byte) ([]byte, error)) {
	values := make([]json.RawMessage, len(documents))
	for i, document := range documents {
		value, err := one([]byte(document))
		if err != nil {
			value, _ = json.Marshal(err.Error())
		}
		values[i] = value
	}
	list, err := json.Marshal(values)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s\t%s\n", name, list)
}

// Command schemas writes the reduced structural schemas of one Kubernetes
// version, taken from the OpenAPI definitions compiled into k8s.io/kubernetes:
//
//	go run ./schemas OUT
//
// It writes OUT/definitions.tsv, OUT/kinds.tsv and OUT/lifecycle.tsv. The
// version is that of the k8s.io/kubernetes module it is built with. The same
// version always gives the same bytes.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/version"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: schemas OUT")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "schemas:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	release, err := release()
	if err != nil {
		return err
	}
	all, err := clientKinds()
	if err != nil {
		return err
	}
	var kinds, lifecycle []string
	var roots []string
	for _, k := range all {
		if k.retiring() {
			lifecycle = append(lifecycle, k.lifecycleLine())
		}
		if k.servedIn(release) {
			kinds = append(kinds, k.line())
			roots = append(roots, k.definition)
		}
	}
	definitions, err := reachable(roots)
	if err != nil {
		return err
	}

	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	files := []struct {
		name  string
		lines []string
	}{
		{"definitions.tsv", definitions},
		{"kinds.tsv", kinds},
		{"lifecycle.tsv", lifecycle},
	}
	for _, f := range files {
		// A tab sorts before every character of a name, so sorting whole
		// lines sorts by the first column, then the second.
		slices.Sort(f.lines)
		text := strings.Join(f.lines, "\n") + "\n"
		if err := os.WriteFile(filepath.Join(out, f.name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	fmt.Printf("Kubernetes %s: %d kinds, %d definitions, %d retiring\n", release, len(kinds), len(definitions), len(lifecycle))
	return nil
}

// release is the version of the k8s.io/kubernetes module in this program.
func release() (*version.Version, error) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil, fmt.Errorf("built without module information")
	}
	for _, m := range info.Deps {
		if m.Path == "k8s.io/kubernetes" {
			return version.ParseSemantic(m.Version)
		}
	}
	return nil, fmt.Errorf("k8s.io/kubernetes is not among the modules of this program")
}

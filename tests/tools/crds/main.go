// Command crds writes the reduced structural schemas of custom resources, taken
// from the CRDs that Go modules carry:
//
//	go run . schemas OUT
//	go run . files OUT
//	go run . scalers OUT
//
// It reads sources.tsv (module, version, hash, path of the files inside it) and
// writes OUT/<group>/definitions.tsv and OUT/<group>/kinds.tsv, or the CRDs
// themselves to OUT/<group>/<plural>.yaml. Of KEDA's module it writes as well what
// parameters its scalers have, to OUT/scalers.tsv. The same sources always give the same
// bytes.
package main

import (
	"archive/zip"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed sources.tsv
var sources string

func main() {
	if len(os.Args) != 3 || !slices.Contains([]string{"schemas", "files", "scalers"}, os.Args[1]) {
		fmt.Fprintln(os.Stderr, "usage: crds schemas|files|scalers OUT")
		os.Exit(2)
	}
	var err error
	if os.Args[1] == "scalers" {
		err = writeScalers(os.Args[2])
	} else {
		err = run(os.Args[1], os.Args[2])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "crds:", err)
		os.Exit(1)
	}
}

func run(what, out string) error {
	groups := map[string]*group{}
	for line := range strings.Lines(sources) {
		columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(columns) != 4 {
			return fmt.Errorf("sources.tsv: %q", line)
		}
		archive, err := download(columns[0]+"@"+columns[1], columns[2])
		if err != nil {
			return err
		}
		files, err := read(archive, columns[0]+"@"+columns[1], columns[3])
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(files)) {
			if err := add(groups, files[name]); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		group, folder := groups[name], filepath.Join(out, name)
		write := group.writeSchemas
		if what == "files" {
			write = group.writeFiles
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		if err := write(folder); err != nil {
			return err
		}
	}
	return nil
}

// download gives the path of a module's archive, whose hash is the expected one.
//
// Modules that want a newer Go than this one are reported as errors, but they are
// downloaded and verified all the same, and nothing of them is compiled here.
func download(module, hash string) (string, error) {
	var found struct{ Zip, Sum, Error string }
	output, failed := exec.Command("go", "mod", "download", "-json", module).Output()
	if err := json.Unmarshal(output, &found); err != nil {
		return "", errors.Join(failed, err)
	}
	if found.Zip == "" || found.Sum == "" {
		return "", fmt.Errorf("%s: %s", module, found.Error)
	}
	if found.Sum != hash {
		return "", fmt.Errorf("%s has the hash %s", module, found.Sum)
	}
	return found.Zip, nil
}

// read gives the files of a module whose paths match.
func read(archive, module, pattern string) (map[string][]byte, error) {
	reader, err := zip.OpenReader(archive)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	files := map[string][]byte{}
	for _, file := range reader.File {
		name, _ := strings.CutPrefix(file.Name, module+"/")
		if matches, err := path.Match(pattern, name); err != nil {
			return nil, err
		} else if !matches {
			continue
		}
		content, err := file.Open()
		if err != nil {
			return nil, err
		}
		defer content.Close()
		if files[name], err = io.ReadAll(content); err != nil {
			return nil, err
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s has no %s", module, pattern)
	}
	return files, nil
}

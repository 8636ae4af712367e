// Command charts writes what values Helm charts know: their keys and types, and
// no text of theirs.
//
//	go run . schemas OUT            of the charts that Go modules carry (sources.tsv)
//	go run . schemas OUT FOLDER…    of charts in folders, subcharts in their charts/
//	go run . files OUT              the charts of sources.tsv themselves, for helm
//
// It writes OUT/<chart>/<version>.tsv: path and type of each value, sorted. The same
// sources always give the same bytes.
package main

import (
	"archive/zip"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Chart, version, module, its version, its hash, folder within it.
//
//go:embed sources.tsv
var sources string

func main() {
	if len(os.Args) < 3 || os.Args[1] != "schemas" && (os.Args[1] != "files" || len(os.Args) > 3) {
		fmt.Fprintln(os.Stderr, "usage: charts schemas OUT [FOLDER...] | charts files OUT")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, "charts:", err)
		os.Exit(1)
	}
}

func run(what, out string, folders []string) error {
	for _, folder := range folders {
		var chart struct{ Name, Version string }
		if err := decode(os.DirFS(folder), "Chart.yaml", &chart); err != nil {
			return err
		}
		if err := write(os.DirFS(folder), out, chart.Name, chart.Version); err != nil {
			return fmt.Errorf("%s: %w", folder, err)
		}
	}
	if len(folders) > 0 {
		return nil
	}
	for line := range strings.Lines(sources) {
		columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(columns) != 6 {
			return fmt.Errorf("sources.tsv: %q", line)
		}
		module := columns[2] + "@" + columns[3]
		archive, err := download(module, columns[4])
		if err != nil {
			return err
		}
		reader, err := zip.OpenReader(archive)
		if err != nil {
			return err
		}
		defer reader.Close()
		files, err := fs.Sub(reader, path.Join(module, columns[5]))
		if err != nil {
			return err
		}
		if what == "files" {
			err = unpack(files, filepath.Join(out, columns[0]), columns[1])
		} else {
			err = write(files, out, columns[0], columns[1])
		}
		if err != nil {
			return fmt.Errorf("%s: %w", columns[0], err)
		}
	}
	return nil
}

// download gives the path of a module's archive, whose hash is the expected one.
// Nothing of the module is compiled, so it may want a newer Go than this one.
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

func write(files fs.FS, out, name, version string) error {
	tree, err := chart(files)
	if err != nil {
		return err
	}
	if err := tree.correct(name); err != nil {
		return err
	}
	folder := filepath.Join(out, name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, version+".tsv"), []byte(tree.lines()), 0o644)
}

// unpack writes a chart as its release would hold it: some carry their values as a
// text in which the image is filled in.
func unpack(files fs.FS, out, version string) error {
	return fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if path.Base(name) == "values.tmpl.yaml" {
			name = path.Join(path.Dir(name), "values.yaml")
			content = []byte(filled(string(content), version))
		}
		target := filepath.Join(out, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o644)
	})
}

func filled(values, version string) string {
	return strings.NewReplacer(
		"${GatewayImage}", "docker.io/envoyproxy/gateway:"+version,
		"${GatewayImagePullPolicy}", "IfNotPresent",
	).Replace(values)
}

// values gives the text of a chart's own values.
func values(files fs.FS) (string, error) {
	for _, name := range []string{"values.yaml", "values.tmpl.yaml"} {
		file, err := files.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return "", err
		}
		defer file.Close()
		content, err := io.ReadAll(file)
		return string(content), err
	}
	return "", nil
}

func decode(files fs.FS, name string, into any) error {
	content, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	return yaml.Unmarshal(content, into)
}

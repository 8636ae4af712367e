package main

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A value: what may stand there, and of a table, by which keys.
type node struct {
	// Sorted, each one of: any bool int number list map scalar string table. A map
	// takes every key, a table those that it has.
	types []string
	keys  map[string]*node
	// Of a table: nobody else will say which keys it has.
	strict bool
}

func leaf(types ...string) *node { return &node{types: types} }

func (n *node) is(name string) bool { return len(n.types) == 1 && n.types[0] == name }

// lay adds what the upper one knows besides.
func (n *node) lay(upper *node) {
	if n.strict && !upper.strict {
		// But what it holds may be less so.
		for key, known := range n.keys {
			if value, there := upper.keys[key]; there {
				known.lay(value)
			}
		}
		return
	}
	if !n.is("table") || !upper.is("table") {
		if n.is("any") {
			*n = *upper
		}
		return
	}
	for key, value := range upper.keys {
		if known, there := n.keys[key]; there {
			known.lay(value)
		} else {
			n.keys[key] = value
		}
	}
}

// find walks along keys as far as tables lead.
func (n *node) find(keys []string) (found *node, rest []string) {
	for place, key := range keys {
		next := n.keys[key]
		if next == nil {
			return n, keys[place:]
		}
		n = next
	}
	return n, nil
}

// mention adds a path that something besides the values knows of; what may stand there
// is not known.
func (n *node) mention(keys []string) {
	if found, rest := n.find(keys); len(rest) > 0 && found.is("table") && !found.strict {
		found.keys[rest[0]] = leaf("any")
	}
}

// Chart, path, type: what reading its values gets wrong. The keys below are dropped.
//
//go:embed exceptions.tsv
var exceptions string

func (n *node) correct(chart string) error {
	for line := range strings.Lines(exceptions) {
		columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(columns) != 3 {
			return fmt.Errorf("exceptions.tsv: %q", line)
		}
		if columns[0] != chart {
			continue
		}
		keys := strings.Split(columns[1], ".")
		holder, rest := n.find(keys[:len(keys)-1])
		if len(rest) > 0 || !holder.is("table") {
			return fmt.Errorf("exceptions.tsv: there is no %s", columns[1])
		}
		holder.keys[keys[len(keys)-1]] = leaf(strings.Split(columns[2], "|")...)
	}
	return nil
}

func (n *node) lines() string {
	var lines []string
	n.collect("", &lines)
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func (n *node) collect(path string, lines *[]string) {
	for _, key := range slices.Sorted(maps.Keys(n.keys)) {
		below, value := key, n.keys[key]
		if strings.ContainsAny(key, ".\"") {
			below = fmt.Sprintf("%q", key)
		}
		if path != "" {
			below = path + "." + below
		}
		*lines = append(*lines, below+"\t"+strings.Join(value.types, "|")+"\n")
		value.collect(below, lines)
	}
}

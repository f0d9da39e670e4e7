// Package orphans finds what builders have left on an engine that nothing refers to any
// more: containers without a record, state volumes without either, and records whose
// builder is gone. It changes nothing.
package orphans

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"builders.test/helpers/subject"
)

// Record is what buildx keeps about a builder in its configuration.
type Record struct {
	Name   string
	Driver string
	Nodes  []Node
	// File is where it is kept.
	File string
	// Unreadable says why it could not be read; then only the file is known.
	Unreadable string
}

// Node is one node of a builder.
type Node struct {
	Name string
	// Endpoint is the engine it is on: a docker context, or an address.
	Endpoint string
}

// Records reads the records in a configuration folder of buildx; there are none if there
// is no such folder.
func Records(config string) ([]Record, error) {
	dir := filepath.Join(config, "instances")
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the records of builders: %w", err)
	}
	var all []Record
	for _, entry := range entries {
		if entry.IsDir() {
			continue
		}
		all = append(all, read(filepath.Join(dir, entry.Name())))
	}
	return all, nil
}

func read(file string) Record {
	r := Record{Name: filepath.Base(file)}
	content, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(content, &r)
	}
	r.File = file
	if err != nil {
		return Record{Name: filepath.Base(file), File: file, Unreadable: err.Error()}
	}
	return r
}

// inContainers reports whether the builder's nodes are containers that buildx makes.
func (r Record) inContainers() bool { return r.Driver == subject.DriverContainer }

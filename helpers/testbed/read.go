package testbed

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"builders.test/helpers/subject"
)

// Given returns the testbed that [Variable] leads to, or an empty one if the
// variable is not set.
func Given() (Testbed, error) {
	path := os.Getenv(Variable)
	if path == "" {
		return Testbed{}, nil
	}
	bed, err := Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w; write it, or unset %s if the docker command's engine is all there is", err, Variable)
	}
	if err != nil {
		return Testbed{}, fmt.Errorf("%s: %w", Variable, err)
	}
	return bed, nil
}

// Read reads a testbed's file. The error names the key that is wrong, or the line.
func Read(path string) (Testbed, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Testbed{}, err
	}
	if !info.Mode().IsRegular() {
		return Testbed{}, fmt.Errorf("%s is not a regular file", path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return Testbed{}, err
	}
	bed, err := parse(content)
	if err == nil {
		err = bed.check()
	}
	if err != nil {
		return Testbed{}, fmt.Errorf("%s does not describe a testbed: %w", path, err)
	}
	return bed, nil
}

// keys are all keys of the file, each with what its value looks like.
var keys = [][2]string{
	{"engines", `{"containerd": "unix:///var/run/docker.sock"}`},
	{"mirror", `{"address": "127.0.0.1:5000"}`},
	{"mirror.address", `"127.0.0.1:5000"`},
	{"mirror.push", `"/run/push.sock"`},
	{"mirror.registries", `["docker.io"]`},
	{"standIns", `{"ubuntu:20.04": "Debian"}`},
	{"dive", `{"v0.13.1": "/usr/bin/dive"}`},
	{"locks", `"/run/lock/builders"`},
	{"complete", "true"},
	{"keepImages", "true"},
}

func parse(content []byte) (bed Testbed, err error) {
	if len(bytes.TrimSpace(content)) == 0 {
		return Testbed{}, errors.New("the file is empty")
	}
	var anything any
	err = json.Unmarshal(content, &anything)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return Testbed{}, fmt.Errorf("line %d: %w", 1+bytes.Count(content[:syntax.Offset], []byte("\n")), err)
	}
	if key, found := null(anything, nil); found {
		return Testbed{}, fmt.Errorf("%s is null; leave out what there is not", key)
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(&bed)
	if err == nil {
		return bed, nil
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return Testbed{}, wrongType(wrong.Field)
	}
	if unknown, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		var known []string
		for _, key := range keys {
			known = append(known, key[0])
		}
		err = fmt.Errorf("%s is not a key; the keys are %s", unknown, strings.Join(known, ", "))
	}
	return Testbed{}, err
}

func wrongType(field string) error {
	for _, key := range slices.Backward(keys) {
		if field == key[0] || strings.HasPrefix(field, key[0]+".") {
			return fmt.Errorf("%s has to look like %s", key[0], key[1])
		}
	}
	return fmt.Errorf("the file has to look like {%q: %s}", keys[1][0], keys[1][1])
}

// null finds a null, and the key that has it.
func null(value any, path []string) (key string, found bool) {
	switch value := value.(type) {
	case nil:
		if len(path) == 0 {
			path = []string{"the file"}
		}
		return strings.Join(path, "."), true
	case map[string]any:
		for name, inner := range value {
			if key, found := null(inner, append(slices.Clone(path), name)); found {
				return key, true
			}
		}
	case []any:
		for _, inner := range value {
			if key, found := null(inner, path); found {
				return key, true
			}
		}
	}
	return "", false
}

// check finds mistakes that the types do not rule out.
func (b Testbed) check() error {
	for store, host := range b.Engines {
		if !slices.Contains(subject.Stores, store) {
			return fmt.Errorf("engines: %q is no image store; name one of %s", store, strings.Join(subject.Stores, ", "))
		}
		if !strings.Contains(host, "://") {
			return fmt.Errorf("engines.%s: %q is no endpoint such as unix:///var/run/docker.sock", store, host)
		}
	}
	if err := b.Mirror.check(); err != nil {
		return err
	}
	if b.Locks != "" && !filepath.IsAbs(b.Locks) {
		return fmt.Errorf("locks: the path is not absolute: %s", b.Locks)
	}
	for release, program := range b.Dive {
		if !filepath.IsAbs(program) {
			return fmt.Errorf("dive: the path of %s is not absolute: %s", release, program)
		}
	}
	return nil
}

// CheckPrograms returns an error if a program of the testbed that [Variable] leads to
// cannot be run. What only searches the testbed's engines can do without them.
func (b Testbed) CheckPrograms() error {
	for _, release := range slices.Sorted(maps.Keys(b.Dive)) {
		if info, err := os.Stat(b.Dive[release]); err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
			return fmt.Errorf("%s: %s, dive: %s is not an executable file: %s", Variable, os.Getenv(Variable), release, b.Dive[release])
		}
	}
	return nil
}

func (m Mirror) check() error {
	if m.Address == "" && m.Push == "" && len(m.Registries) == 0 {
		return nil
	}
	host, port, err := net.SplitHostPort(m.Address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil || host == "" {
		return fmt.Errorf("mirror.address has to be host:port, such as 127.0.0.1:5000, not %q", m.Address)
	}
	if m.Push != "" && !filepath.IsAbs(m.Push) {
		return fmt.Errorf("mirror.push: the path is not absolute: %s", m.Push)
	}
	return nil
}

// Unanswered returns the error about an engine of the file that [Variable] names.
func Unanswered(store string, err error) error {
	return fmt.Errorf("%s: %s, engines.%s: %w; start that engine, or correct or remove the key", Variable, os.Getenv(Variable), store, err)
}

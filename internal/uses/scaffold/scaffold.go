// Package scaffold writes the user's first script for a Dockerfile, knowing only that
// it is to be built.
package scaffold

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"builders.test/helpers/script"
)

// firstScript is a script as anyone would write it, so that it can be read, changed
// and copied.
var firstScript = template.Must(template.New("script").Parse(`# claim: {{.Name}} builds for amd64 and arm64, is cached the second time{{if .Runs}}, and runs{{end}}
# source: {{.Dockerfile}}
# needs: amd64 arm64
# deadline: 10m

# It builds for every platform that it is made for.
build --platform linux/amd64 -f {{.Dockerfile}} {{.Context}}
build --platform linux/arm64 -f {{.Dockerfile}} {{.Context}}

# The second build is answered from the cache: no RUN instruction runs again.
build --platform linux/amd64 -f {{.Dockerfile}} {{.Context}}
! executed 'RUN '
{{if .Runs}}
# The image runs. Let it do something that ends by itself and say what it should
# print: run $APP my-command, and below it stdout 'what I rely on'.
image APP
build --platform linux/amd64 --load -t $APP -f {{.Dockerfile}} {{.Context}}
run $APP
{{end}}`))

// starts are the instructions that make an image do something when it runs.
var starts = regexp.MustCompile(`(?im)^\s*(CMD|ENTRYPOINT)\s`)

// Write writes the script for a Dockerfile into the folder dir, which it makes if
// necessary, and returns its path. It replaces nothing.
func Write(dockerfile, dir string) (string, error) {
	content, err := os.ReadFile(dockerfile)
	if err != nil {
		return "", fmt.Errorf("init needs a Dockerfile: %w", err)
	}
	about, err := describe(dockerfile, dir)
	if err != nil {
		return "", err
	}
	about.Runs = starts.Match(content)
	var text bytes.Buffer
	if err := firstScript.Execute(&text, about); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("SPECS=%s cannot be created: %w", dir, err)
	}
	path := filepath.Join(dir, about.Name+script.Suffix)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("%s already exists; name another folder with --specs, or remove it", path)
	}
	if err != nil {
		return "", fmt.Errorf("write the script: %w", err)
	}
	if _, err := file.Write(text.Bytes()); err != nil {
		return "", errors.Join(err, file.Close())
	}
	return path, file.Close()
}

// about is what the script says about a Dockerfile, with paths as seen from the
// script's folder.
type about struct {
	Name, Dockerfile, Context string
	Runs                      bool
}

func describe(dockerfile, dir string) (about, error) {
	file, err := filepath.Abs(dockerfile)
	if err != nil {
		return about{}, err
	}
	specs, err := filepath.Abs(dir)
	if err != nil {
		return about{}, err
	}
	context, err := filepath.Rel(specs, filepath.Dir(file))
	if err != nil {
		return about{}, fmt.Errorf("from %s no path leads to %s: %w", dir, dockerfile, err)
	}
	context = filepath.ToSlash(context)
	return about{
		Name:       filepath.Base(filepath.Dir(file)),
		Dockerfile: fromHere(context + "/" + filepath.Base(file)), Context: fromHere(context),
	}, nil
}

var plainPath = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// fromHere makes one word of a path as seen from the script's folder. Between
// apostrophes a script takes everything literally; two of them stand for one.
func fromHere(path string) string {
	if plainPath.MatchString(path) {
		return "$HERE/" + path
	}
	return "$HERE/'" + strings.ReplaceAll(path, "'", "''") + "'"
}

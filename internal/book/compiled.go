package book

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/sys/atomicwriter"
	"golang.org/x/mod/modfile"
)

// compiled is the note beside compiled tests that says what they were compiled from: the go
// command takes half a second to find that nothing has changed.
type compiled struct {
	// From identifies everything that the compiler reads.
	From string
	// Size and Modified are the program's.
	Size     int64
	Modified int64
	// Test2json is the program that converts what the tests print.
	Test2json string
}

// suffix ends the name of the note about a program.
const suffix = ".from.json"

// upToDate returns the note about a program if it was compiled from what is there now.
func upToDate(program, from string) (c compiled, ok bool) {
	content, err := os.ReadFile(program + suffix)
	if err != nil || from == "" || json.Unmarshal(content, &c) != nil || c.From != from {
		return compiled{}, false
	}
	if _, err := os.Stat(c.Test2json); err != nil {
		return compiled{}, false
	}
	now, err := stateOf(program)
	return c, err == nil && now.Size == c.Size && now.Modified == c.Modified
}

func stateOf(program string) (compiled, error) {
	info, err := os.Stat(program)
	if err != nil {
		return compiled{}, err
	}
	return compiled{Size: info.Size(), Modified: info.ModTime().UnixNano()}, nil
}

// note writes down what a program was compiled from. Without the note it is compiled again.
func note(program, from, test2json string) {
	c, err := stateOf(program)
	if err != nil || from == "" {
		return
	}
	c.From, c.Test2json = from, test2json
	if encoded, err := json.Marshal(c); err == nil {
		_ = atomicwriter.WriteFile(program+suffix, encoded, 0o644)
	}
}

// Test2json finds the program of the Go installation that converts what tests print.
func Test2json(ctx context.Context) (string, error) {
	program, err := exec.CommandContext(ctx, "go", "tool", "-n", "test2json").Output()
	if err != nil {
		return "", fmt.Errorf("go has no test2json to read the specs' output: %w; install Go", err)
	}
	return strings.TrimSpace(string(program)), nil
}

// sources identifies what the tests of the module in dir are compiled from: its files, the
// versions of its dependencies, which never change, the go command, and the settings that
// it takes from the environment. It is empty if the module is made from other folders, too.
func sources(dir string) string {
	hash := sha256.New()
	for _, part := range []func(io.Writer, string) error{goCommand, goSettings, ownModule, tree} {
		if err := part(hash, dir); err != nil {
			return ""
		}
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// goCommand identifies the go command, which is replaced as a whole.
func goCommand(to io.Writer, _ string) error {
	path, err := exec.LookPath("go")
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(to, path, info.Size(), info.ModTime().UnixNano())
	return err
}

// steering begin the names of variables that say how go compiles, and with which C
// compiler.
var steering = []string{"GO", "CGO_", "CC=", "CXX=", "PATH=", "PKG_CONFIG"}

// elsewhere are flags that have go read further files.
var elsewhere = []string{"-overlay", "-modfile", "-toolexec", "-pgo"}

// goSettings are variables, and those of them that `go env -w` has written.
func goSettings(to io.Writer, _ string) error {
	written, err := goEnv()
	if err != nil {
		return err
	}
	settings := string(written)
	for _, kv := range slices.Sorted(slices.Values(os.Environ())) {
		if slices.ContainsFunc(steering, func(begin string) bool { return strings.HasPrefix(kv, begin) }) {
			settings += kv + "\n"
		}
	}
	for _, flag := range elsewhere {
		if strings.Contains(settings, flag) {
			return fmt.Errorf("go is told to use %s", flag)
		}
	}
	_, err = io.WriteString(to, settings)
	return err
}

// goEnv reads the file that `go env -w` writes.
func goEnv() ([]byte, error) {
	file := os.Getenv("GOENV")
	if file == "off" {
		return nil, nil
	}
	if file == "" {
		config, err := os.UserConfigDir()
		if err != nil {
			return nil, err
		}
		file = filepath.Join(config, "go", "env")
	}
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return content, err
}

// ownModule returns an error if other folders than the module's belong to it.
func ownModule(_ io.Writer, dir string) error {
	content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return err
	}
	parsed, err := modfile.Parse("go.mod", content, nil)
	if err != nil {
		return err
	}
	for _, r := range parsed.Replace {
		if modfile.IsDirectoryPath(r.New.Path) {
			return fmt.Errorf("%s is in the folder %s", r.Old.Path, r.New.Path)
		}
	}
	return noWorkspace(dir)
}

// noWorkspace returns an error if there is a workspace around a folder.
func noWorkspace(dir string) error {
	switch file := os.Getenv("GOWORK"); file {
	case "":
	case "off":
		return nil
	default:
		return fmt.Errorf("the workspace is %s", file)
	}
	dir, err := filepath.Abs(dir)
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there may be a workspace in %s: %w", dir, err)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
		dir = filepath.Dir(dir)
	}
	return err
}

// made are folders of the module whose files are made from the others.
var made = []string{".git", "bin", "build"}

// tree writes the name and the content of every file of a module, since any of them may be
// embedded.
func tree(to io.Writer, dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if slices.Contains(made, name) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil // in a linked work tree .git is a file
		}
		if entry.IsDir() {
			return nil
		}
		if !entry.Type().IsRegular() {
			return fmt.Errorf("%s is not a file of the module's own", path)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fmt.Fprintln(to, name, len(content))
		_, err = to.Write(content)
		return err
	})
}

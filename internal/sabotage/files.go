package sabotage

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// configFlags give a BuildKit its configuration, under the new and the old name.
var configFlags = []string{"--buildkitd-config", "--config"}

// Config is a BuildKit's configuration, table by table.
type Config map[string]any

// Table returns one of the configuration's tables, making it if it is missing.
func (c Config) Table(names ...string) Config {
	table := c
	for _, name := range names {
		next, ok := table[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			table[name] = next
		}
		table = next
	}
	return table
}

// worker returns the table of the worker that builders have.
func (c Config) worker() Config { return c.Table("worker", "oci") }

func (a Args) withConfig(change func(Config)) (Args, error) {
	return a.withFile(configFlags, func(text string) (string, error) {
		config := Config{}
		if err := toml.Unmarshal([]byte(text), &config); err != nil {
			return "", err
		}
		change(config)
		changed, err := toml.Marshal(config)
		return string(changed), err
	})
}

// withFile gives buildx another file in place of the one that a flag names. It
// is next to that one and is removed with it.
func (a Args) withFile(flags []string, change func(text string) (string, error)) (Args, error) {
	var failed error
	for _, flag := range flags {
		a = a.Map(flag, func(path string) (string, bool) {
			other, err := rewrite(path, change)
			if err != nil {
				failed = fmt.Errorf("%s %s: %w", flag, path, err)
			}
			return other, true
		})
	}
	return a, failed
}

func rewrite(path string, change func(string) (string, error)) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return path, err
	}
	changed, err := change(string(text))
	if err != nil {
		return path, err
	}
	other := path + ".wrong"
	return other, os.WriteFile(other, []byte(changed), 0o600)
}

// withContext makes buildx build a changed copy of the folder. The copy is in the
// folder of buildx's configuration and is removed with it.
func (a Args) withContext(change func(folder string) error) (Args, error) {
	last := len(a) - 1
	from, err := filepath.Abs(a[last])
	if err != nil {
		return a, err
	}
	if info, err := os.Stat(from); err != nil || !info.IsDir() {
		return a, nil
	}
	// BuildKit knows a context by its folder's name, which differs each time.
	to, err := os.MkdirTemp(os.Getenv("BUILDX_CONFIG"), "context-")
	if err != nil {
		return a, err
	}
	// cp keeps modes and times, which are part of what is built.
	if said, err := exec.Command("cp", "-a", from+"/.", to).CombinedOutput(); err != nil {
		return a, fmt.Errorf("copy %s: %w: %s", from, err, said)
	}
	if err := change(to); err != nil {
		return a, err
	}
	moved := a.Map("--file", func(file string) (string, bool) {
		if abs, err := filepath.Abs(file); err == nil {
			if inside, ok := strings.CutPrefix(abs, from+string(filepath.Separator)); ok {
				return filepath.Join(to, inside), true
			}
		}
		return file, true
	})
	moved[len(moved)-1] = to
	return moved, nil
}

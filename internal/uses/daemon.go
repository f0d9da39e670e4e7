package uses

import (
	"maps"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// DaemonConfig reads a buildkitd.toml. Names that the user chose, of registries for
// example, are an asterisk.
func DaemonConfig(content []byte) ([]Use, error) {
	var config map[string]any
	if err := toml.Unmarshal(content, &config); err != nil {
		return nil, err
	}
	var names []string
	paths(config, "", &names)
	text := strings.Split(string(content), "\n")
	var uses []Use
	for _, name := range names {
		uses = append(uses, at(lineOf(text, name), Daemon, name))
	}
	return uses, nil
}

// chosen are tables whose keys are the user's.
var chosen = map[string]bool{"registry": true, "proxy": true}

func paths(table map[string]any, before string, names *[]string) {
	for _, key := range slices.Sorted(maps.Keys(table)) {
		name := before + key
		if chosen[strings.TrimSuffix(before, ".")] {
			name = before + "*"
		}
		switch value := table[key].(type) {
		case map[string]any:
			paths(value, name+".", names)
		case []any:
			tables := false
			for _, one := range value {
				if inner, ok := one.(map[string]any); ok {
					tables = true
					paths(inner, name+".", names)
				}
			}
			if !tables {
				*names = append(*names, name)
			}
		default:
			*names = append(*names, name)
		}
	}
}

// lineOf is the first line that sets the key, or the first of all.
func lineOf(text []string, name string) int {
	key := name[strings.LastIndex(name, ".")+1:]
	for i, line := range text {
		if word, _, ok := strings.Cut(line, "="); ok && strings.Trim(strings.TrimSpace(word), `"`) == key {
			return i + 1
		}
	}
	return 1
}

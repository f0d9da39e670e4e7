package builder

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"builders.test/helpers/cli"
	"builders.test/helpers/spec"
)

// Listed is what docker buildx ls says about one builder.
type Listed struct {
	Name    string
	Driver  string
	Current bool
	Nodes   []ListedNode
}

// ListedNode is one node of a listed builder.
type ListedNode struct {
	Name      string
	Endpoint  string
	Status    string
	Version   string
	Platforms []string
}

// List returns what docker buildx ls says with a configuration, in its order.
func List(t *spec.T, config cli.Config) []Listed {
	listed, err := parseList(config.Buildx(t, "ls", "--format", "{{json .}}").Stdout())
	t.OK(err, "docker buildx ls")
	return listed
}

// parseList reads the JSON lines of docker buildx ls. buildx prints a builder
// once for itself and once more for each of its nodes.
func parseList(out string) ([]Listed, error) {
	var result []Listed
	for line := range strings.Lines(out) {
		var row Listed
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			return nil, fmt.Errorf("line %q: %w", line, err)
		}
		if _, known := Find(result, row.Name); !known {
			result = append(result, row)
		}
	}
	return result, nil
}

// Find returns the listed builder of that name, and whether there is one.
func Find(listed []Listed, name string) (Listed, bool) {
	i := slices.IndexFunc(listed, func(l Listed) bool { return l.Name == name })
	if i < 0 {
		return Listed{}, false
	}
	return listed[i], true
}

// Current returns the name of the builder that is marked as the current one.
func Current(listed []Listed) string {
	for _, l := range listed {
		if l.Current {
			return l.Name
		}
	}
	return ""
}

// Chosen returns the builder that a command with the configuration would use if it named
// none.
func Chosen(t *spec.T, config cli.Config) string {
	return parseName(config.Buildx(t, "inspect").Stdout())
}

// parseName reads the builder's name from docker buildx inspect.
func parseName(out string) string {
	for line := range strings.Lines(out) {
		if name, ok := strings.CutPrefix(line, "Name:"); ok {
			return strings.TrimSpace(name)
		}
	}
	return ""
}

// Inspection is what docker buildx inspect says about one node.
type Inspection struct {
	Node string
	// Preferred are the platforms that the node was created for.
	Preferred []string
	// Platforms are all platforms that the node serves, including the preferred ones.
	Platforms []string
	// Version is the BuildKit version that the node's daemon reported.
	Version string
	// Status is running, inactive, stopped, …
	Status string
}

// Inspect returns what docker buildx inspect says about the builder's nodes.
func (b *Builder) Inspect(t *spec.T) []Inspection {
	return parseInspect(b.Config.Buildx(t, "inspect", b.Name).Stdout())
}

// parseInspect reads the labeled lines of docker buildx inspect. Each Name after
// the builder's own begins a node.
func parseInspect(out string) []Inspection {
	var nodes []Inspection
	_, out, _ = strings.Cut(out, "\nNodes:")
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		if key == "Name" {
			nodes = append(nodes, Inspection{Node: value})
		}
		if len(nodes) == 0 {
			continue
		}
		node := &nodes[len(nodes)-1]
		switch key {
		case "Status":
			node.Status = value
		case "BuildKit version", "Buildkit":
			node.Version = value
		case "Platforms":
			node.Preferred, node.Platforms = parsePlatforms(value)
		}
	}
	return nodes
}

// parsePlatforms reads "linux/arm64*, linux/amd64": a star marks the preferred ones.
func parsePlatforms(text string) (preferred, all []string) {
	for word := range strings.SplitSeq(text, ",") {
		platform, starred := strings.CutSuffix(strings.TrimSpace(word), "*")
		if platform == "" {
			continue
		}
		all = append(all, platform)
		if starred {
			preferred = append(preferred, platform)
		}
	}
	return preferred, all
}

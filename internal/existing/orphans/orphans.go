package orphans

import (
	"regexp"
	"slices"
	"strings"

	"builders.test/helpers/env"
	"builders.test/helpers/evidence"
)

// prefix begins the names of what buildx makes for a node.
const prefix = env.NodePrefix

// suffix ends the name of its volume.
const suffix = "_state"

// Orphan is something that nothing refers to any more.
type Orphan struct {
	// Kind is container, volume or record.
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Bytes is its size, or -1 if that is unknown. A container's is without its volume.
	Bytes int64 `json:"bytes"`
	// Why says what is missing.
	Why string `json:"why"`
	// Remove is the command that removes it.
	Remove string `json:"remove"`
}

// ofARun matches the nodes of this program's runs, which `builders clean` knows about.
var ofARun = regexp.MustCompile(`^` + env.Prefix + `[0-9a-f]{8}-`)

// Find lists the orphans on an engine, by the records in one configuration of buildx. It
// also returns how many nodes are on other engines, and are not judged.
func Find(engine Engine, records []Record) (found []Orphan, elsewhere int) {
	recorded := map[string]bool{}
	for _, r := range records {
		for _, node := range r.Nodes {
			recorded[node.Name] = true
		}
	}
	present := map[string]bool{}
	for _, c := range engine.Containers {
		node := strings.TrimPrefix(c.Name, prefix)
		present[node] = true
		if !recorded[node] && !ofARun.MatchString(node) {
			found = append(found, Orphan{"container", c.Name, c.Bytes, "no builder has it (" + c.State + ")", command("rm", "--force", c.Name)})
		}
	}
	for _, v := range engine.Volumes {
		node, _ := nodeOfVolume(v.Name)
		present[node] = true
		if !recorded[node] && !ofARun.MatchString(node) {
			found = append(found, Orphan{"volume", v.Name, v.Bytes, withoutBuilder(v), command("volume", "rm", v.Name)})
		}
	}
	for _, r := range records {
		if r.Unreadable != "" {
			found = append(found, Orphan{"record", r.Name, -1, "it cannot be read: " + r.Unreadable, evidence.Line(nil, []string{"rm", r.File})})
			continue
		}
		here, away := r.nodesOn(engine)
		elsewhere += away
		if here > 0 && away == 0 && !slices.ContainsFunc(r.Nodes, func(n Node) bool { return present[n.Name] }) {
			found = append(found, Orphan{"record", r.Name, -1, "it has no container and no state: it never started, or both were removed", command("buildx", "rm", r.Name)})
		}
	}
	return found, elsewhere
}

func withoutBuilder(v Volume) string {
	if v.Used {
		return "its container has no builder"
	}
	return "neither a container nor a builder has it"
}

// nodesOn counts the record's nodes that are containers on the engine, and on others.
func (r Record) nodesOn(engine Engine) (here, away int) {
	if !r.inContainers() {
		return 0, 0
	}
	for _, node := range r.Nodes {
		if slices.Contains(engine.Names, node.Endpoint) {
			here++
		} else {
			away++
		}
	}
	return here, away
}

// nodeOfVolume returns the node whose state a volume is.
func nodeOfVolume(name string) (node string, ours bool) {
	node, ours = strings.CutPrefix(name, prefix)
	if !ours {
		return "", false
	}
	return strings.CutSuffix(node, suffix)
}

func command(args ...string) string { return evidence.Line(nil, append([]string{"docker"}, args...)) }

// Total is the size of all orphans together, in bytes, as far as known.
func Total(all []Orphan) int64 {
	var sum int64
	for _, o := range all {
		sum += max(o.Bytes, 0)
	}
	return sum
}

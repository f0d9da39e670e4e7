package uses

import (
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// action is what the inputs of one of Docker's actions mean.
type action struct {
	command string
	// inputs that are no flag of the command; nil means that the input is another's.
	flags map[string]string
}

// actions are those that build or make builders, by name.
var actions = map[string]action{
	"docker/build-push-action": {"build", map[string]string{
		"add-hosts": "--add-host", "allow": "--allow", "annotations": "--annotation", "attests": "--attest", "build-args": "--build-arg",
		"build-contexts": "--build-context", "builder": "--builder", "cache-from": "--cache-from", "cache-to": "--cache-to", "call": "--call",
		"cgroup-parent": "--cgroup-parent", "file": "--file", "labels": "--label", "load": "--load", "network": "--network",
		"no-cache": "--no-cache", "no-cache-filters": "--no-cache-filter", "outputs": "--output", "platforms": "--platform",
		"provenance": "--provenance", "pull": "--pull", "push": "--push", "sbom": "--sbom", "secrets": "--secret", "secret-envs": "--secret",
		"secret-files": "--secret", "shm-size": "--shm-size", "ssh": "--ssh", "tags": "--tag", "target": "--target", "ulimit": "--ulimit",
	}},
	"docker/bake-action": {"bake", map[string]string{
		"allow": "--allow", "builder": "--builder", "call": "--call", "files": "--file", "load": "--load", "no-cache": "--no-cache",
		"provenance": "--provenance", "pull": "--pull", "push": "--push", "sbom": "--sbom", "set": "--set", "vars": "--var",
	}},
	"docker/setup-buildx-action": {"create", map[string]string{
		"append": "--append", "buildkitd-config": "--buildkitd-config", "buildkitd-config-inline": "--buildkitd-config",
		"buildkitd-flags": "--buildkitd-flags", "driver": "--driver", "driver-opts": "--driver-opt", "name": "--name",
		"platforms": "--platform", "use": "--use",
	}},
}

// Workflow reads a GitHub workflow or action: the inputs of Docker's actions, shell
// lines and variables.
func Workflow(content []byte) ([]Use, error) {
	all, err := entries(content)
	if err != nil {
		return nil, err
	}
	var uses []Use
	for _, e := range all {
		if parent(e) == "env" {
			uses = append(uses, variable(e.line, e.key())...)
		}
		switch e.key() {
		case "run":
			uses = append(uses, moved(e.line-blockless(e), expressions.ReplaceAllString(e.text, "x"), Shell)...)
		case "steps":
			uses = append(uses, steps(e.node)...)
		}
	}
	return uses, nil
}

// expressions are what GitHub puts in before a shell sees the line.
var expressions = regexp.MustCompile(`\$\{\{[^}]*\}\}`)

// blockless is 1 for a text on the line of its key, 0 for a block below it.
func blockless(e entry) int {
	if _, block := e.node.(*ast.LiteralNode); block {
		return 0
	}
	return 1
}

func steps(node ast.Node) []Use {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		return nil
	}
	var uses []Use
	for _, one := range list.Values {
		var inside []entry
		collect(one, nil, &inside)
		uses = append(uses, step(inside)...)
	}
	return uses
}

// step reads a step that is one of Docker's actions.
func step(inside []entry) []Use {
	var is action
	var uses []Use
	for _, e := range inside {
		if len(e.path) == 1 && e.key() == "uses" {
			name, _, _ := strings.Cut(e.text, "@")
			var ok bool
			if is, ok = actions[name]; !ok {
				return nil
			}
			uses = append(uses, at(e.line, Command, is.command))
		}
	}
	if is.command == "" {
		return nil
	}
	for _, e := range inside {
		if len(e.path) != 2 || e.path[0] != "with" || off(e.text) {
			continue
		}
		flag, ok := is.flags[e.key()]
		if !ok {
			continue
		}
		uses = append(uses, at(e.line, Flag, is.command+" "+flag))
		if e.key() == "buildkitd-config-inline" {
			uses = append(uses, moved(e.line, e.text, DaemonConfig)...)
		}
		for _, value := range lines(e.text) {
			uses = append(uses, FlagValue(e.line, flag, strings.TrimSpace(value))...)
		}
	}
	return uses
}

// off reports whether an input has the value that it has anyway.
func off(text string) bool { return text == "" || text == "false" }

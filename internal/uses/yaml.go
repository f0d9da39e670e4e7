package uses

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// entry is a value of a YAML document with the keys that lead to it; those of lists
// are left out.
type entry struct {
	path []string
	line int
	// text is the value of a scalar.
	text string
	node ast.Node
}

// key is the last of the keys.
func (e entry) key() string {
	if len(e.path) == 0 {
		return ""
	}
	return e.path[len(e.path)-1]
}

// entries returns every mapping's values of all documents of a file, outer ones first.
func entries(content []byte) ([]entry, error) {
	file, err := parser.ParseBytes(content, 0)
	if err != nil {
		return nil, err
	}
	var all []entry
	for _, doc := range file.Docs {
		if doc.Body != nil {
			collect(doc.Body, nil, &all)
		}
	}
	return all, nil
}

func collect(node ast.Node, path []string, all *[]entry) {
	switch node := node.(type) {
	case *ast.MappingNode:
		for _, value := range node.Values {
			collect(value, path, all)
		}
	case *ast.MappingValueNode:
		inner := slices.Concat(path, []string{node.Key.GetToken().Value})
		*all = append(*all, entry{path: inner, line: node.Key.GetToken().Position.Line, text: scalar(node.Value), node: node.Value})
		collect(node.Value, inner, all)
	case *ast.SequenceNode:
		for _, value := range node.Values {
			if text := scalar(value); text != "" {
				*all = append(*all, entry{path: path, line: value.GetToken().Position.Line, text: text, node: value})
				continue
			}
			collect(value, path, all)
		}
	case *ast.AnchorNode:
		collect(node.Value, path, all)
	case *ast.TagNode:
		collect(node.Value, path, all)
	}
}

func scalar(node ast.Node) string {
	switch node := node.(type) {
	case *ast.LiteralNode:
		return node.Value.Value
	case *ast.AnchorNode:
		return scalar(node.Value)
	case ast.ScalarNode:
		return node.GetToken().Value
	}
	return ""
}

// bakeJSON reads a bake file in JSON, which is YAML, too.
func bakeJSON(content []byte) ([]Use, error) {
	all, err := entries(content)
	if err != nil {
		return nil, err
	}
	var uses []Use
	for _, e := range all {
		block := e.path[0]
		switch len(e.path) {
		case 2:
			uses = append(uses, at(e.line, Bake, block))
		case 3:
			uses = append(uses, at(e.line, Bake, block+"."+e.path[2]))
			if flag, ok := fieldFlags[e.path[2]]; ok && block == "target" {
				uses = append(uses, FlagValue(e.line, flag, e.text)...)
			}
		case 4:
			if e.path[2] == "args" {
				uses = append(uses, arguments(e.line, e.path[3])...)
			}
		}
	}
	return uses, nil
}

// composeFlags are the flags of build whose values a field of a build section has.
var composeFlags = map[string]string{
	"cache_from": "--cache-from", "cache_to": "--cache-to", "provenance": "--provenance", "sbom": "--sbom",
	"output": "--output", "cache-from": "--cache-from", "cache-to": "--cache-to",
}

// ComposeFile reads the build sections of a compose file.
func ComposeFile(content []byte) ([]Use, error) {
	all, err := entries(content)
	if err != nil {
		return nil, err
	}
	var uses []Use
	for _, e := range all {
		if len(e.path) < 3 || e.path[0] != "services" || e.path[2] != "build" {
			continue
		}
		switch {
		case len(e.path) == 3:
			uses = append(uses, at(e.line, Compose, "build"))
		case e.path[3] == "x-bake" && len(e.path) > 4:
			uses = append(uses, at(e.line, Compose, "build.x-bake."+e.path[4]))
		case e.path[3] == "args":
			uses = append(uses, at(e.line, Compose, "build.args"))
			uses = append(uses, arguments(e.line, e.key()+" "+e.text)...)
		default:
			uses = append(uses, at(e.line, Compose, "build."+e.path[3]))
		}
		if flag, ok := composeFlags[e.key()]; ok && e.text != "" {
			uses = append(uses, FlagValue(e.line, flag, e.text)...)
		}
		if e.key() == "dockerfile_inline" {
			uses = append(uses, moved(e.line, e.text, Dockerfile)...)
		}
	}
	return uses, nil
}

// moved reads a text that begins on the line below.
func moved(line int, text string, read reader) []Use {
	uses, err := read([]byte(text))
	if err != nil {
		return nil
	}
	for i := range uses {
		uses[i].Line += line
	}
	return uses
}

// GitLab reads the scripts and variables of a .gitlab-ci.yml.
func GitLab(content []byte) ([]Use, error) {
	all, err := entries(content)
	if err != nil {
		return nil, err
	}
	var uses []Use
	for _, e := range all {
		if parent(e) == "variables" {
			uses = append(uses, variable(e.line, e.key())...)
		}
		switch e.key() {
		case "script", "before_script", "after_script":
			uses = append(uses, moved(e.line-blockless(e), e.text, Shell)...)
		}
	}
	return uses, nil
}

func parent(e entry) string {
	if len(e.path) < 2 {
		return ""
	}
	return e.path[len(e.path)-2]
}

// lines are the lines of an input with one value each.
func lines(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
}

package scaffold

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// bakeNames are the names in a bake file. What they mean is for buildx to say.
type bakeNames struct {
	groups, targets []string
	// inherited are the targets that others inherit from.
	inherited []string
}

// namesIn returns the groups and targets of a bake file that are meant to be built.
func namesIn(path string) ([]string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var found bakeNames
	if filepath.Ext(path) == ".json" {
		found, err = namesInJSON(content)
	} else {
		found, err = namesInHCL(content)
	}
	if err != nil {
		return nil, err
	}
	var meant []string
	for _, name := range found.targets {
		if !slices.Contains(found.inherited, name) && !strings.HasPrefix(name, "_") && !slices.Contains(filledIn, name) {
			meant = append(meant, name)
		}
	}
	return append(found.groups, meant...), nil
}

// filledIn are targets that GitHub's metadata action overwrites: alone they build nothing.
var filledIn = []string{"docker-metadata-action", "meta-helper"}

func namesInJSON(content []byte) (bakeNames, error) {
	var file struct {
		Group  map[string]json.RawMessage
		Target map[string]struct{ Inherits []string }
	}
	if err := json.Unmarshal(content, &file); err != nil {
		return bakeNames{}, err
	}
	var found bakeNames
	for name := range file.Group {
		found.groups = append(found.groups, name)
	}
	for name, target := range file.Target {
		found.targets = append(found.targets, name)
		found.inherited = append(found.inherited, target.Inherits...)
	}
	slices.Sort(found.groups)
	slices.Sort(found.targets)
	return found, nil
}

func namesInHCL(content []byte) (bakeNames, error) {
	file, problems := hclsyntax.ParseConfig(content, "", hcl.InitialPos)
	if problems.HasErrors() {
		return bakeNames{}, problems
	}
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok {
		return bakeNames{}, errors.New("it has no blocks")
	}
	var found bakeNames
	for _, block := range body.Blocks {
		switch {
		case len(block.Labels) == 0:
		case block.Type == "group":
			found.groups = append(found.groups, block.Labels[0])
		case block.Type == "target":
			found.targets = append(found.targets, block.Labels[0])
			if inherits, ok := block.Body.Attributes["inherits"]; ok {
				found.inherited = append(found.inherited, constants(inherits.Expr)...)
			}
		}
	}
	return found, nil
}

// constants returns the elements of a list that need no variable.
func constants(expr hclsyntax.Expression) []string {
	list, ok := expr.(*hclsyntax.TupleConsExpr)
	if !ok {
		return nil
	}
	var all []string
	for _, one := range list.Exprs {
		if value, problems := one.Value(nil); !problems.HasErrors() && !value.IsNull() && value.Type() == cty.String {
			all = append(all, value.AsString())
		}
	}
	return all
}

package uses

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// BakeFile reads a bake file in HCL. Another HCL file uses nothing.
func BakeFile(content []byte) ([]Use, error) {
	file, problems := hclsyntax.ParseConfig(content, "", hcl.InitialPos)
	if problems.HasErrors() {
		return nil, problems
	}
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok || !bakes(body) {
		return nil, nil
	}
	var uses []Use
	for _, block := range body.Blocks {
		uses = append(uses, at(block.TypeRange.Start.Line, Bake, block.Type))
		for _, attribute := range inOrder(block.Body.Attributes) {
			uses = append(uses, field(block.Type, attribute)...)
		}
		for _, inner := range block.Body.Blocks {
			uses = append(uses, at(inner.TypeRange.Start.Line, Bake, block.Type+"."+inner.Type))
		}
	}
	for _, attribute := range inOrder(body.Attributes) {
		for _, called := range calls(attribute.Expr) {
			uses = append(uses, at(attribute.SrcRange.Start.Line, Bake, called))
		}
	}
	return uses, nil
}

func inOrder(attributes hclsyntax.Attributes) []*hclsyntax.Attribute {
	return slices.SortedFunc(maps.Values(attributes), func(a, b *hclsyntax.Attribute) int {
		return a.SrcRange.Start.Byte - b.SrcRange.Start.Byte
	})
}

// bakes reports whether a body has a block that only bake files have.
func bakes(body *hclsyntax.Body) bool {
	for _, block := range body.Blocks {
		if block.Type == "target" || block.Type == "group" {
			return true
		}
	}
	return false
}

// fieldFlags are the flags of build whose values a field of a target has.
var fieldFlags = map[string]string{
	"output": "--output", "cache-from": "--cache-from", "cache-to": "--cache-to", "attest": "--attest",
}

func field(block string, attribute *hclsyntax.Attribute) []Use {
	line, name := attribute.SrcRange.Start.Line, attribute.Name
	uses := []Use{at(line, Bake, block+"."+name)}
	for _, called := range calls(attribute.Expr) {
		uses = append(uses, at(line, Bake, called))
	}
	if block != "target" {
		return uses
	}
	if name == "args" {
		for _, key := range objectKeys(attribute.Expr) {
			uses = append(uses, arguments(line, key)...)
		}
	}
	if flag, ok := fieldFlags[name]; ok {
		for _, value := range values(attribute.Expr) {
			uses = append(uses, FlagValue(line, flag, value)...)
		}
	}
	return uses
}

// calls are the functions that an expression calls, and whether it chooses or loops.
func calls(expr hclsyntax.Expression) []string {
	var names []string
	_ = hclsyntax.VisitAll(expr, func(node hclsyntax.Node) hcl.Diagnostics {
		switch node := node.(type) {
		case *hclsyntax.FunctionCallExpr:
			names = append(names, "function "+node.Name)
		case *hclsyntax.ForExpr:
			names = append(names, "for")
		case *hclsyntax.ConditionalExpr:
			names = append(names, "condition")
		}
		return nil
	})
	return names
}

// values are the elements of a list as they would stand on a command line; what is
// computed stays out.
func values(expr hclsyntax.Expression) []string {
	list, ok := expr.(*hclsyntax.TupleConsExpr)
	if !ok {
		return []string{written(expr)}
	}
	var all []string
	for _, one := range list.Exprs {
		all = append(all, written(one))
	}
	return all
}

func written(expr hclsyntax.Expression) string {
	switch expr := expr.(type) {
	case *hclsyntax.ObjectConsExpr:
		var pairs []string
		for _, item := range expr.Items {
			key, value := constant(item.KeyExpr), constant(item.ValueExpr)
			pairs = append(pairs, key+"="+value)
		}
		return strings.Join(pairs, ",")
	case *hclsyntax.TemplateExpr:
		var text strings.Builder
		for _, part := range expr.Parts {
			text.WriteString(constant(part))
		}
		return text.String()
	}
	return constant(expr)
}

// constant is the value of an expression that needs no variable, or nothing.
func constant(expr hclsyntax.Expression) string {
	value, problems := expr.Value(nil)
	if problems.HasErrors() || value.IsNull() || value.Type() != cty.String {
		return ""
	}
	return value.AsString()
}

func objectKeys(expr hclsyntax.Expression) []string {
	object, ok := expr.(*hclsyntax.ObjectConsExpr)
	if !ok {
		return nil
	}
	var keys []string
	for _, item := range object.Items {
		keys = append(keys, constant(item.KeyExpr))
	}
	return keys
}

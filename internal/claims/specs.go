package claims

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Spec is the place where a claim is proven: a call of prove(t, "<id>", …).
type Spec struct {
	// Claim is the id of the claim.
	Claim string
	// Test is the test function that the call stands in.
	Test string
	// Where is the call's file and line.
	Where string
}

// Specs finds the specs in the test files of a folder by reading their source,
// whatever their build tags say. A call whose id is not a plain string, or
// that stands outside of a test function, is an error.
func Specs(dir string) ([]Spec, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return nil, fmt.Errorf("look for specs in %s: %w", dir, err)
	}
	slices.Sort(files)
	var specs []Spec
	var errs []error
	for _, file := range files {
		found, err := specsOf(file)
		specs = append(specs, found...)
		errs = append(errs, err)
	}
	return specs, errors.Join(errs...)
}

func specsOf(file string) ([]Spec, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("read specs: %w", err)
	}
	var specs []Spec
	var errs []error
	for _, declaration := range tree.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok {
			continue
		}
		for call := range proofs(function) {
			spec, err := specOf(function.Name.Name, call)
			spec.Where = where(set, call)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", spec.Where, err))
				continue
			}
			specs = append(specs, spec)
		}
	}
	return specs, errors.Join(errs...)
}

// proofs yields the calls of prove in a function.
func proofs(function *ast.FuncDecl) func(func(*ast.CallExpr) bool) {
	return func(yield func(*ast.CallExpr) bool) {
		goOn := true
		ast.Inspect(function, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok || !goOn {
				return goOn
			}
			if name, ok := call.Fun.(*ast.Ident); ok && name.Name == "prove" {
				goOn = yield(call)
			}
			return goOn
		})
	}
}

func specOf(function string, call *ast.CallExpr) (Spec, error) {
	if !strings.HasPrefix(function, "Test") {
		return Spec{}, fmt.Errorf("prove is called in %s, which is no test function", function)
	}
	if len(call.Args) < 2 {
		return Spec{}, fmt.Errorf("prove has no claim")
	}
	literal, ok := call.Args[1].(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return Spec{}, fmt.Errorf("prove must name its claim by a plain string")
	}
	id, err := strconv.Unquote(literal.Value)
	if err != nil {
		return Spec{}, fmt.Errorf("claim %s: %w", literal.Value, err)
	}
	return Spec{Claim: id, Test: function}, nil
}

func where(set *token.FileSet, call *ast.CallExpr) string {
	at := set.Position(call.Pos())
	return fmt.Sprintf("%s:%d", filepath.Base(at.Filename), at.Line)
}

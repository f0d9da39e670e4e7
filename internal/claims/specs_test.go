package claims

import (
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/fs"
)

func TestSpecs(t *testing.T) {
	dir := fs.NewDir(t, "specs",
		fs.WithFile("caching_test.go", `//go:build integration

package x

func TestCaching(t *testing.T) {
	prove(t, "caching/third", func(t *spec.T) { improve(t, "x") })
	prove(t, `+"`caching/local`"+`, nil)
}
`),
		fs.WithFile("builders_test.go", "package x\nfunc TestBuilders(t *testing.T) { prove(t, \"builders/ls\", nil) }\n"),
		fs.WithFile("helper.go", "package x\nfunc TestNot(t *testing.T) { prove(t, \"no/spec\", nil) }\n"),
	)
	specs, err := Specs(dir.Path())
	assert.NilError(t, err)
	assert.DeepEqual(t, specs, []Spec{
		{Claim: "builders/ls", Test: "TestBuilders", Where: "builders_test.go:2"},
		{Claim: "caching/third", Test: "TestCaching", Where: "caching_test.go:6"},
		{Claim: "caching/local", Test: "TestCaching", Where: "caching_test.go:7"},
	})
}

func TestSpecsRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ source, want string }{
		"an id that is computed": {"func TestA(t T) { prove(t, id, nil) }", "a_test.go:2: prove must name its claim by a plain string"},
		"a missing id":           {"func TestA(t T) { prove(t) }", "a_test.go:2: prove has no claim"},
		"a call elsewhere":       {"func all(t T) { prove(t, \"a/b\", nil) }", "prove is called in all, which is no test function"},
		"what is not Go":         {"func {", "read specs"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := fs.NewDir(t, "specs", fs.WithFile("a_test.go", "package x\n"+tc.source+"\n"))
			_, err := Specs(dir.Path())
			assert.ErrorContains(t, err, tc.want)
		})
	}
}

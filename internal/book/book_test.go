package book

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
	"gotest.tools/v3/fs"
)

// root is the folder of this project's specs, relative to this package.
const root = "../.."

// whole is this project's book.
func whole(t *testing.T) Book {
	t.Helper()
	b, err := Open(t.Context(), root, "", os.Stderr)
	assert.NilError(t, err)
	return b
}

func TestEveryClaimIsWellFormed(t *testing.T) {
	for _, c := range whole(t).Claims {
		for _, fault := range faultsOf(c) {
			t.Error(fault)
		}
	}
}

var wellFormedID = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*/[a-z0-9]+([-.][a-z0-9]+)*$`)

// faultsOf lists what is wrong with a claim.
func faultsOf(c claim.Listed) []string {
	var faults []string
	add := func(format string, args ...any) {
		faults = append(faults, c.ID+": "+fmt.Sprintf(format, args...))
	}
	if !wellFormedID.MatchString(c.ID) {
		add("the id does not read chapter/name in small letters")
	}
	if text := strings.TrimSpace(c.Text); text == "" || text != c.Text || strings.HasSuffix(text, ".") {
		add("the text %q is not one sentence without a full stop", c.Text)
	}
	if strings.TrimSpace(c.Source) == "" {
		add("names no source")
	}
	if !strings.EqualFold(function(c), "Test"+c.Chapter()) {
		add("belongs into Test<%s>, not into %s", c.Chapter(), function(c))
	}
	if c.Known == nil {
		return faults
	}
	if !c.Known.Has(c.Known.Broken) {
		add("%s is not within %q", c.Known.Broken, c.Known.Range)
	}
	for _, fixed := range c.Known.Fixed {
		if c.Known.Has(fixed) {
			add("%s is within %q", fixed, c.Known.Range)
		}
	}
	return faults
}

func TestFaultsAreFound(t *testing.T) {
	good := claim.Listed{Claim: claim.Claim{ID: "caching/third", Text: "The third builder misses", Source: "https://docs.docker.com/"}, Test: "TestCaching/third"}
	assert.Assert(t, cmp.Len(faultsOf(good), 0))
	for want, change := range map[string]func(*claim.Listed){
		"is not one sentence":          func(c *claim.Listed) { c.Text += "." },
		"the text \"\" is not":         func(c *claim.Listed) { c.Text = "" },
		"names no source":              func(c *claim.Listed) { c.Source = " " },
		"does not read chapter/name":   func(c *claim.Listed) { c.ID = "Caching" },
		"belongs into Test<caching>":   func(c *claim.Listed) { c.Test = "TestCleanup/third" },
		"v1.18.0 is not within \"<1\"": func(c *claim.Listed) { c.Known = &claim.Known{Range: "<1", Broken: "v1.18.0"} },
		"v0.2.0 is within \"<1\"": func(c *claim.Listed) {
			c.Known = &claim.Known{Range: "<1", Broken: "v0.1.0", Fixed: []string{"v0.2.0"}}
		},
	} {
		c := good
		change(&c)
		found := faultsOf(c)
		assert.Check(t, slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, want) }), "%q: %q", want, found)
	}
}

// A claim whose script was edited is a different one, whatever its head says.
func TestTheBookChangesWithItsScripts(t *testing.T) {
	one := Book{Claims: []claim.Listed{{Claim: claim.Claim{ID: "own/app", Text: "x"}, Digest: "1"}, {Claim: claim.Claim{ID: "own/b"}}}}
	same := Book{Claims: []claim.Listed{one.Claims[1], one.Claims[0]}}
	assert.Equal(t, one.Digest(), same.Digest(), "their order is no matter")
	edited := Book{Claims: slices.Clone(one.Claims)}
	edited.Claims[0].Digest = "2"
	assert.Assert(t, one.Digest() != edited.Digest())
}

// suiteModule returns a project with specs of its own in a folder.
func suiteModule(t *testing.T, tests string) string {
	t.Helper()
	here, err := filepath.Abs(root)
	assert.NilError(t, err)
	module, err := os.ReadFile(filepath.Join(root, "go.mod"))
	assert.NilError(t, err)
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	assert.NilError(t, err)
	requires := strings.Replace(string(module), "module builders.test", "module own.test", 1)
	dir := fs.NewDir(t, "own",
		fs.WithFile("go.mod", requires+"\nrequire builders.test v0.0.0\n\nreplace builders.test => "+here+"\n"),
		fs.WithFile("go.sum", string(sums)),
		fs.WithFile("own_test.go", "//go:build integration\n\npackage own\n\nimport (\n\t\"testing\"\n\n\t\"builders.test/helpers/claim\"\n\t\"builders.test/helpers/suite\"\n)\n\n"+
			"func TestMain(m *testing.M) { suite.Main(m) }\n\nvar one = claim.Claim{ID: \"own/one\", Text: \"It works\"}\n\n"+tests+"\n"))
	t.Setenv("GOWORK", "off")
	t.Setenv("GOFLAGS", "-mod=mod")
	return dir.Path()
}

func TestMistakesOfASuiteAreOneLine(t *testing.T) {
	for name, tc := range map[string]struct{ tests, want string }{
		"an id twice":      {"func TestOwn(t *testing.T) { suite.Prove(t, one, nil); suite.Prove(t, one, nil) }", "two claims have the id own/one, at own_test.go:16 and at own_test.go:16"},
		"no id":            {"func TestOwn(t *testing.T) { suite.Prove(t, claim.Claim{ID: \"one\"}, nil); suite.Prove(t, one, nil) }", `"one" is not an id of a claim; write one like caching/second-build`},
		"no scripts":       {"func TestOwn(t *testing.T) { suite.Prove(t, one, nil); suite.Scripts(t, \"nowhere\") }", "nowhere is not a folder with scripts"},
		"does not compile": {"func TestOwn(t *testing.T) { undefined(t, one, claim.Holds) }", "the specs do not compile; the lines above say why"},
	} {
		t.Run(name, func(t *testing.T) {
			var said bytes.Buffer
			_, err := Open(t.Context(), suiteModule(t, tc.tests), "", &said)
			assert.Error(t, err, tc.want)
			assert.Equal(t, name == "does not compile", strings.Contains(said.String(), "undefined: undefined"), said.String())
		})
	}
}

// Runs are kept only for the proofs that made them.
func TestProofsAreThoseOfTheBinary(t *testing.T) {
	dir := fs.NewDir(t, "proofs", fs.WithFile("a", "one"), fs.WithFile("b", "another"))
	a, b := Book{Binary: dir.Join("a")}, Book{Binary: dir.Join("b")}
	assert.Equal(t, a.Proofs(), Book{Binary: dir.Join("a"), Claims: []claim.Listed{{}}}.Proofs())
	assert.Assert(t, a.Proofs() != b.Proofs() && a.Proofs() != "")
	assert.Equal(t, Book{Binary: dir.Join("none")}.Proofs(), "")
}

package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"github.com/google/jsonschema-go/jsonschema"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
	"gotest.tools/v3/golden"
)

// schema returns the shape of report.json, taken from the types.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	var words []any
	for _, v := range claim.Verdicts() {
		words = append(words, v.String())
	}
	s, err := jsonschema.For[Report](&jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[claim.Verdict](): {Type: "string", Enum: words},
	}})
	assert.NilError(t, err)
	s.Schema = "https://json-schema.org/draft/2020-12/schema"
	s.Title = "report.json of builders"
	version := any(Schema)
	s.Properties["schema"].Const = &version
	noNulls(s)
	return s
}

// noNulls says that lists may be empty but are never absent. Readers may ignore
// keys that a later version of builders adds.
func noNulls(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	if slices.Equal(s.Types, []string{"null", "array"}) {
		s.Types, s.Type = nil, "array"
	}
	s.AdditionalProperties = nil
	noNulls(s.Items)
	for _, property := range s.Properties {
		noNulls(property)
	}
}

// The schema in docs is that of the types; -update writes it again.
func TestTheSchemaInTheDocsIsTheReports(t *testing.T) {
	encoded, err := json.MarshalIndent(schema(t), "", "  ")
	assert.NilError(t, err)
	golden.Assert(t, string(encoded)+"\n", "../../../docs/report.schema.json")
}

// full returns a report in which nothing is empty.
func full() Report {
	r := example()
	tried := r.Claims[1]
	tried.ID, tried.Verdict, tried.Facts = "caching/second", claim.Unsteady, []claim.Fact{{Name: "media type", Value: "oci"}}
	tried.Tries = []Try{{Verdict: claim.Broken, Reason: "it hit", Seconds: 7.5, Beside: true, Evidence: tried.Evidence}, {Verdict: claim.Holds, Seconds: 7}}
	known, mended := r.Claims[1], r.Claims[0]
	known.ID, known.Known = "caching/known", "x/y#1, buildkit fixed in v0.12.0"
	mended.ID, mended.FixedHere = "caching/mended", "x/y#2, known of buildkit <0.18.0"
	all := New(r.Subject, append(r.Claims, tried, known, mended))
	all.RunErrors, all.Book, all.Selection = []string{"left behind: container x"}, "b00c", "caching"
	return all
}

func validate(t *testing.T, content []byte) error {
	t.Helper()
	var s jsonschema.Schema
	assert.NilError(t, json.Unmarshal(golden.Get(t, "../../../docs/report.schema.json"), &s))
	resolved, err := s.Resolve(nil)
	assert.NilError(t, err)
	var value any
	assert.NilError(t, json.Unmarshal(content, &value))
	return resolved.Validate(value)
}

func TestReportsKeepToTheSchema(t *testing.T) {
	nothing := New(Subject{}, nil)
	nothing.RunErrors, nothing.Claims, nothing.StandIns = nil, nil, nil
	for name, r := range map[string]Report{"example": example(), "full": full(), "nothing": nothing} {
		path, err := r.Write(t.TempDir())
		assert.NilError(t, err)
		content, err := os.ReadFile(path)
		assert.NilError(t, err)
		assert.NilError(t, validate(t, content), name)
	}
	content := golden.Get(t, "report.golden")
	for was, is := range map[string]string{
		`"verdict": "holds"`: `"verdict": "maybe"`,
		`"schema": 3`:        `"schema": 4`,
		`"runErrors": []`:    `"runErrors": null`,
		`"book": ""`:         `"tome": ""`,
	} {
		changed := strings.Replace(string(content), was, is, 1)
		assert.Assert(t, changed != string(content), was)
		assert.Assert(t, validate(t, []byte(changed)) != nil, is)
	}
}

// The docs explain every key of a report, and every attribute that a spec writes
// into the test stream.
func TestTheDocsExplainEveryKey(t *testing.T) {
	content, err := os.ReadFile("../../docs/report.md")
	assert.NilError(t, err)
	docs := string(content)
	for _, key := range keys(schema(t), "") {
		assert.Check(t, cmp.Contains(docs, "| `"+key+"` |"))
	}
	for _, word := range claim.Verdicts() {
		assert.Check(t, cmp.Contains(docs, "`"+word.String()+"`"))
	}
	attribute := regexp.MustCompile(`\b[aA]ttr\("([a-z-]+)"`)
	sources, err := filepath.Glob("../../helpers/spec/*.go")
	assert.NilError(t, err)
	found := 0
	for _, source := range sources {
		code, err := os.ReadFile(source)
		assert.NilError(t, err)
		for _, match := range attribute.FindAllStringSubmatch(string(code), -1) {
			found++
			assert.Check(t, cmp.Contains(docs, "| `"+match[1]+"` |"), source)
		}
	}
	assert.Assert(t, found > 10, "the sources are not where they were")
}

// keys returns the paths to every value: claims[].tries[].seconds.
func keys(s *jsonschema.Schema, way string) []string {
	var all []string
	for name, property := range s.Properties {
		at := name
		if way != "" {
			at = way + "." + name
		}
		if property.Type == "array" {
			at += "[]"
			property = property.Items
		}
		if len(property.Properties) == 0 {
			all = append(all, at)
		}
		all = append(all, keys(property, at)...)
	}
	return all
}

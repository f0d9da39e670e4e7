package script

import (
	"errors"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

func TestQueriesAreThoseOfJq(t *testing.T) {
	const plan = `{"target": {"app": {"tags": ["app:1", "app:2"], "args": {"VERSION": "9"}, "none": null}}}`
	for asked, want := range map[string]struct {
		found string
		holds bool
	}{
		".target.app.tags[]":                 {"app:1\napp:2\n", true},
		".target.app.args":                   {`{"VERSION":"9"}` + "\n", true},
		`.target.app.args.VERSION == "9"`:    {"true\n", true},
		`.target.app.args.VERSION == "8"`:    {"false\n", false},
		".target.other":                      {"null\n", false},
		".target | keys | length":            {"1\n", true},
		".target.app.tags[] | select(. > 9)": {"app:1\napp:2\n", true},
		"empty":                              {"", false},
	} {
		found, holds, err := query(plan, asked)
		assert.NilError(t, err, asked)
		assert.Equal(t, strings.Join(found, ""), want.found, asked)
		assert.Equal(t, holds, want.holds, asked)
	}
	_, _, err := query(plan, ".target[")
	assert.Assert(t, errors.As(err, new(mistake)), "%v", err)
	_, _, err = query("no json", ".")
	assert.ErrorContains(t, err, "the last output is no JSON")
	assert.ErrorContains(t, err, "it is: no json")
	_, _, err = query(plan, ".target.app.tags.x")
	assert.ErrorContains(t, err, "the query .target.app.tags.x: ")
}

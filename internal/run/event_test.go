package run

import (
	"testing"

	"gotest.tools/v3/assert"
)

func TestParseEvent(t *testing.T) {
	e, ok := parseEvent([]byte(`{"Time":"2026-01-02T03:04:05Z","Action":"attr","Package":"p","Test":"TestA/b","Key":"claim","Value":"a/b"}`))
	assert.Assert(t, ok)
	assert.Equal(t, e.Test+" "+e.Key+" "+e.Value, "TestA/b claim a/b")

	for name, line := range map[string]string{
		"empty":           "",
		"plain text":      "go: downloading x v1.0.0",
		"truncated":       `{"Action":"out`,
		"someone's JSON":  `{"vertexes":[]}`,
		"not an object":   `["Action"]`,
		"of another type": `{"Action":7}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, ok := parseEvent([]byte(line))
			assert.Assert(t, !ok)
		})
	}
}

func TestConclusion(t *testing.T) {
	for output, want := range map[string]string{
		"--- PASS: TestA/b (1.25s)\n":     actionPass,
		"--- FAIL: TestA/b (0.00s)\n":     actionFail,
		"--- SKIP: TestA/b (0.00s)\n":     actionSkip,
		"    --- PASS: TestA/b (0.00s)\n": "",
		"--- PASS: TestA/c (0.00s)\n":     "",
		"--- PASS: TestA/b (soon)\n":      "",
	} {
		action, _, _ := event{Test: "TestA/b", Output: output}.conclusion()
		assert.Equal(t, action, want, output)
	}
	_, seconds, _ := event{Test: "TestA/b", Output: "--- PASS: TestA/b (1.25s)\n"}.conclusion()
	assert.Equal(t, seconds, 1.25)
}

func TestLines(t *testing.T) {
	var got []string
	l := &lines{each: func(line []byte) { got = append(got, string(line)) }}
	for _, piece := range []string{"on", "e\ntwo\n", "\nfour"} {
		_, err := l.Write([]byte(piece))
		assert.NilError(t, err)
	}
	l.close()
	l.close()
	assert.DeepEqual(t, got, []string{"one", "two", "", "four"})
}

package enginecache

import (
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
)

func TestParseHistory(t *testing.T) {
	content, err := os.ReadFile("testdata/history.jsonl")
	assert.NilError(t, err)
	ids, err := parseHistory(content)
	assert.NilError(t, err)
	assert.DeepEqual(t, ids, []string{
		"e79lzsdavfyo07wwgb6rmug1y", "st2vosl4pe1ytmku8jrm5pv73",
		"ch3m9yi86oc5o5wnj3ejbi7nl", "p9bkfcgcq5ifc16nwolyphb1j",
	})

	for name, text := range map[string]string{"no JSON": "BUILD ID\n", "no ref": "{}\n"} {
		_, err := parseHistory([]byte(text))
		assert.ErrorContains(t, err, "docker buildx history ls", name)
	}
	none, err := parseHistory(nil)
	assert.NilError(t, err)
	assert.Equal(t, len(none), 0)
}

func TestAlone(t *testing.T) {
	for name, tc := range map[string]struct {
		before, now, own, ownHere []string
		want                      bool
	}{
		"only own builds":                 {[]string{"a"}, []string{"a", "x"}, []string{"x"}, []string{"x"}, true},
		"somebody else's":                 {[]string{"a"}, []string{"a", "x", "b"}, []string{"x"}, []string{"x"}, false},
		"nothing built":                   {[]string{"a"}, []string{"a"}, nil, nil, true},
		"an empty history before":         {nil, []string{"x"}, []string{"x", "elsewhere"}, []string{"x"}, true},
		"only own ones are remembered":    {[]string{"a"}, []string{"y"}, []string{"x", "y"}, []string{"x", "y"}, false},
		"the first own one was forgotten": {nil, []string{"y"}, []string{"x", "y"}, []string{"x", "y"}, false},
		"a history that lost everything":  {[]string{"a"}, nil, []string{"x"}, []string{"x"}, false},
		"a build that never reached it":   {[]string{"a"}, []string{"a", "y"}, []string{"x", "y"}, []string{"x", "y"}, true},
	} {
		assert.Equal(t, alone(tc.before, tc.now, tc.own, tc.ownHere), tc.want, name)
	}
}

func TestOwnBuilds(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{
		"builders-1-home-1/refs/default/default/aaa", "builders-1-home-2/refs/default/default/bbb",
		"builders-1-home-2/refs/mine/mine0/ccc", "builders-1-home-2/refs/__group__/ddd",
	} {
		assert.NilError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(file)), 0o700))
		assert.NilError(t, os.WriteFile(filepath.Join(dir, file), nil, 0o600))
	}
	assert.DeepEqual(t, ownBuilds(dir, defaultBuilder), []string{"aaa", "bbb"})
	assert.DeepEqual(t, ownBuilds(dir, anyBuilder), []string{"aaa", "bbb", "ccc"})
}

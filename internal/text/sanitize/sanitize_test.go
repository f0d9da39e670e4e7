package sanitize

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/assert"
)

func TestLine(t *testing.T) {
	for name, tc := range map[string]struct{ in, want string }{
		"plain text stays":          {"`ls` lists – ✓", "`ls` lists – ✓"},
		"white space is folded":     {" a\tb\r\n c ", "a b c"},
		"colours go":                {"\x1b[1;31mred\x1b[0m", "red"},
		"cursor movements go":       {"over\x1b[2K\x1b[1Gwritten", "overwritten"},
		"a title goes":              {"\x1b]0;owned\x07after", "after"},
		"a link goes":               {"\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\", "text"},
		"an open title is defused":  {"\x1b]0;owned", "0;owned"},
		"a lone escape is defused":  {"a\x1b", "a"},
		"one-character CSI goes":    {"a\u009b31mb", "ab"},
		"control characters go":     {"a\x00\x07\x08\x7f\u0085b", "a b"},
		"invalid bytes are visible": {"a\xff\xfeb", "a\ufffdb"},
		"direction marks go":        {"a\u202eb\u2066c", "abc"},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, Line(tc.in), tc.want) })
	}
}

func TestBlockKeepsLines(t *testing.T) {
	assert.Equal(t, Block("  a\tb\r\nover\rwritten\n\x1b[31mred\x1b[0m\x00\xff\u202e"), "  a\tb\nover\nwritten\nred\ufffd")
}

type nested struct {
	Name   string
	Lists  [][]string
	Map    map[string]inner
	Next   *inner
	Absent *inner
	When   time.Time
	own    string
}

type inner struct{ Said []string }

func TestStringsAreCleanHoweverDeep(t *testing.T) {
	const bad, good = "a\x1b[31m\nb\u202e", "a b"
	value := nested{
		Name: bad, Lists: [][]string{nil, {bad}}, Map: map[string]inner{"k": {[]string{bad}}},
		Next: &inner{[]string{"plain", bad}}, When: time.Unix(1, 0), own: bad,
	}
	Strings(&value)
	assert.DeepEqual(t, value, nested{
		Name: good, Lists: [][]string{nil, {good}}, Map: map[string]inner{"k": {[]string{good}}},
		Next: &inner{[]string{"plain", good}}, When: time.Unix(1, 0), own: bad,
	}, cmp.AllowUnexported(nested{}))

	var read nested
	assert.NilError(t, Unmarshal([]byte(`{"Name":"a\u001b[31m\nb\u202e"}`), &read))
	assert.Equal(t, read.Name, good)
	assert.ErrorContains(t, Unmarshal([]byte(`{`), &read), "unexpected end")
}

func FuzzLine(f *testing.F) {
	f.Add("\x1b[31mred\x1b[0m\xff\u202e")
	f.Add("\x1b\x1b[\x1b]")
	f.Fuzz(func(t *testing.T, s string) {
		line := Line(s)
		assert.Assert(t, utf8.ValidString(line))
		assert.Assert(t, !strings.ContainsFunc(line, unicode.IsControl), "%q", line)
		assert.Equal(t, Line(line), line)
	})
}

func TestKeysOfMapsAreMadeSafeToo(t *testing.T) {
	said := map[string]inner{"a\x1b[31mb": {}}
	Strings(&said)
	assert.DeepEqual(t, said, map[string]inner{"ab": {}}, cmp.AllowUnexported(inner{}))
}

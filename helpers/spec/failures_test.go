package spec

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// recorder takes testify's messages as T does.
type recorder struct{ failures }

func (r *recorder) Errorf(format string, args ...any) { r.fail(fmt.Sprintf(format, args...)) }
func (r *recorder) FailNow()                          {}

func TestReasonPutsTheSpecsWordsFirst(t *testing.T) {
	var r recorder
	require.Equal(&r, "a", "b", "the builder lost %s", "its cache")
	reason := oneLine(r.reason())
	require.True(t, strings.HasPrefix(reason, "the builder lost its cache: Not equal:"), reason)
	require.NotContains(t, reason, "Error Trace")
}

func TestReasonWithoutAMessage(t *testing.T) {
	var r recorder
	require.True(&r, false)
	require.Equal(t, "Should be true", oneLine(r.reason()))
}

func TestReasonOfAPlainFailure(t *testing.T) {
	var f failures
	require.Equal(t, "the spec failed without saying why", f.reason())
	f.lastLog = "gotest.tools said this"
	require.Equal(t, "gotest.tools said this", f.reason())
	f.fail("first")
	f.fail("second")
	require.Equal(t, "first", f.reason())
}

func TestOneLineIsHarmless(t *testing.T) {
	require.Equal(t, "red [31mtext �", oneLine("red \x1b[31mtext\r\n \xff"))
	require.LessOrEqual(t, len([]rune(oneLine(strings.Repeat("ü", 5000)))), 602)
}

func FuzzOneLine(f *testing.F) {
	f.Add("a\x1b]0;b\a\n")
	f.Fuzz(func(t *testing.T, text string) {
		line := oneLine(text)
		require.False(t, strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 }))
	})
}

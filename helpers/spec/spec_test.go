package spec

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVerdictsOnlyEscalate(t *testing.T) {
	for _, a := range Verdicts() {
		for _, b := range Verdicts() {
			require.Equal(t, max(a, b), a.Escalate(b))
		}
	}
}

func TestVerdictsSurviveJSON(t *testing.T) {
	for _, v := range Verdicts() {
		encoded, err := json.Marshal(v)
		require.NoError(t, err)
		var decoded Verdict
		require.NoError(t, json.Unmarshal(encoded, &decoded))
		require.Equal(t, v, decoded)
	}
	var v Verdict
	require.ErrorContains(t, json.Unmarshal([]byte(`"fine"`), &v), "unknown verdict")
}

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

func TestVersionNeeds(t *testing.T) {
	for _, c := range []struct {
		version, constraint string
		applies             bool
	}{
		{"v0.11.5", ">=0.13", false},
		{"v0.13.0", ">=0.13", true},
		{"v0.13.0-rc1", ">=0.13", true},
		{"v0.34.2", ">=0.13, <0.34", false},
		{"dev", ">=0.13", true},
		{"v0.0.0+unknown", ">=0.13", true},
		{"v0.0.0+unknown", "<0.13", false},
	} {
		need := BuildKit(c.constraint)
		missing := need.missing(&T{BuildKit: c.version})
		require.Equal(t, c.applies, missing == "", "%s within %s: %s", c.version, c.constraint, missing)
		require.Equal(t, "buildkit"+strings.ReplaceAll(c.constraint, " ", ""), need.Word())
	}
}

func TestWhatIsPrintedCanBeWritten(t *testing.T) {
	for _, printed := range append(vocabulary(), BuildKit(">= 0.13, < 0.34"), Buildx(">= 0.14 || =0.12.1")) {
		read, err := ParseNeed(printed.Word())
		require.NoError(t, err)
		require.Equal(t, printed.Word(), read.Word())
	}
	for _, form := range []string{"buildkit>=0.13,<0.40", "buildkit:>=0.13,<0.40"} {
		read, err := ParseNeed(form)
		require.NoError(t, err)
		require.Equal(t, "buildkit>=0.13,<0.40", read.Word())
	}
	_, err := ParseNeed("buildkit0.13")
	require.ErrorContains(t, err, "buildkit>=X")
}

func TestClaimsSayWhereTheyApply(t *testing.T) {
	anywhere := Claim{}
	require.True(t, anywhere.In("docker", "overlay2"))
	require.Equal(t, "remote", anywhere.driver("remote"))

	own := Claim{Needs: []Need{ARM64, OwnBuildKit}}
	require.True(t, own.In("remote", ""))
	require.False(t, own.In("docker", ""))
	require.Equal(t, "remote", own.driver("remote"))
	require.Equal(t, "docker-container", own.driver("docker"))

	overlay2 := Claim{Needs: []Need{DockerDriver, Overlay2Store}}
	require.True(t, overlay2.In("", "overlay2"))
	require.False(t, overlay2.In("", "containerd"))
	require.Equal(t, "docker", overlay2.driver("docker-container"))
	require.Equal(t, "overlay2", overlay2.store())
}

func TestMalformedConstraintsAreRefused(t *testing.T) {
	require.Panics(t, func() { BuildKit("since thirteen") })
}

func TestClaimIDs(t *testing.T) {
	c := Claim{ID: "builders/arch", Needs: []Need{ARM64, Mirror}}
	require.Equal(t, "builders", c.Chapter())
	require.Equal(t, "arch", c.Name())
	require.Equal(t, []string{"arm64", "mirror"}, c.Words())
	require.Equal(t, DefaultDeadline, c.deadline())
}

func FuzzOneLine(f *testing.F) {
	f.Add("a\x1b]0;b\a\n")
	f.Fuzz(func(t *testing.T, text string) {
		line := oneLine(text)
		require.False(t, strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 }))
	})
}

func FuzzParseNeed(f *testing.F) {
	for _, word := range []string{"arm64", "buildkit:>=0.13,<0.15", "buildkit>=0.13", "buildx:=v0.37.0 || >1", "buildkit:", "bananas", "buildkit:>=0.13 -"} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		need, err := ParseNeed(word)
		if err == nil && need.Word() == "" {
			t.Fatalf("%q is a need without a word", word)
		}
	})
}

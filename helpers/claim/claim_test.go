package claim

import (
	"encoding/json"
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
		require.Equal(t, c.applies, need.Admits(c.version), "%s within %s", c.version, c.constraint)
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
	require.Equal(t, "remote", anywhere.DriverOr("remote"))

	own := Claim{Needs: []Need{ARM64, OwnBuildKit}}
	require.True(t, own.In("remote", ""))
	require.False(t, own.In("docker", ""))
	require.Equal(t, "remote", own.DriverOr("remote"))
	require.Equal(t, "docker-container", own.DriverOr("docker"))

	overlay2 := Claim{Needs: []Need{DockerDriver, Overlay2Store}}
	require.True(t, overlay2.In("", "overlay2"))
	require.False(t, overlay2.In("", "containerd"))
	require.Equal(t, "docker", overlay2.DriverOr("docker-container"))
	require.Equal(t, "overlay2", overlay2.Store())
}

func TestMalformedConstraintsAreRefused(t *testing.T) {
	require.Panics(t, func() { BuildKit("since thirteen") })
}

func TestClaimIDs(t *testing.T) {
	c := Claim{ID: "builders/arch", Needs: []Need{ARM64, Mirror}}
	require.Equal(t, "builders", c.Chapter())
	require.Equal(t, "arch", c.Name())
	require.Equal(t, []string{"arm64", "mirror"}, c.Words())
	require.Equal(t, DefaultDeadline, c.Limit())
}

func TestClaimsAreData(t *testing.T) {
	c := Claim{ID: "a/b", Needs: []Need{ARM64, OwnBuildKit, Overlay2Store, BuildKit(">= 0.13"), Custom("gpu")}, Known: &Known{Component: "buildx", Range: ">=0.19"}}
	encoded, err := json.Marshal(c)
	require.NoError(t, err)
	var read Claim
	require.NoError(t, json.Unmarshal(encoded, &read))
	require.Equal(t, c, read)
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

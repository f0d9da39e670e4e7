//go:build faults

package faults

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"github.com/stretchr/testify/require"
)

// panicking is a spec file that has a builder and then panics, in the spec itself
// or in another goroutine.
const panicking = `//go:build integration

package builders

import (
	"testing"

	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/suite"
)

func TestCleanup(t *testing.T) {
	suite.Prove(t, claim.Claim{ID: "cleanup/rm"}, func(t *suite.T) {
		builder.New(t, builder.Bootstrapped())
		%s
	})
	suite.Prove(t, claim.Claim{ID: "cleanup/stop"}, func(t *suite.T) { builder.New(t) })
}
`

// withSpecs replaces a chapter's specs for one command.
func withSpecs(t *testing.T, command *exec.Cmd, file, content string) *exec.Cmd {
	t.Helper()
	place, err := filepath.Abs(filepath.Join(root, file))
	require.NoError(t, err)
	dir := t.TempDir()
	other, overlay := filepath.Join(dir, file), filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(other, []byte(content), 0o600))
	encoded, err := json.Marshal(map[string]any{"Replace": map[string]string{place: other}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(overlay, encoded, 0o600))
	command.Env = append(command.Env, "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -overlay="+overlay))
	return command
}

// TestASpecPanics makes one spec panic: the others still get a verdict.
func TestASpecPanics(t *testing.T) {
	before := inventory(t)
	content := fmt.Sprintf(panicking, `panic("on purpose")`)
	r := begin(t, withSpecs(t, inLab("check", "--buildkit", buildKit, "--run", "cleanup"), "cleanup_test.go", content))
	require.Equal(t, 2, r.wait(t), r.said)
	found := verdicts(t, r)
	require.Equal(t, claim.Error, found["cleanup/rm"])
	require.Equal(t, claim.Holds, found["cleanup/stop"])
	require.Contains(t, r.said.String(), "the spec itself panicked: on purpose")
	awaitClean(t, before)
}

// TestTheTestProcessPanics makes a panic end the whole process.
func TestTheTestProcessPanics(t *testing.T) {
	before := inventory(t)
	content := fmt.Sprintf(panicking, `go panic("on purpose")
		<-t.Context().Done()`)
	r := begin(t, withSpecs(t, inLab("check", "--buildkit", buildKit, "--run", "cleanup"), "cleanup_test.go", content))
	require.Equal(t, 2, r.wait(t), r.said)
	took := awaitClean(t, before)
	require.Contains(t, r.said.String(), "panic: on purpose")
	require.Equal(t, claim.Error, verdicts(t, r)["cleanup/rm"])
	t.Logf("clean after %.1f s", took.Seconds())
}

// TestTheTestTimesOut gives go test too little time.
func TestTheTestTimesOut(t *testing.T) {
	before := inventory(t)
	lab := access(t).Variables()
	lab["BUILDKIT"], lab["OUT"] = buildKit, t.TempDir()
	command := commandOn(lab, "go", "test", "-tags", "integration", "-count=1", "-timeout", "8s", "-run", "^TestCaching$", ".")
	said, err := command.CombinedOutput()
	require.Error(t, err, string(said))
	require.Contains(t, string(said), "panic: test timed out after 8s")
	took := awaitClean(t, before)
	t.Logf("clean after %.1f s", took.Seconds())
}

func verdicts(t *testing.T, r *ran) map[string]claim.Verdict {
	t.Helper()
	found := map[string]claim.Verdict{}
	for _, claim := range r.report(t).Claims {
		found[claim.ID] = claim.Verdict
	}
	return found
}

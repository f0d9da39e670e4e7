//go:build vulncheck

package faults

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// accepted are vulnerabilities that are reported but do not affect this project.
var accepted = map[string]string{
	// The module is the engine and its client in one, the advisories name none of its
	// packages, and no release of this module fixes them: the engine has moved to
	// github.com/moby/moby/v2, which the lab compiles.
	"GO-2026-4883": "dockerd's validation of plugins' privileges, of which the client has no part",
	"GO-2026-4887": "dockerd's authorization plugins, of which the client has no part",
}

// finding is what govulncheck writes about a vulnerability. The first frame of
// the trace has a function if something vulnerable is called.
type finding struct {
	OSV   string
	Fixed string `json:"fixed_version"`
	Trace []struct{ Module, Version, Package, Function string }
}

// TestNothingVulnerableIsCalled asks Go's vulnerability database in the form of
// the module that it is published as: a machine that can get modules can get
// that, verified.
func TestNothingVulnerableIsCalled(t *testing.T) {
	out, err := exec.Command("go", "mod", "download", "-json", "golang.org/x/vulndb@latest").Output()
	require.NoError(t, err, "download the database of vulnerabilities")
	var database struct{ Dir, Version string }
	require.NoError(t, json.Unmarshal(out, &database))
	t.Log("database of ", database.Version)

	command := exec.Command("go", "run", "golang.org/x/vuln/cmd/govulncheck@v1.9.0", "-json", "-tags", "integration,faults,browser",
		"-db", "file://"+filepath.Join(database.Dir, "data", "osv"), "-test", "./...")
	command.Dir = "../.."
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err = command.Output()
	require.NoError(t, err, complaints.String())

	for osv, what := range called(t, out) {
		if why, ok := accepted[osv]; ok {
			t.Logf("%s, accepted: %s", what, why)
			continue
		}
		t.Error(what)
	}
}

// called returns the vulnerabilities in code that is called, by their ids.
func called(t *testing.T, stream []byte) map[string]string {
	t.Helper()
	found, messages := map[string]string{}, 0
	decoder := json.NewDecoder(bytes.NewReader(stream))
	for {
		var message struct{ Finding *finding }
		err := decoder.Decode(&message)
		if errors.Is(err, io.EOF) {
			require.NotZero(t, messages, "govulncheck said nothing")
			return found
		}
		require.NoError(t, err)
		messages++
		if f := message.Finding; f != nil && len(f.Trace) > 0 && f.Trace[0].Function != "" {
			at := f.Trace[0]
			found[f.OSV] = fmt.Sprintf("%s: %s.%s of %s %s is called; mended in %q", f.OSV, at.Package, at.Function, at.Module, at.Version, f.Fixed)
		}
	}
}

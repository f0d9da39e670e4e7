package packages

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"builders.test/lab/debian"
	"builders.test/lab/site"
)

// TestSeccompAnswersForPkgConfig has the packages unpacked already.
func TestSeccompAnswersForPkgConfig(t *testing.T) {
	s := site.At(t.TempDir(), nil)
	for _, dir := range []string{s.Temp(), s.Path("packages", "libseccomp"), s.Path("packages", "gcc")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	p := New(s, &debian.Archive{Arch: "arm64"})
	var variables []string
	err := s.Work(t.Context(), func(context.Context) (err error) {
		variables, err = p.Seccomp()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	answer, ok := strings.CutPrefix(variables[0], "PKG_CONFIG=")
	if !ok {
		t.Fatalf("variables %q", variables)
	}
	for flag, want := range map[string]string{
		"--cflags": "-I" + s.Path("packages/libseccomp/usr/include") + "\n",
		"--libs":   "-L" + s.Path("packages/libseccomp/usr/lib/aarch64-linux-gnu") + " -lseccomp\n",
	} {
		if out, err := exec.CommandContext(t.Context(), answer, flag, "libseccomp").Output(); err != nil || string(out) != want {
			t.Errorf("%s: %q, %v, want %q", flag, out, err, want)
		}
	}
}

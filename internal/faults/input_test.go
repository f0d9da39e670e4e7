//go:build faults

package faults

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"builders.test/helpers/proxy"
	"builders.test/helpers/testbed"
	"github.com/stretchr/testify/require"
)

// These inputs are refused, or tolerated, only if there is an engine; the table
// of what is refused before that is in cmd/builders.

// oldAPI makes an engine say that it speaks no API newer than this.
func oldAPI(version string) proxy.Middleware {
	return func(engine http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/_ping") {
				w.Header().Set("Api-Version", version)
				w.Header().Set("Ostype", "linux")
				return
			}
			http.Error(w, `{"message":"client version is too new. Maximum supported API version is `+version+`"}`, http.StatusBadRequest)
		})
	}
}

func TestAnOldEngineIsRefused(t *testing.T) {
	lab := access(t)
	server := httptest.NewServer(oldAPI("1.12")(proxy.Forward("unix", strings.TrimPrefix(lab.DockerHost, "unix://"))))
	t.Cleanup(server.Close)
	requireOneLine(t, commandOn(map[string]string{
		"DOCKER_HOST": "tcp://" + server.Listener.Addr().String(), testbed.Variable: "", "OUT": filepath.Join(t.TempDir(), "out"),
	}, program, "check", "--run", "builders/version"), "too new")
}

func TestNobodyButRootMakesTheLab(t *testing.T) {
	home := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(home), 0o777))
	require.NoError(t, os.Chmod(home, 0o777))
	command := exec.Command("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
		program, "check", "--run", "builders/version", "--out", filepath.Join(home, "out"))
	command.Dir, command.Env = root, slices.Concat(inLab().Env, []string{"HOME=" + home, "XDG_CACHE_HOME=" + home})
	require.NoError(t, os.Chmod(filepath.Dir(program), 0o755))
	requireOneLine(t, command, "it needs root")
	require.NoDirExists(t, filepath.Join(home, "out"))
}

func TestAnyUmaskAndAnyPath(t *testing.T) {
	odd := filepath.Join(t.TempDir(), "a folder für «alle»")
	for _, dir := range []string{odd, filepath.Join(odd, "tmp")} {
		require.NoError(t, os.Mkdir(dir, 0o755))
	}
	command := exec.Command("sh", "-c", `umask 077; exec "$0" check --buildkit `+buildKit+` --run builders/arch,builders/use,output/load,output/local,output/oci`, program)
	command.Dir, command.Env = root, slices.Concat(inLab().Env, []string{"TMPDIR=" + filepath.Join(odd, "tmp")})
	r := begin(t, command)
	require.Zero(t, r.wait(t), r.said)
}

// script runs one script and returns the run.
func script(t *testing.T, text string) *ran {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "scripts of ours")
	require.NoError(t, os.Mkdir(folder, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "one.txtar"), []byte("# claim: x\n"+text), 0o600))
	return check(t, "--specs", folder)
}

func TestOutputThatIsNoText(t *testing.T) {
	r := script(t, "build .\n! build --build-arg FAIL=1 .\n-- Dockerfile --\nFROM busybox\nARG FAIL\n"+
		`RUN printf '\377\376\000\033[2J<script>alert(1)</script>\n'; test -z "$FAIL"`+"\n")
	require.Zero(t, r.wait(t), r.said)
	requireHarmless(t, r)
}

func TestAReasonThatIsHostile(t *testing.T) {
	r := script(t, "build .\n-- Dockerfile --\nFROM busybox\n"+
		`RUN printf '\377\033[2J\033]0;owned\007<script>alert(1)</script>\n' >&2; false`+"\n")
	require.Equal(t, 1, r.wait(t), r.said)
	requireHarmless(t, r)
}

// requireHarmless requires that what a build printed is neither markup nor
// controls the terminal, wherever people read it.
func requireHarmless(t *testing.T, r *ran) {
	t.Helper()
	require.NotContains(t, r.said.String(), "\x1b", "the console passes on control characters")
	for _, name := range []string{"report.json", "report.html", "junit.xml"} {
		content, err := os.ReadFile(filepath.Join(r.out, name))
		require.NoError(t, err)
		require.True(t, utf8.Valid(content), "%s is not UTF-8", name)
		require.NotContains(t, string(content), "\x1b", "%s holds control characters", name)
		if name == "report.html" {
			require.NotContains(t, string(content), "<script>alert(1)", "the page takes output for markup")
		}
		if name == "junit.xml" {
			require.NotContains(t, elements(t, content), "script", "JUnit takes output for markup")
		}
	}
}

// elements returns the names of a document's elements.
func elements(t *testing.T, document []byte) []string {
	t.Helper()
	var names []string
	decoder := xml.NewDecoder(bytes.NewReader(document))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return names
		}
		require.NoError(t, err)
		if element, ok := token.(xml.StartElement); ok {
			names = append(names, element.Name.Local)
		}
	}
}

func TestALotOfOutput(t *testing.T) {
	r := script(t, "# deadline: 5m\nbuild .\n-- Dockerfile --\nFROM busybox\nRUN yes 'a line of output' | head -c 100000000\n")
	require.Zero(t, r.wait(t), r.said)
	info, err := os.Stat(filepath.Join(r.out, "report.html"))
	require.NoError(t, err)
	require.Less(t, info.Size(), int64(2<<20), "the page grew with the output")
}

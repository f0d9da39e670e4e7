package uses

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
)

func unpack(t *testing.T, archive string) string {
	t.Helper()
	all, err := txtar.ParseFile(filepath.Join("testdata", archive))
	assert.NilError(t, err)
	dir := t.TempDir()
	for _, file := range all.Files {
		path := filepath.Join(dir, filepath.FromSlash(file.Name))
		assert.NilError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		assert.NilError(t, os.WriteFile(path, file.Data, 0o600))
	}
	return dir
}

func TestEveryUseHasItsPlace(t *testing.T) {
	dir := unpack(t, "app.txtar")
	found, unread, err := Read(dir)
	assert.NilError(t, err)
	assert.Equal(t, len(unread), 0)
	var text strings.Builder
	for _, use := range found {
		name, err := filepath.Rel(dir, use.File)
		assert.NilError(t, err)
		fmt.Fprintf(&text, "%s:%d: %s\n", filepath.ToSlash(name), use.Line, use.Item)
	}
	golden.Assert(t, text.String(), "app.golden")
}

func TestWhatCannotBeReadIsNamedAndTheRestIsRead(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"Dockerfile":      "FROM a\n",
		"compose.yaml":    "services: [\n",
		"docker-bake.hcl": "target {{{",
		"notes.txt":       "docker buildx build",
	} {
		assert.NilError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	found, unread, err := Read(dir)
	assert.NilError(t, err)
	assert.Equal(t, len(found), 1)
	assert.Equal(t, len(unread), 2)
	for _, file := range unread {
		assert.Assert(t, strings.HasPrefix(file.Error(), dir))
	}
}

func TestAPathWhereNothingIsBuilt(t *testing.T) {
	_, _, err := Read(t.TempDir())
	assert.Assert(t, errors.Is(err, ErrNothing), "%v", err)
	_, _, err = Read(filepath.Join(t.TempDir(), "absent"))
	assert.ErrorContains(t, err, "no such file")
}

func FuzzRead(f *testing.F) {
	all, err := txtar.ParseFile("testdata/app.txtar")
	assert.NilError(f, err)
	for _, file := range all.Files {
		f.Add(file.Name, file.Data)
	}
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		read := readerOf(name)
		if read == nil {
			return
		}
		found, _ := read(content)
		for _, use := range found {
			if use.Line < 1 || use.Name == "" {
				t.Fatalf("%+v", use)
			}
		}
	})
}

func TestFlagsAreFoundOnTheirLines(t *testing.T) {
	uses, err := Dockerfile([]byte("FROM --platform=$BUILDPLATFORM a\nRUN --mount=type=cache,target=/a \\\n    --mount=type=cache,target=/a \\\n    --network=none true\nONBUILD COPY --link a /\n"))
	assert.NilError(t, err)
	lines := map[string][]int{}
	for _, u := range uses {
		lines[u.Name] = append(lines[u.Name], u.Line)
	}
	assert.DeepEqual(t, lines["FROM --platform"], []int{1})
	assert.DeepEqual(t, lines["RUN --mount=type=cache"], []int{2, 3})
	assert.DeepEqual(t, lines["RUN --network"], []int{4})
	assert.DeepEqual(t, lines["ONBUILD COPY --link"], []int{5})
}

func TestWhatBakeIsToldToSet(t *testing.T) {
	var names []string
	for _, value := range []string{"*.cache-to=type=gha,mode=max", "app.args.SOURCE_DATE_EPOCH=0", "app.platform=linux/arm64", "nonsense"} {
		for _, u := range FlagValue(1, "--set", value) {
			names = append(names, u.Item.String())
		}
	}
	assert.DeepEqual(t, names, []string{
		"bake file target.cache-to", "cache to gha", "cache to gha mode",
		"bake file target.args", "build argument SOURCE_DATE_EPOCH", "bake file target.platform",
	})
}

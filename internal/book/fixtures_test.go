package book

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// Builders are shared, and so are their cache mounts: one spec would find what
// another leaves in a mount, or --no-cache would empty the mount while it is in
// use.
func TestCacheMountsHaveAnIDOfTheirOwn(t *testing.T) {
	// The claim about BUILDKIT_CACHE_MOUNT_NS distinguishes mounts by that alone.
	const byNamespace = "fixtures/mount/Dockerfile"
	mount := regexp.MustCompile(`--mount=(\S*type=cache\S*)`)
	own := regexp.MustCompile(`(^|,)id=[^,]*\$`)
	found := 0
	root := os.DirFS(filepath.Join("..", ".."))
	err := fs.WalkDir(root, "fixtures", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "Dockerfile") || path == byNamespace {
			return err
		}
		content, err := fs.ReadFile(root, path)
		for _, words := range mount.FindAllStringSubmatch(string(content), -1) {
			found++
			assert.Check(t, own.MatchString(words[1]), "%s: the cache mount %s has no id that a build argument decides", path, words[1])
		}
		return err
	})
	assert.NilError(t, err)
	assert.Assert(t, found > 5, "only %d cache mounts were looked at", found)
}

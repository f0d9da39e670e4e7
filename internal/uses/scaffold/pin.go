package scaffold

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"builders.test/internal/uses"
	"golang.org/x/mod/semver"
)

// image matches a release of BuildKit as projects write it.
var image = regexp.MustCompile(`moby/buildkit:(v\d+\.\d+\.\d+)`)

// pinning are the files in which a project pins its BuildKit.
var pinning = []string{".yml", ".yaml", ".hcl", ".json", ".sh", ".mk", ".toml", ".env"}

// Pinned returns the release of BuildKit that a project names, the newest if it names several;
// empty if it names none.
func Pinned(root string) string {
	var found []string
	// What cannot be read pins nothing.
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil
		case entry.IsDir() && slices.Contains(others, entry.Name()):
			return filepath.SkipDir
		case !entry.Type().IsRegular() || !pins(entry.Name()):
			return nil
		}
		if info, err := entry.Info(); err != nil || info.Size() > uses.Largest {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		for _, match := range image.FindAllStringSubmatch(string(content), -1) {
			found = append(found, match[1])
		}
		return nil
	})
	semver.Sort(found)
	if len(found) == 0 {
		return ""
	}
	return found[len(found)-1]
}

func pins(name string) bool {
	return slices.Contains(pinning, filepath.Ext(name)) || name == "Makefile" || isDockerfile(name) || strings.HasPrefix(name, ".env")
}

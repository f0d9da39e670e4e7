package scaffold

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"builders.test/internal/uses"
)

// upwards is how many folders above a Dockerfile its context may be.
const upwards = 5

// contextOf guesses the context of a Dockerfile that nothing else names: the nearest folder
// above it that has what the Dockerfile takes from there. It is certain if the Dockerfile
// takes nothing, or names what it takes.
func contextOf(file string, r recipe) (dir string, certain bool) {
	own := filepath.Dir(file)
	dir = own
	for range upwards {
		// A folder for Dockerfiles is not what a Dockerfile takes as a whole.
		if has(dir, r.sources) && (!r.whole || !onlyDockerfiles(dir)) {
			return dir, len(r.sources) > 0 || !r.whole
		}
		if exists(filepath.Join(dir, ".git")) || filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	return own, false
}

// onlyDockerfiles reports whether all files in a folder, and below it, are Dockerfiles.
func onlyDockerfiles(dir string) bool {
	only := true
	// What cannot be read is taken for something else.
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && (entry.IsDir() || isDockerfile(entry.Name())) {
			return nil
		}
		only = false
		return filepath.SkipAll
	})
	return only && err == nil
}

func has(dir string, sources []string) bool {
	for _, source := range sources {
		if found, err := filepath.Glob(filepath.Join(dir, source)); err != nil || len(found) == 0 {
			return false
		}
	}
	return true
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// isDockerfile reports whether a file's name is one that Dockerfiles have.
func isDockerfile(name string) bool { return uses.IsDockerfile(name) }

// isBakeFile and isComposeFile know the names that buildx and compose look for by themselves.
func isBakeFile(name string) bool {
	return strings.HasPrefix(name, "docker-bake") && (strings.HasSuffix(name, ".hcl") || strings.HasSuffix(name, ".json")) || strings.HasSuffix(name, ".hcl") && strings.Contains(name, "bake")
}

func isComposeFile(name string) bool {
	ext := filepath.Ext(name)
	return (ext == ".yml" || ext == ".yaml") && (strings.HasPrefix(name, "compose") || strings.HasPrefix(name, "docker-compose"))
}

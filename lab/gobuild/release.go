package gobuild

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"builders.test/internal/versions"
	"builders.test/lab/problem"
	"builders.test/lab/site"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// ErrNoRelease is the cause if a release does not exist.
var ErrNoRelease = errors.New("no such release")

// Known returns an error if a program's module has no such release; the error
// names its neighbors. It asks for the module itself, because lists may be
// incomplete.
func (b *Builder) Known(ctx context.Context, p Program) error {
	if site.Exists(b.Folder(p)) || p.Version == versions.BuildKit || p.Version == versions.NewestBuildKit {
		return nil
	}
	_, err := ModuleDir(ctx, p.Module, p.Version)
	// Without a proxy the go command asks git, and reports git's answer in these
	// words.
	if err == nil || !strings.Contains(err.Error(), "unknown revision") && !absent(ctx, p.Module, p.Version) {
		return err
	}
	known, listErr := Releases(ctx, p.Module)
	if listErr != nil {
		return err
	}
	return &problem.Problem{
		Tried: "looking for " + p.String(), Happened: "no such release is available",
		Next: "known ones near it: " + strings.Join(near(p.Version, known), ", "), Err: ErrNoRelease,
	}
}

// Releases lists the releases in a module's list, which may lack some.
func Releases(ctx context.Context, module string) ([]string, error) {
	out, err := goCommand(ctx, "list", "-m", "-versions", module)
	if err != nil {
		return nil, err
	}
	if listed := strings.Fields(out); len(listed) > 1 {
		return listed[1:], nil
	}
	return nil, fmt.Errorf("the list of the releases of %s is empty", module)
}

// near returns the releases just below and above one that does not exist, and the
// last one.
func near(version string, known []string) []string {
	known = slices.DeleteFunc(slices.Clone(known), func(v string) bool { return semver.Prerelease(v) != "" })
	if len(known) == 0 {
		return nil
	}
	semver.Sort(known)
	at, _ := slices.BinarySearchFunc(known, version, semver.Compare)
	around := known[max(at-2, 0):min(at+1, len(known))]
	return slices.Compact(append(slices.Clone(around), known[len(known)-1]))
}

// absent reports whether the module proxies that the go command asks have no such
// version, as opposed to not being reachable. It looks at their answers, because
// an error's text may hold any number.
func absent(ctx context.Context, path, version string) bool {
	out, err := goCommand(ctx, "env", "-json", "GOPROXY", "GONOPROXY")
	if err != nil {
		return false
	}
	var set struct{ GOPROXY, GONOPROXY string }
	if json.Unmarshal([]byte(out), &set) != nil || module.MatchPrefixPatterns(set.GONOPROXY, path) {
		return false
	}
	refused := false
	for _, proxy := range strings.FieldsFunc(set.GOPROXY, func(r rune) bool { return r == ',' || r == '|' }) {
		// The rest of the list is direct and off, which give no answer.
		if !strings.Contains(proxy, "://") {
			continue
		}
		switch ask(ctx, proxy, path, version) {
		case http.StatusNotFound, http.StatusGone, http.StatusForbidden:
			refused = true
		default:
			return false
		}
	}
	return refused
}

// ask returns the status with which a proxy answers about a version; 0 if it does not
// answer.
func ask(ctx context.Context, proxy, path, version string) int {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	escapedPath, err := module.EscapePath(path)
	if err != nil {
		return 0
	}
	escapedVersion, err := module.EscapeVersion(version)
	if err != nil {
		return 0
	}
	url := strings.TrimSuffix(proxy, "/") + "/" + escapedPath + "/@v/" + escapedVersion + ".info"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	return response.StatusCode
}

package gobuild

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"golang.org/x/mod/module"
)

// absent reports whether the module proxies that the go command asks have no
// such version, rather than that they could not be asked. It is their answers
// that count: an error's text may hold any number.
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
		// Further places are direct and off, which give no answer.
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

// ask is the status with which a proxy answers about a version; 0 is none.
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

package gobuild

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"builders.test/lab/problem"
	"builders.test/lab/process"
	"golang.org/x/mod/module"
)

// ModuleDir downloads a module, verifies it and returns its folder.
func ModuleDir(ctx context.Context, module, version string) (string, error) {
	if err := verifiable(ctx, module, version); err != nil {
		return "", err
	}
	out, err := goCommand(ctx, "mod", "download", "-json", module+"@"+version)
	// The answer also says what went wrong, and says it better.
	var m struct{ Dir, Sum, Error string }
	if json.Unmarshal([]byte(out), &m) == nil && m.Error != "" {
		return "", errors.New(m.Error)
	}
	if err == nil && m.Dir == "" {
		err = fmt.Errorf("go mod download gave no folder for %s@%s", module, version)
	}
	if err != nil {
		return "", err
	}
	return m.Dir, verify(module, version, m.Sum)
}

// goCommand runs the go command outside of any module.
func goCommand(ctx context.Context, args ...string) (string, error) {
	return process.Command{Dir: "/", Env: goEnv(), Args: append([]string{"go"}, args...)}.Output(ctx)
}

// goSettings are variables that change what the go command builds or refuses to;
// the user's proxies and checksum settings stay.
var goSettings = []string{
	"GOFLAGS", "GOTOOLCHAIN", "GOOS", "GOARCH", "GOWORK", "GO111MODULE", "GOEXPERIMENT",
	"CGO_ENABLED", "CGO_CFLAGS", "CGO_LDFLAGS", "GOTMPDIR", "PWD",
}

// goEnv returns the environment that the go command runs in.
func goEnv(extra ...string) []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(goSettings, name)
	})
	// A release may ask for a newer Go than the installed one; auto fetches it.
	return slices.Concat(env, []string{"GOFLAGS=-buildvcs=false", "GOTOOLCHAIN=auto", "GOWORK=off", "GO111MODULE=on"}, extra)
}

//go:embed sums.txt
var sumsText string

// knownSum returns the checksum that this release of the lab knows for a module.
func knownSum(path, version string) (string, bool) {
	for line := range strings.Lines(sumsText) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == path && fields[1] == version {
			return fields[2], true
		}
	}
	return "", false
}

// verifiable refuses a module that would not be verified: the lab has no checksum
// for it, and the go command is configured not to ask the checksum database.
func verifiable(ctx context.Context, path, version string) error {
	if _, ok := knownSum(path, version); ok {
		return nil
	}
	out, err := goCommand(ctx, "env", "-json", "GOSUMDB", "GONOSUMDB")
	if err != nil {
		return err
	}
	var set struct{ GOSUMDB, GONOSUMDB string }
	if err := json.Unmarshal([]byte(out), &set); err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	var how string
	switch {
	case set.GOSUMDB == "off":
		how = "GOSUMDB=off"
	case module.MatchPrefixPatterns(set.GONOSUMDB, path):
		how = "GONOSUMDB=" + set.GONOSUMDB
	default:
		return nil
	}
	return problem.New("verifying "+path+"@"+version,
		"the lab has no checksum of it, and "+how+" keeps the go command from asking the checksum database",
		"set GOSUMDB=sum.golang.org and GONOSUMDB= for this command")
}

// verify compares a module with what the lab knows about it.
func verify(path, version, sum string) error {
	known, ok := knownSum(path, version)
	if !ok || known == sum {
		return nil
	}
	return problem.New("verifying "+path+"@"+version,
		fmt.Sprintf("its checksum is %s and should be %s: it is not the published one", sum, known),
		"check where the go command gets modules (go env GOPROXY), run `go clean -modcache` and try again")
}

package gobuild

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"builders.test/lab/process"
)

// ModuleDir downloads a module, verifies it and returns the folder it lies in.
func ModuleDir(ctx context.Context, module, version string) (string, error) {
	if err := verifiable(ctx, module, version); err != nil {
		return "", err
	}
	out, err := goCommand(ctx, "mod", "download", "-json", module+"@"+version)
	// What went wrong stands in the answer, too, and better.
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

// goSettings are variables of the go command that change what it builds or
// refuse to; the user's proxies and checksum settings stay.
var goSettings = []string{
	"GOFLAGS", "GOTOOLCHAIN", "GOOS", "GOARCH", "GOWORK", "GO111MODULE", "GOEXPERIMENT",
	"CGO_ENABLED", "CGO_CFLAGS", "CGO_LDFLAGS", "GOTMPDIR", "PWD",
}

// goEnv is the environment that the go command runs in.
func goEnv(extra ...string) []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(goSettings, name)
	})
	// A release may ask for a newer Go than the one at hand; auto fetches it.
	return slices.Concat(env, []string{"GOFLAGS=-buildvcs=false", "GOTOOLCHAIN=auto", "GOWORK=off", "GO111MODULE=on"}, extra)
}

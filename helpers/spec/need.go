package spec

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"builders.test/helpers/claim"
)

// Has reports whether a capability is there, for proofs that expect something
// else from an older version. The claim's own needs are always met. A driver or a
// store is there if the claim is proven with it.
func (t *T) Has(need claim.Need) bool {
	if drivers := need.Drivers(); drivers != nil {
		return slices.Contains(drivers, t.Driver)
	}
	if store := need.Store(); store != "" {
		return store == t.Env.Engine.Store
	}
	return t.missing(need) == ""
}

// missing says why a capability is not there; empty if it is.
func (t *T) missing(need claim.Need) string {
	switch {
	case need.Drivers() != nil:
		return "" // the claim is proven with one of them
	case need.Store() != "":
		return t.storeMissing(need.Store())
	case need.Component() != "":
		return t.versionMissing(need)
	}
	if err := t.lacks(need); err != nil {
		return cmp.Or(err.Error(), "it is missing")
	}
	return ""
}

// lacks finds out whether the environment has what a word stands for.
func (t *T) lacks(need claim.Need) error {
	switch need.Word() {
	case claim.AMD64.Word():
		return t.Env.Executes(t.ctx, "linux/amd64")
	case claim.ARM64.Word():
		return t.Env.Executes(t.ctx, "linux/arm64")
	case claim.EmulatedARM64.Word():
		if t.Env.Engine.Arch == "arm64" {
			return errors.New("the engine's host is itself arm64")
		}
		return t.Env.Executes(t.ctx, "linux/arm64")
	case claim.Mirror.Word():
		if t.Env.Testbed.Mirror.Address == "" {
			return errors.New("the testbed has no mirror (\"mirror\" in the file that BUILDERS_TESTBED names)")
		}
		return nil
	case claim.EngineProgram.Word():
		_, err := t.Env.EngineProgram()
		return err
	case claim.LocalEngine.Word():
		return t.Env.Engine.Local()
	case claim.Compose.Word():
		return t.Env.HasCompose(t.ctx)
	case claim.Dive.Word():
		if len(t.Env.Testbed.Dive) == 0 {
			return errors.New("the testbed has no dive (\"dive\" in the file that BUILDERS_TESTBED names)")
		}
		return nil
	}
	if !t.Env.Checks(need) {
		t.Mistaken("the suite has no check for the need %s; give it to suite.Main with suite.WithNeed", need.Word())
	}
	return t.Env.Lacks(t.ctx, need)
}

func (t *T) storeMissing(store string) string {
	if t.Env.Engine.Store == store {
		return ""
	}
	if _, err := t.Env.On(t.ctx, store); err != nil {
		return err.Error()
	}
	return "the engine has the " + t.Env.Engine.Store + " image store"
}

func (t *T) versionMissing(need claim.Need) string {
	version := t.BuildKit
	if need.Component() == "buildx" {
		version = t.Env.Buildx.Version
	}
	if need.Admits(version) {
		return ""
	}
	return fmt.Sprintf("%s under test is %s", need.Component(), version)
}

package env

import (
	"cmp"
	"context"
	"regexp"
	"runtime/debug"
	"strings"

	"builders.test/helpers/claim"
	"builders.test/helpers/evidence"
	"builders.test/helpers/subject"
)

// Option is something that a suite decides for itself.
type Option func(*settings)

// missing returns an error that says why if a need is not met.
type missing func(context.Context, *Environment) error

// WithBuildKit sets the BuildKit under test if BUILDKIT is empty: a release,
// latest, or an image.
func WithBuildKit(buildkit string) Option { return func(s *settings) { s.buildkit = buildkit } }

// WithNeed adds a need of the suite's own. missing finds out whether it is met;
// its error says what is missing.
func WithNeed(need claim.Need, missing func(context.Context, *Environment) error) Option {
	return func(s *settings) { s.needs[need.Word()] = missing }
}

// WithRepro sets how reports write the command that proves one claim again.
func WithRepro(line func(Again) string) Option { return func(s *settings) { s.repro = line } }

// Again is what it takes to prove a claim again. Empty fields were not chosen.
type Again struct {
	Claim, Test                            string
	BuildKit, Buildx, Driver, Store, Specs string
}

// Repro returns the command that proves one claim again.
func (e *Environment) Repro(claim, test string) string {
	again := Again{Claim: claim, Test: test, BuildKit: e.settings.buildkit, Buildx: e.settings.buildx, Specs: e.Specs}
	if e.Driver != subject.DriverContainer {
		again.Driver = e.Driver
	}
	if len(e.Testbed.Engines) > 0 && e.Engine.Store != subject.StoreContainerd {
		again.Store = e.Engine.Store
	}
	return e.settings.repro(again)
}

// goTest returns the command that proves a claim again in a suite without its own
// command.
func goTest(a Again) string {
	levels := strings.Split(a.Test, "/")
	for i, level := range levels {
		levels[i] = "^" + regexp.QuoteMeta(level) + "$"
	}
	var set []string
	for _, variable := range [][2]string{{"BUILDKIT", a.BuildKit}, {"BUILDX", a.Buildx}, {"DRIVER", a.Driver}, {"SPECS", a.Specs}} {
		if variable[1] != "" {
			set = append(set, variable[0]+"="+variable[1])
		}
	}
	tags, path := built()
	command := append([]string{"go", "test"}, tags...)
	return evidence.Line(set, append(command, "-count=1", "-run", strings.Join(levels, "/"), path))
}

// built returns the build tags of the test binary as an option, and the import path of
// its package.
func built() (tags []string, path string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil, "."
	}
	for _, setting := range info.Settings {
		if setting.Key == "-tags" {
			tags = []string{"-tags", setting.Value}
		}
	}
	return tags, cmp.Or(strings.TrimSuffix(info.Path, ".test"), ".")
}

// Checks reports whether the suite has a check for a need of its own.
func (e *Environment) Checks(need claim.Need) bool { return e.settings.needs[need.Word()] != nil }

// Lacks returns an error that says what is missing for a need of the suite's own, or
// nil. The suite must have a check for it.
func (e *Environment) Lacks(ctx context.Context, need claim.Need) error {
	return e.settings.needs[need.Word()](ctx, e)
}

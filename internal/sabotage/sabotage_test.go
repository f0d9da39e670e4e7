package sabotage

import (
	"slices"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/helpers/env"
	"builders.test/internal/report"
	"gotest.tools/v3/assert"
)

func after(t *testing.T, name, line string) string {
	t.Helper()
	s, ok := Find(name)
	assert.Assert(t, ok, name)
	return strings.Join(s.Args(strings.Fields(line)), " ")
}

func TestArgumentsAreChangedAsTold(t *testing.T) {
	const build = "buildx build --load --platform linux/amd64 --build-arg A=1 --build-arg BUILDKIT_SYNTAX=x -t a ."
	for name, want := range map[string]string{
		"drop-load":         "buildx build --platform linux/amd64 --build-arg A=1 --build-arg BUILDKIT_SYNTAX=x -t a .",
		"drop-platform":     "buildx build --load --build-arg A=1 --build-arg BUILDKIT_SYNTAX=x -t a .",
		"swap-platforms":    "buildx build --load --platform linux/arm64 --build-arg A=1 --build-arg BUILDKIT_SYNTAX=x -t a .",
		"drop-build-args":   "buildx build --load --platform linux/amd64 --build-arg BUILDKIT_SYNTAX=x -t a .",
		"drop-syntax":       "buildx build --load --platform linux/amd64 --build-arg A=1 -t a .",
		"no-cache-always":   "buildx build --no-cache --load --platform linux/amd64 --build-arg A=1 --build-arg BUILDKIT_SYNTAX=x -t a .",
		"keep-state-always": build,
		"load-for-push":     build,
	} {
		assert.Equal(t, after(t, name, build), want, name)
	}
	assert.Equal(t, after(t, "load-for-push", "buildx --builder b build --push ."), "buildx --builder b build --load .")
	assert.Equal(t, after(t, "keep-state-always", "buildx rm b"), "buildx rm --keep-state b")
	assert.Equal(t, after(t, "drop-platform", "buildx create --platform linux/amd64"), "buildx create --platform linux/amd64")
	assert.Equal(t, after(t, "drop-load", "buildx build --output type=docker,compression=gzip --output type=docker,dest=a.tar ."), "buildx build --output type=docker,dest=a.tar .")
	assert.Equal(t, after(t, "drop-output", "buildx build --output=type=oci --output type=tar ."), "buildx build .")
}

// What is built with the default builder instead stays with the run.
func TestTheDefaultBuildersImagesHaveANameOfTheRun(t *testing.T) {
	const run = "0a1b2c3d"
	t.Setenv(env.RunVariable, run)
	for line, named := range map[string]bool{
		"buildx build --builder b .":                            true,
		"buildx build --builder b --load .":                     true,
		"buildx build --builder b --tag a .":                    false,
		"buildx build --builder b --output=type=local,dest=x .": false,
		"buildx du --builder b":                                 false,
	} {
		refs := Args(strings.Fields(after(t, "one-builder", line))).Values("--tag")
		ours := slices.DeleteFunc(refs, func(ref string) bool { return !strings.HasPrefix(ref, env.ImagePrefix(run)) || !env.IsShared(ref) })
		assert.Equal(t, len(ours) == 1, named, line)
	}
	t.Setenv(env.RunVariable, "")
	assert.Equal(t, after(t, "one-builder", "buildx build --builder b ."), "buildx build --builder default .")
}

func TestSubcommandsAreFoundBehindFlags(t *testing.T) {
	assert.Assert(t, Args{"buildx", "--builder", "rm", "build", "."}.Is("build"))
	assert.Assert(t, Args{"buildx", "--builder=b", "rm"}.Is("rm"))
	assert.Assert(t, !Args{"buildx"}.Is("build"))
	assert.Assert(t, !Args{"docker-cli-plugin-metadata"}.Is("docker-cli-plugin-metadata"))
}

func TestNamesDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range All() {
		assert.Assert(t, !seen[s.Name], s.Name)
		seen[s.Name] = true
		assert.Assert(t, s.Does != "")
	}
}

func TestJudge(t *testing.T) {
	s := Sabotage{Name: "x", Kills: []string{"a/killed", "a/survived", "a/unknown"}}
	score := Judge(s, []report.Claim{
		{ID: "a/killed", Verdict: claim.Broken}, {ID: "a/survived"}, {ID: "a/unknown", Verdict: claim.Error},
		{ID: "a/other", Verdict: claim.Broken}, {ID: "a/fine"}, {ID: "a/na", Verdict: claim.NotApplicable},
	})
	assert.DeepEqual(t, score.Killed, []string{"a/killed"})
	assert.DeepEqual(t, score.Survived, []string{"a/survived"})
	assert.DeepEqual(t, score.Unknown, []string{"a/unknown"})
	assert.DeepEqual(t, score.Misattributed, []string{"a/other"})
	assert.Assert(t, !score.Caught())
	assert.Assert(t, Judge(s, []report.Claim{{ID: "a/killed", Verdict: claim.Broken}}).Caught())
	assert.Assert(t, !Judge(s, nil).Caught())
}

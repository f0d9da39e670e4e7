package spec

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"github.com/stretchr/testify/require"
)

// outcome is what a child process reported about its claims.
type outcome struct {
	said  string
	code  int
	notes []string
	out   string
	// attributes and result are keyed by the claim's name.
	attributes map[string]map[string]string
	result     map[string]string
}

var (
	attribute  = regexp.MustCompile(`(?m)^\x16?=== ATTR  TestMood/(\S+) (\S+) (.*)$`)
	conclusion = regexp.MustCompile(`(?m)^\x16?\s*--- (PASS|FAIL|SKIP): TestMood/(\S+) `)
)

// inMood runs a test process whose claims have a mood. Of the further arguments,
// KEY=value are variables and the rest are flags.
func inMood(t *testing.T, mood string, more ...string) outcome {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	out := t.TempDir()
	notes := filepath.Join(out, "notes")
	args := []string{"-test.run=^TestMood$", "-test.v=test2json", "-test.parallel=2", "-test.timeout=2m"}
	environ := append(os.Environ(), moodVariable+"="+mood, notesVariable+"="+notes, "OUT="+out, "CONFIRM=", "STRICT=")
	for _, word := range more {
		if strings.HasPrefix(word, "-") {
			args = append(args, word)
			continue
		}
		environ = append(environ, word)
	}
	child := exec.CommandContext(t.Context(), program, args...)
	child.Env = environ
	said, _ := child.CombinedOutput() // the exit code says how it ended
	o := outcome{said: string(said), code: child.ProcessState.ExitCode(), out: out, attributes: map[string]map[string]string{}, result: map[string]string{}}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the child in the mood %s said:\n%s", mood, said)
		}
	})
	require.NotContains(t, o.said, "DATA RACE")
	require.NotContains(t, o.said, "panic: test timed out", "a deadlock")
	for _, found := range attribute.FindAllStringSubmatch(o.said, -1) {
		of := o.attributes[found[1]]
		if of == nil {
			of = map[string]string{}
			o.attributes[found[1]] = of
		}
		if of[found[2]] != "" && found[2] != "fact" {
			t.Errorf("the attribute %s of %s was said twice", found[2], found[1])
		}
		of[found[2]] += found[3]
	}
	for _, found := range conclusion.FindAllStringSubmatch(o.said, -1) {
		o.result[found[2]] = found[1]
	}
	text, err := os.ReadFile(notes)
	require.NoError(t, err, "the child did not begin")
	o.notes = slices.Collect(strings.SplitSeq(strings.TrimSuffix(string(text), "\n"), "\n"))
	if len(text) == 0 {
		o.notes = nil
	}
	for _, note := range o.notes {
		require.NotContains(t, note, "NOT QUIET")
	}
	return o
}

// tries reads the tries of a claim.
func (o outcome) tries(t *testing.T, id string) []claim.Try {
	t.Helper()
	text := o.attributes[id]["tries"]
	if text == "" {
		return nil
	}
	var all []claim.Try
	require.NoError(t, json.Unmarshal([]byte(text), &all))
	for i := range all {
		require.Positive(t, all[i].Seconds)
		all[i].Seconds = 0
	}
	return all
}

// expect is what a claim must come to.
type expect struct {
	result, verdict, count, reason, known string
}

func (o outcome) require(t *testing.T, id string, e expect) {
	t.Helper()
	said := o.attributes[id]
	got := expect{result: o.result[id], verdict: said["verdict"], count: claim.CountTries(o.tries(t, id)), reason: said["reason"], known: said["known"]}
	require.Equal(t, e, got, "%s", id)
	require.Equal(t, "moods/"+id, said["claim"])
	require.Equal(t, "moods", said["chapter"])
	require.Equal(t, "v0.11.5", said["buildkit"])
	require.Equal(t, "evidence/moods/"+id, said["evidence"])
	failed := 0
	if o.result[id] == "FAIL" {
		failed = 1
	}
	require.Equal(t, failed, o.code, "the exit code")
}

// folders lists what the evidence of a claim consists of.
func (o outcome) folders(t *testing.T) []string {
	t.Helper()
	var all []string
	require.NoError(t, fs.WalkDir(os.DirFS(o.out), "evidence", func(path string, d fs.DirEntry, err error) error {
		if !d.IsDir() {
			all = append(all, strings.TrimPrefix(path, "evidence/moods/"))
		}
		return err
	}))
	return all
}

func TestProve(t *testing.T) {
	for name, c := range map[string]struct {
		mood string
		more []string
		want expect
	}{
		"holds":            {"holds", nil, expect{result: "PASS", verdict: "holds"}},
		"fails each time":  {"fails", nil, expect{"FAIL", "broken", "failed 4 of 4", "try 1 went wrong", ""}},
		"CONFIRM=0":        {"fails", []string{"CONFIRM=0"}, expect{"FAIL", "broken", "", "try 1 went wrong", ""}},
		"CONFIRM=1":        {"fails", []string{"CONFIRM=1"}, expect{"FAIL", "broken", "failed 2 of 2", "try 1 went wrong", ""}},
		"one place":        {"fails", []string{"-test.parallel=1"}, expect{"FAIL", "broken", "failed 4 of 4", "try 1 went wrong", ""}},
		"chosen alone":     {"fails", []string{"-test.run=^TestMood$/^fails$"}, expect{"FAIL", "broken", "failed 4 of 4", "try 1 went wrong", ""}},
		"no subtest":       {"fails", []string{"-test.run=^TestMood$/^fails$/^nothing$"}, expect{"FAIL", "broken", "failed 4 of 4", "try 1 went wrong", ""}},
		"subtests skipped": {"fails", []string{"-test.skip=/fails/again"}, expect{"FAIL", "broken", "failed 4 of 4", "try 1 went wrong", ""}},
		"fails fast":       {"fails", []string{"-test.failfast"}, expect{"FAIL", "broken", "failed 4 of 4", "try 1 went wrong", ""}},
		"no time": {"fails", []string{"-test.timeout=20s"}, expect{"FAIL", "error", "",
			"it failed, and there was no time to try it again (give go test a longer -timeout): try 1 went wrong", ""}},
		"hangs":                   {"hangs", nil, expect{"FAIL", "broken", "failed 2 of 2", "no end within 50ms: the command did not end", ""}},
		"hangs, CONFIRM=0":        {"hangs", []string{"CONFIRM=0"}, expect{"FAIL", "broken", "", "no end within 50ms: the command did not end", ""}},
		"panics":                  {"panics", nil, expect{"FAIL", "error", "", "the spec itself panicked: oh no", ""}},
		"skips":                   {"skips", nil, expect{"FAIL", "error", "", "the spec skips itself: no wish to", ""}},
		"another test's t":        {"ends-early", nil, expect{"FAIL", "error", "", "the spec ended early without failing its own T: it used another test's", ""}},
		"Goexit":                  {"goes-away", nil, expect{"FAIL", "error", "", "the spec ended early without failing its own T: it used another test's", ""}},
		"a need without a check":  {"no-check", nil, expect{"FAIL", "error", "", "the suite has no check for the need tpu; give it to suite.Main with suite.WithNeed", ""}},
		"does not apply":          {"not-here", nil, expect{"SKIP", "not-applicable", "", "needs buildkit>=0.13: buildkit under test is v0.11.5", ""}},
		"the first error counts":  {"first-error", nil, expect{"FAIL", "error", "", "the registry went away", ""}},
		"fails once":              {"fails-once", nil, expect{"PASS", "unsteady", "failed 1 of 4", "the builder lost its cache: Not equal: expected: \"a\" actual : \"b\"", ""}},
		"fails once, STRICT=1":    {"fails-once", []string{"STRICT=1"}, expect{"FAIL", "unsteady", "failed 1 of 4", "the builder lost its cache: Not equal: expected: \"a\" actual : \"b\"", ""}},
		"fails once, CONFIRM=1":   {"fails-once", []string{"CONFIRM=1"}, expect{"PASS", "unsteady", "failed 1 of 2", "the builder lost its cache: Not equal: expected: \"a\" actual : \"b\"", ""}},
		"panics when tried again": {"panics-then", nil, expect{"FAIL", "error", "failed 1 of 1", "it failed, and when it was tried again the environment failed: the spec itself panicked: at last; at first: it failed", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := inMood(t, c.mood, c.more...)
			o.require(t, c.mood, c.want)
			require.Empty(t, o.notes)
		})
	}
}

func TestFactsAreThoseOfATryThatHeld(t *testing.T) {
	o := inMood(t, "fails-once")
	require.Equal(t, "try\t2shared\tbuilder for try 2 of moods/fails-once", o.attributes["fails-once"]["fact"], "a try that follows a failure gets fresh builders, and its facts are told")
	require.Contains(t, o.said, "unsteady, failed 1 of 4: the builder lost its cache")
}

func TestEvidenceOfEveryTryIsKept(t *testing.T) {
	stale := filepath.Join(t.TempDir(), "evidence", "moods", "fails.try-9")
	require.NoError(t, os.MkdirAll(stale, 0o755))
	o := inMood(t, "fails", "OUT="+filepath.Dir(filepath.Dir(filepath.Dir(stale))))
	o.out = filepath.Dir(filepath.Dir(filepath.Dir(stale)))
	require.Equal(t, []string{"fails/failure.txt", "fails.try-2/failure.txt", "fails.try-3/failure.txt", "fails.try-4/failure.txt"}, o.folders(t))
	require.NoDirExists(t, stale, "evidence of an earlier run looks as if it were of this one")
	for i, try := range o.tries(t, "fails") {
		text, err := os.ReadFile(filepath.Join(o.out, try.Evidence, "failure.txt"))
		require.NoError(t, err)
		require.Contains(t, string(text), fmt.Sprintf("try %d went wrong", i+1))
	}
}

func TestNoNeighbourIsProvenTwiceAtATime(t *testing.T) {
	o := inMood(t, "company", "-test.parallel=3")
	require.Empty(t, o.notes)
}

func TestAClaimThatFailsBesideAnother(t *testing.T) {
	o := inMood(t, "beside")
	o.require(t, "victim", expect{"PASS", "unsteady", "failed 2 of 4, only alongside other builds", "somebody was met", ""})
	o.require(t, "neighbour", expect{result: "PASS", verdict: "holds"})
	require.Equal(t, []string{"the neighbour met in try 1", "the neighbour met in try 0"}, o.notes, "the neighbour is there at first and at last")
	require.Equal(t, []claim.Try{
		{Verdict: claim.Broken, Reason: "somebody was met", Beside: true, Evidence: "evidence/moods/victim"},
		{Verdict: claim.Holds, Evidence: "evidence/moods/victim.try-2"},
		{Verdict: claim.Holds, Evidence: "evidence/moods/victim.try-3"},
		{Verdict: claim.Broken, Reason: "somebody was met", Beside: true, Evidence: "evidence/moods/victim.try-4"},
	}, o.tries(t, "victim"))
	require.NotContains(t, strings.Join(o.folders(t), " "), "neighbour", "what keeps the machine busy leaves no evidence")
}

func TestTheOnlyOtherTryIsAlone(t *testing.T) {
	o := inMood(t, "beside", "CONFIRM=1")
	o.require(t, "victim", expect{"PASS", "unsteady", "failed 1 of 2", "somebody was met", ""})
}

func TestClaimsThatDoNotApplyAreNoNeighbours(t *testing.T) {
	o := inMood(t, "neighbours", "-test.parallel=3")
	o.require(t, "fails", expect{"FAIL", "broken", "failed 4 of 4", "it failed", ""})
	require.Empty(t, o.notes)
	for _, try := range o.tries(t, "fails") {
		require.False(t, try.Beside)
	}
}

func TestKnownFaults(t *testing.T) {
	note := "moby/buildkit/issues/1, buildkit fixed in v0.12.0"
	for _, strict := range []string{"", "1"} {
		o := inMood(t, "known", "STRICT="+strict)
		result := map[string]string{"": "PASS", "1": "FAIL"}[strict]
		require.Equal(t, result, o.result["broken"])
		require.Equal(t, "broken", o.attributes["broken"]["verdict"])
		require.Equal(t, note, o.attributes["broken"]["known"])
		require.Empty(t, o.attributes["broken"]["tries"], "what is known is not confirmed")
		require.Equal(t, "PASS", o.result["fixed"])
		require.Equal(t, "holds", o.attributes["fixed"]["verdict"])
		require.NotEmpty(t, o.attributes["fixed"]["fixed-here"])
		require.Equal(t, "FAIL", o.result["news"])
		require.Empty(t, o.attributes["news"]["known"]+o.attributes["news"]["fixed-here"])
		require.Len(t, o.tries(t, "news"), 4)
	}
}

func TestTheEngineDiesInTheSecondTry(t *testing.T) {
	o := inMood(t, "engine-dies")
	require.Equal(t, "FAIL", o.result["engine-dies"])
	require.Equal(t, "error", o.attributes["engine-dies"]["verdict"])
	require.Contains(t, o.attributes["engine-dies"]["reason"], "when it was tried again the environment failed: the engine at tcp://")
	require.Len(t, o.tries(t, "engine-dies"), 2, "nothing more can be known")
}

func TestManyVoices(t *testing.T) {
	o := inMood(t, "many-voices")
	require.Equal(t, "broken", o.attributes["many-voices"]["verdict"])
	require.Regexp(t, `^voice \d`, o.attributes["many-voices"]["reason"])
	require.Len(t, o.tries(t, "many-voices"), 4)
}

func TestEveryTryCleansUp(t *testing.T) {
	o := inMood(t, "cleans-up")
	var want []string
	for try := range 4 {
		try++
		want = append(want, fmt.Sprintf("%d: body in true", try), fmt.Sprintf("%d: registered last", try),
			fmt.Sprintf("%d: registered meanwhile", try), fmt.Sprintf("%d: registered first", try))
	}
	require.Equal(t, want, o.notes)
	o.require(t, "cleans-up", expect{"FAIL", "broken", "failed 4 of 4", "the clean-up of try 1 went wrong", ""})
}

func TestAPanicKeepsNoCleanUpFromRunning(t *testing.T) {
	o := inMood(t, "panics-out")
	require.Equal(t, []string{"registered first"}, o.notes)
	o.require(t, "panics-out", expect{"FAIL", "error", "", "the spec itself panicked: last", ""})
}

func TestACrowdComesToItsEnd(t *testing.T) {
	for _, places := range []string{"1", "2", "3", "8"} {
		t.Run(places, func(t *testing.T) {
			t.Parallel()
			o := inMood(t, "crowd", "-test.parallel="+places)
			for i := range 8 {
				name, verdict, count := fmt.Sprint("claim-", i), "holds", ""
				if i%2 == 0 {
					verdict, count = "broken", "failed 4 of 4"
				}
				require.Equal(t, verdict, o.attributes[name]["verdict"], name)
				require.Equal(t, count, claim.CountTries(o.tries(t, name)), name)
			}
		})
	}
}

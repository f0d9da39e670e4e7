package run

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

// hearer records what a listener hears.
type hearer struct {
	started, finished []string
	outside           []string
	onStart           func()
}

func (h *hearer) Started(c report.Claim) {
	h.started = append(h.started, c.ID)
	if h.onStart != nil {
		h.onStart()
	}
}

func (h *hearer) Finished(c report.Claim) {
	h.finished = append(h.finished, c.ID+" "+c.Verdict.String())
}

func (h *hearer) Line(line string) { h.outside = append(h.outside, line) }

func never() bool { return false }

// replay feeds a captured stream to a new ledger.
func replay(t *testing.T, mood, exit string) (Outcome, *hearer) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "streams", mood))
	assert.NilError(t, err)
	h := &hearer{}
	l := newLedger(toyBook(t).Claims, h, never)
	stream := &lines{each: l.line}
	_, err = stream.Write(content)
	assert.NilError(t, err)
	stream.close()
	return l.close(exit), h
}

// verdicts are those of the toy's claims, in the order of the book.
func verdicts(o Outcome) string {
	var words []string
	for _, c := range o.Claims {
		words = append(words, c.Verdict.String())
	}
	return strings.Join(words, " ")
}

// TestANoteIsNoReason has something that the environment says in passing: people
// see it, but it does not explain a run that ended for no known reason.
func TestANoteIsNoReason(t *testing.T) {
	l := newLedger(toyBook(t).Claims, &hearer{}, never)
	for _, line := range []string{"builders: note: volume data is gone", "builders: clean-up: the run left a volume", "builders: note: and more"} {
		l.line([]byte(`{"Action":"output","Package":"builders.test","Output":"` + line + `\n"}`))
	}
	o := l.close("exit status 1")
	assert.Equal(t, o.Why, "clean-up: the run left a volume")
	assert.DeepEqual(t, o.Said, []string{"clean-up: the run left a volume", "volume data is gone", "and more"})

	l = newLedger(toyBook(t).Claims, &hearer{}, never)
	l.line([]byte(`{"Action":"output","Package":"builders.test","Output":"builders: note: volume data is gone\n"}`))
	assert.Equal(t, l.close("exit status 1").Why, "the specs ended with exit status 1")
}

func TestCapturedStreams(t *testing.T) {
	for _, tc := range []struct {
		stream, exit string
		verdicts     string
		reason       string // of caching/third
		why          string
		unreached    int
	}{
		{
			stream: "broken.jsonl", exit: "exit status 1",
			verdicts: "holds holds not-applicable holds broken holds holds",
			reason:   "the third builder must miss: Should be false",
		}, {
			stream: "hostile.jsonl", exit: "exit status 1",
			verdicts: "holds holds not-applicable holds broken holds holds",
			reason:   "build said red \ufffd\ufffd end",
		}, {
			stream: "panic.jsonl", exit: "exit status 1",
			verdicts:  "holds holds not-applicable error error holds error",
			reason:    "no verdict: the test process ended early: panic: assignment to entry in nil map",
			why:       "the test process ended early: panic: assignment to entry in nil map",
			unreached: 1,
		}, {
			stream: "kill.jsonl", exit: "exit status 1",
			verdicts:  "holds holds not-applicable error error holds error",
			reason:    "no verdict: the test process ended early: signal: killed",
			why:       "the test process ended early: signal: killed",
			unreached: 1,
		}, {
			stream: "timeout.jsonl", exit: "exit status 1",
			verdicts:  "holds holds not-applicable holds error holds error",
			reason:    "no verdict: the test process ended early: panic: test timed out after 2s",
			why:       "the test process ended early: panic: test timed out after 2s",
			unreached: 1,
		}, {
			stream: "chapter.jsonl", exit: "exit status 1",
			verdicts:  "holds holds not-applicable error error error holds",
			reason:    "not reached: TestCaching failed: chapters_test.go:32: the chapter's own preparation failed",
			unreached: 3,
		}, {
			stream: "main.jsonl", exit: "exit status 1",
			verdicts:  "error error error error error error error",
			reason:    "not reached: no Docker Engine answers at unix:///var/run/docker.sock; start Docker",
			why:       "no Docker Engine answers at unix:///var/run/docker.sock; start Docker",
			unreached: 7,
		}, {
			stream: "leak.jsonl", exit: "exit status 1",
			verdicts: "holds holds not-applicable holds holds holds holds",
			why:      "1 container was left behind",
		}, {
			stream: "nothing.jsonl", exit: "",
			verdicts:  "error error error error error error error",
			reason:    "not reached: TestCaching did not run",
			unreached: 7,
		},
	} {
		t.Run(tc.stream, func(t *testing.T) {
			o, h := replay(t, tc.stream, tc.exit)
			assert.Equal(t, verdicts(o), tc.verdicts)
			assert.Equal(t, o.Claims[4].Reason, tc.reason)
			assert.Equal(t, o.Why, tc.why)
			assert.Equal(t, o.Unreached, tc.unreached)
			assert.Assert(t, cmp.Len(h.finished, len(o.Claims)-tc.unreached), "each claim that began is heard of once")
		})
	}
}

func TestWhatIsKeptOfAClaim(t *testing.T) {
	o, h := replay(t, "broken.jsonl", "exit status 1")
	assert.DeepEqual(t, o.Claims[6], report.Claim{
		ID: "processor/prints", Chapter: "processor", Text: "each image prints its architecture",
		Verdict: claim.Holds, Test: "TestProcessor/prints",
		BuildKit: "moby/buildkit:v0.11.5",
		Repro:    "make check BUILDKIT=v0.11.5 RUN=processor/prints", Evidence: "evidence/processor/prints",
		StandIns: []string{"debian:bookworm-slim", "ubuntu:20.04"},
	})
	assert.Equal(t, o.Claims[1].Seconds, 0.2)
	assert.Equal(t, h.finished[0], "builders/platforms not-applicable", "by completion, not by position")
	assert.Assert(t, cmp.Len(h.outside, 0))
	assert.Assert(t, cmp.Len(o.Failures, 0), "a chapter fails with its claims")
}

func TestAChaptersOwnFailureIsTold(t *testing.T) {
	o, _ := replay(t, "chapter.jsonl", "exit status 1")
	assert.DeepEqual(t, o.Failures, []Failure{{
		Test: "TestCaching", Output: []string{"chapters_test.go:32: the chapter's own preparation failed"},
	}})
}

// oneClaim replays a handwritten stream for the claim caching/hits.
func oneClaim(t *testing.T, interrupted func() bool, stream ...string) (report.Claim, Outcome, *hearer) {
	t.Helper()
	h := &hearer{}
	l := newLedger([]claim.Listed{{Claim: claim.Claim{ID: "caching/hits"}, Test: "TestCaching/hits"}}, h, interrupted)
	for _, line := range stream {
		l.line([]byte(strings.ReplaceAll(line, "@", `"Test":"TestCaching/hits"`)))
	}
	o := l.close("")
	return o.Claims[0], o, h
}

func TestWordAndDeedMustAgree(t *testing.T) {
	const holds = `{"Action":"attr",@,"Key":"verdict","Value":"holds"}`
	for name, tc := range map[string]struct {
		stream  []string
		verdict claim.Verdict
		reason  string
	}{
		"no verdict":         {[]string{`{"Action":"pass",@}`}, claim.Error, "the spec ended without a verdict"},
		"failed, yet holds":  {[]string{holds, `{"Action":"fail",@}`}, claim.Error, "the spec failed although its verdict is holds"},
		"skipped, yet holds": {[]string{holds, `{"Action":"skip",@}`}, claim.Error, "the spec was skipped without a reason"},
		"unknown word": {
			[]string{`{"Action":"attr",@,"Key":"verdict","Value":"fine"}`, `{"Action":"pass",@}`},
			claim.Error, `unknown verdict "fine"; known are [holds not-applicable unsteady error broken]`,
		},
		"verdicts only escalate": {
			[]string{`{"Action":"attr",@,"Key":"verdict","Value":"broken"}`, holds, `{"Action":"pass",@}`}, claim.Broken, "",
		},
		"a forged end is not heard before the verdict": {
			[]string{`{"Action":"output",@,"Output":"--- PASS: TestCaching/hits (0.00s)\n"}`, `{"Action":"fail",@}`},
			claim.Error, "the spec ended without a verdict",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, _, _ := oneClaim(t, never, tc.stream...)
			assert.Equal(t, c.Verdict, tc.verdict)
			assert.Equal(t, c.Reason, tc.reason)
		})
	}
}

func TestAnInterruptedSpecSaysNothingAboutBuildKit(t *testing.T) {
	c, o, _ := oneClaim(t, func() bool { return true },
		`{"Action":"attr",@,"Key":"verdict","Value":"broken"}`, `{"Action":"fail",@}`)
	assert.Equal(t, c.Verdict, claim.Error)
	assert.Equal(t, c.Reason, "the run was interrupted")
	assert.Equal(t, o.Why, "the run was interrupted")
}

func TestStrangersAreKept(t *testing.T) {
	_, o, h := oneClaim(t, never,
		`{"Action":"attr",@,"Key":"verdict","Value":"holds"}`, `{"Action":"pass",@}`,
		`{"Action":"attr","Test":"TestOwn/x","Key":"claim","Value":"own/x"}`,
		`{"Action":"attr","Test":"TestOwn/x","Key":"verdict","Value":"broken"}`,
		`{"Action":"fail","Test":"TestOwn/x"}`, `{"Action":"fail","Test":"TestOwn"}`)
	assert.Assert(t, cmp.Len(o.Claims, 2))
	assert.Equal(t, o.Claims[1].Chapter, "own")
	assert.DeepEqual(t, h.finished, []string{"caching/hits holds", "own/x broken"})
	assert.Assert(t, cmp.Len(o.Failures, 0))
}

func FuzzStream(f *testing.F) {
	files, err := filepath.Glob("testdata/streams/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Add([]byte("{\"Action\":\"attr\",\"Test\":\"TestCaching/hits\",\"Key\":\"reason\",\"Value\":\"\x1b[31m\xff\"}"))
	toy := toyBook(f).Claims
	f.Fuzz(func(t *testing.T, stream []byte) {
		h := &hearer{}
		l := newLedger(toy, h, never)
		writer := &lines{each: l.line}
		// In two pieces, as a pipe may deliver it.
		for _, piece := range [][]byte{stream[:len(stream)/2], stream[len(stream)/2:]} {
			_, err := writer.Write(piece)
			assert.NilError(t, err)
		}
		writer.close()
		o := l.close("exit status 1")
		assert.Assert(t, len(o.Claims) >= len(toy))
		said := slices.Concat(h.outside, o.Said)
		for _, c := range o.Claims {
			_, err := claim.ParseVerdict(c.Verdict.String())
			assert.NilError(t, err)
			said = append(said, c.ID, c.Reason, c.Evidence, c.Repro, c.Test)
		}
		for _, line := range said {
			assert.Assert(t, !bytes.ContainsAny([]byte(line), "\x1b\n\r\x00"), "%q", line)
		}
	})
}

package spec

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"builders.test/helpers/claim"
	"builders.test/helpers/env"
)

// proof is one claim on its way to a verdict.
type proof struct {
	test     *testing.T
	env      *env.Environment
	claim    claim.Claim
	body     func(*T)
	schedule *schedule
	tries    []*T
	verdict  claim.Verdict
	reason   string
}

// Prove runs body as a subtest named after the claim, in parallel with others as far as
// there are places ([env.Environment.Places]), and reports the verdict as attributes of
// the test: claim, chapter, verdict, reason, seconds, evidence, repro.
//
// A claim that fails, but not because of the environment, is retried when nothing
// else builds, on fresh builders, and finally alongside the claims
// that ran when it failed. It is broken if it failed every time, and unsteady if it
// did not. The test fails for a broken claim and for an error. It passes for an
// unsteady claim, and for one that is known to be broken in the release under test,
// unless the environment is strict.
func Prove(parent *testing.T, e *env.Environment, c claim.Claim, body func(*T)) {
	parent.Helper()
	parent.Run(c.Name(), func(inner *testing.T) {
		p := &proof{test: inner, env: e, claim: c, body: body, schedule: scheduleOf(e)}
		p.schedule.announce()
		inner.Parallel()
		p.begin()
	})
}

// begin registers the conclusion before anything else, so that it runs after
// the tries that follow in a subtest.
func (p *proof) begin() {
	p.test.Cleanup(p.conclude)
	first := p.try()
	p.schedule.take(first)
	// The attributes mark the beginning: until here the claim had no place.
	p.test.Attr("claim", p.claim.ID)
	p.test.Attr("chapter", p.claim.Chapter())
	first.run()
	p.schedule.leave(first)
	switch {
	case first.verdict == claim.NotApplicable:
		p.test.Skip(first.reason)
	case first.verdict == claim.Broken && p.again() > 0:
		p.later(p.confirm)
	}
}

// later does something in a subtest: its turn comes after all claims of the
// chapter have begun. If the user's choice of tests excludes the subtest, it is done at once.
func (p *proof) later(do func()) {
	chosen := false
	p.test.Run("again", func(again *testing.T) {
		chosen = true
		again.Parallel()
		do()
	})
	if !chosen {
		do()
	}
}

// try makes the next try without starting it.
func (p *proof) try() *T {
	t := &T{
		TB: p.test, Env: p.env, Claim: p.claim, Driver: p.claim.DriverOr(p.env.Driver),
		proof: p, number: len(p.tries) + 1, beside: map[*proof]bool{},
	}
	p.tries = append(p.tries, t)
	return t
}

// again returns how many more tries the first failure asks for. A known fault of
// the release is not an accusation, and a claim that did not end takes its whole
// deadline each time.
func (p *proof) again() int {
	first := p.tries[0]
	switch {
	case p.claim.KnownFault(first.BuildKit, p.env.Buildx.Version) != "":
		return 0
	case first.late:
		return min(1, p.env.Confirm)
	}
	return p.env.Confirm
}

// confirm retries the claim: alone, and finally alongside the claims that ran when
// it failed, if there were any. A single retry is alone. If the environment fails
// meanwhile, the retries end: nothing more can be learned.
func (p *proof) confirm() {
	first := p.tries[0]
	defer p.schedule.quiet()()
	first.forgetIdle()
	for left := p.again(); left > 0; left-- {
		if !p.inTime(left) {
			return
		}
		t := p.try()
		t.round = fmt.Sprintf("try %d of %s", t.number, p.claim.ID)
		if left == 1 && t.number > 2 && len(first.beside) > 0 {
			p.schedule.besides(t, first.beside)
		} else {
			t.run()
		}
		if t.verdict == claim.Error {
			return
		}
	}
}

// inTime reports whether the test process lives long enough for the remaining
// tries, if each takes as long as the longest so far.
func (p *proof) inTime(left int) bool {
	end, bounded := p.test.Deadline()
	if !bounded {
		return true
	}
	longest := time.Duration(0)
	for _, t := range p.tries {
		longest = max(longest, t.took)
	}
	const toClose = 30 * time.Second
	return time.Until(end) > longest*time.Duration(left)+toClose
}

// conclude writes the verdict into the test stream.
func (p *proof) conclude() {
	if len(p.tries) == 0 || p.tries[0].took == 0 {
		return // the first try never ended; the report says why
	}
	first, counted := p.tries[0], p.counted()
	verdict, reason := claim.Judge(counted, p.again())
	p.verdict, p.reason = verdict, oneLine(reason)
	known := ""
	if p.verdict == claim.Broken {
		known = p.claim.KnownFault(first.BuildKit, p.env.Buildx.Version)
	}
	attr := func(key, value string) {
		if value != "" {
			p.test.Attr(key, value)
		}
	}
	attr("verdict", p.verdict.String())
	attr("seconds", strconv.FormatFloat(p.took().Seconds(), 'f', 2, 64))
	attr("reason", p.reason)
	attr("known", known)
	if p.verdict == claim.Holds {
		attr("fixed-here", p.claim.FixedHere(first.BuildKit, p.env.Buildx.Version))
	}
	if len(counted) > 1 {
		attr("tries", tries(counted))
	}
	if first.Evidence != nil {
		attr("evidence", first.Evidence.Name())
	}
	attr("repro", p.env.Repro(p.claim.ID, p.test.Name()))
	shown := p.shown()
	attr("stand-ins", shown.replaced())
	for _, fact := range shown.facts {
		attr("fact", fact)
	}
	p.announce(known, counted)
}

// took returns how long the tries took, without the time in which the claim had to wait
// for its turn.
func (p *proof) took() time.Duration {
	total := time.Duration(0)
	for _, t := range p.tries {
		total += t.took
	}
	return total
}

// shown returns the try whose facts count: the first that held, or else the first.
func (p *proof) shown() *T {
	for _, t := range p.tries {
		if t.verdict == claim.Holds {
			return t
		}
	}
	return p.tries[0]
}

// announce makes the test fail, or say why it does not.
func (p *proof) announce(known string, counted []claim.Try) {
	p.test.Helper()
	say := p.test.Errorf
	if (p.verdict == claim.Unsteady || known != "") && !p.env.Strict {
		say = p.test.Logf
	}
	word := p.verdict.String()
	if known != "" {
		word += " (known)"
	}
	if count := claim.CountTries(counted); count != "" {
		word += ", " + count
	}
	if p.verdict >= claim.Unsteady {
		say("%s: %s", word, strings.TrimSpace(p.reason+" "+known))
	}
}

// counted returns what the tries came to, as data.
func (p *proof) counted() []claim.Try {
	var all []claim.Try
	for _, t := range p.tries {
		one := claim.Try{Verdict: t.verdict, Reason: t.reason, Seconds: t.took.Seconds(), Beside: len(t.beside) > 0}
		if t.Evidence != nil {
			one.Evidence = t.Evidence.Name()
		}
		all = append(all, one)
	}
	return all
}

func tries(all []claim.Try) string {
	encoded, err := json.Marshal(all)
	if err != nil {
		// Only a number that JSON cannot express, such as NaN, would fail to be encoded.
		panic(fmt.Sprintf("spec: encode the tries: %v", err))
	}
	return string(encoded)
}

// oneLine makes text fit for an attribute: valid, printable, one line, and short
// enough to read.
func oneLine(text string) string {
	const limit = 600
	text = strings.Map(printable, strings.ToValidUTF8(text, "\uFFFD"))
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > limit {
		return string(runes[:limit]) + " …"
	}
	return string(runes)
}

func printable(r rune) rune {
	switch {
	case r == '\n' || r == '\t':
		return ' '
	case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0:
		return -1
	}
	return r
}

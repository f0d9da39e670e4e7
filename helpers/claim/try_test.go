package claim

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Short names for tries of every kind, for tables.
var (
	held         = Try{Verdict: Holds}
	heldBeside   = Try{Verdict: Holds, Beside: true}
	failed       = Try{Verdict: Broken, Reason: "it failed"}
	failedBeside = Try{Verdict: Broken, Reason: "it failed", Beside: true}
	errored      = Try{Verdict: Error, Reason: "no engine"}
	missing      = Try{Verdict: NotApplicable, Reason: "needs arm64: there is none"}
)

func TestJudge(t *testing.T) {
	const (
		noTime     = "it failed, and there was no time to try it again (give go test a longer -timeout): it failed"
		noEngine   = "it failed, and when it was tried again the environment failed: no engine; at first: it failed"
		noPlatform = "it failed, and when it was tried again the environment failed: needs arm64: there is none; at first: it failed"
	)
	for name, c := range map[string]struct {
		tries          []Try
		again          int
		verdict        Verdict
		reason, counts string
	}{
		"holds at once":                      {[]Try{held}, 3, Holds, "", ""},
		"holds alongside others":             {[]Try{heldBeside}, 3, Holds, "", ""},
		"does not apply":                     {[]Try{missing}, 3, NotApplicable, missing.Reason, ""},
		"the environment fails at once":      {[]Try{errored}, 3, Error, "no engine", ""},
		"fails each time":                    {[]Try{failedBeside, failed, failed, failedBeside}, 3, Broken, "it failed", "failed 4 of 4"},
		"fails each time, nothing alongside": {[]Try{failed, failed, failed, failed}, 3, Broken, "it failed", "failed 4 of 4"},
		"hangs twice":                        {[]Try{failed, failed}, 1, Broken, "it failed", "failed 2 of 2"},
		"fails once":                         {[]Try{failedBeside, held, held, heldBeside}, 3, Unsteady, "it failed", "failed 1 of 4"},
		"fails once, nothing alongside":      {[]Try{failed, held, held, held}, 3, Unsteady, "it failed", "failed 1 of 4"},
		"fails three times of four":          {[]Try{failed, failed, held, failed}, 3, Unsteady, "it failed", "failed 3 of 4"},
		"only alongside others":              {[]Try{failedBeside, held, held, failedBeside}, 3, Unsteady, "it failed", "failed 2 of 4, only alongside other builds"},
		"alone, too":                         {[]Try{failedBeside, held, failed, failedBeside}, 3, Unsteady, "it failed", "failed 3 of 4"},
		"known, so asked once":               {[]Try{failed}, 0, Broken, "it failed", ""},
		"no time":                            {[]Try{failedBeside}, 3, Error, noTime, ""},
		"time for one":                       {[]Try{failedBeside, failed}, 3, Broken, "it failed", "failed 2 of 2"},
		"the environment fails again":        {[]Try{failed, errored}, 3, Error, noEngine, "failed 1 of 1"},
		"the environment fails later":        {[]Try{failed, failed, errored}, 3, Error, noEngine, "failed 2 of 2"},
		"it held before the environment":     {[]Try{failed, held, errored}, 3, Unsteady, "it failed", "failed 1 of 2"},
		"a need went missing in between":     {[]Try{failed, missing, missing, missing}, 3, Error, noPlatform, "failed 1 of 1"},
		"an error without a word":            {[]Try{failed, failed, {Verdict: Error}}, 3, Error, "it failed, and when it was tried again the environment failed: ; at first: it failed", "failed 2 of 2"},
	} {
		t.Run(name, func(t *testing.T) {
			verdict, reason := Judge(c.tries, c.again)
			require.Equal(t, c.verdict.String(), verdict.String())
			require.Equal(t, c.reason, reason)
			require.Equal(t, c.counts, CountTries(c.tries))
		})
	}
}

func TestFailures(t *testing.T) {
	f, asked := Failures([]Try{failed, held, errored, missing, failedBeside})
	require.Equal(t, []int{2, 3}, []int{f, asked}, "what the environment did is not counted")
}

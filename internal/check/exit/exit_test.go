package exit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"gotest.tools/v3/assert"
)

func reported(claims ...report.Claim) report.Report { return report.New(report.Subject{}, claims) }

func TestCodesOfRuns(t *testing.T) {
	holds := reported(report.Claim{ID: "a/b"})
	broken := reported(report.Claim{ID: "a/b", Verdict: claim.Broken})
	known := reported(report.Claim{ID: "a/b", Verdict: claim.Broken, Known: "moby/buildkit#1"})
	unsteady := reported(report.Claim{ID: "a/b", Verdict: claim.Unsteady})
	unknown := reported(report.Claim{ID: "a/b", Verdict: claim.Error}, report.Claim{ID: "a/c", Verdict: claim.Unsteady})
	leaky := reported(report.Claim{ID: "a/b"})
	leaky.RunErrors = []string{"left behind"}
	for name, tc := range map[string]struct {
		runs            []report.Report
		failed          int
		lenient, strict int
	}{
		"all hold":             {[]report.Report{holds, holds}, 0, Holds, Holds},
		"one is broken":        {[]report.Report{unknown, broken, holds}, 1, Broken, Broken},
		"a known fault":        {[]report.Report{known}, 0, Holds, Broken},
		"one wavers":           {[]report.Report{unsteady}, 0, Holds, Broken},
		"an error comes first": {[]report.Report{unknown}, 0, Environment, Environment},
		"but not elsewhere":    {[]report.Report{unknown, unsteady}, 0, Environment, Broken},
		"something was left":   {[]report.Report{leaky}, 0, Environment, Environment},
		"one was not made":     {[]report.Report{holds}, 1, Environment, Environment},
	} {
		t.Run(name, func(t *testing.T) {
			var said bytes.Buffer
			assert.Equal(t, Say(t.Context(), NewsOnly.Runs(tc.failed, tc.runs...), &said), tc.lenient)
			assert.Equal(t, Say(t.Context(), Strictly.Runs(tc.failed, tc.runs...), &said), tc.strict)
			assert.Equal(t, said.String(), "", "the verdicts have said it")
		})
	}
}

func TestWhatIsSaidIsOneLine(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	cancelled := fmt.Errorf("wait: %w", context.Canceled)
	for _, tc := range []struct {
		err  error
		code int
		said string
	}{
		{nil, Holds, ""},
		{Error{Code: Broken}, Broken, ""},
		{fmt.Errorf("check: %w", Error{Code: Broken, Cause: errors.New("so")}), Broken, "builders: so\n"},
		{Told("it died", With(0, 1)), Environment, "builders: it died\n"},
		{Told("it died", With(0, 0)), Holds, ""},
		{errors.New("two\nlines"), Environment, "builders: two lines\n"},
		{cancelled, Environment, "builders: wait: context canceled\n"},
	} {
		var said bytes.Buffer
		assert.Equal(t, Say(ctx, tc.err, &said), tc.code)
		assert.Equal(t, said.String(), tc.said)
	}
	interrupt()
	var said bytes.Buffer
	assert.Equal(t, Say(ctx, cancelled, &said), Environment)
	assert.Equal(t, said.String(), "builders: interrupted\n")
}

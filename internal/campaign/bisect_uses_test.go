package campaign

import (
	"testing"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"github.com/stretchr/testify/require"
)

func TestBrokeBetween(t *testing.T) {
	good := report.Report{Claims: []report.Claim{
		{ID: "a/held", Verdict: claim.Holds}, {ID: "a/broke", Verdict: claim.Holds}, {ID: "a/known", Verdict: claim.Holds},
		{ID: "a/never", Verdict: claim.Broken}, {ID: "a/lost", Verdict: claim.Holds},
	}}
	bad := report.Report{Claims: []report.Claim{
		{ID: "a/held", Verdict: claim.Holds}, {ID: "a/broke", Verdict: claim.Broken}, {ID: "a/known", Verdict: claim.Broken, Known: "moby/buildkit#1"},
		{ID: "a/never", Verdict: claim.Broken}, {ID: "a/lost", Verdict: claim.Error}, {ID: "a/new", Verdict: claim.Broken},
	}}
	require.Equal(t, []string{"a/broke", "a/known"}, brokeBetween(good, bad))
}

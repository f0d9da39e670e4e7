package page

import (
	"testing"

	"builders.test/internal/results"
	"gotest.tools/v3/assert"
)

func TestWhatWentWrongBesideTheClaimsStandsAbove(t *testing.T) {
	run := sampleRun(t, "v0.34.2", sampleClaims()[:1])
	run.Report.RunErrors = []string{"left behind: " + hostile}
	content, err := Render(results.Of(readBack(t, run)), t.TempDir())
	assert.NilError(t, err)
	doc := parse(t, content)
	assert.Equal(t, doc.Find(".run-errors li").Length(), 1)
	assert.Assert(t, doc.Find("header.verdict").HasClass("error"))
	assert.Equal(t, doc.Find(".run-errors script").Length(), 0)
}

package sabotage

import (
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"gotest.tools/v3/assert"
)

func TestPageTellsWhatWavered(t *testing.T) {
	scores := []Score{
		{Sabotage: Sabotage{Name: "always", Does: "is always wrong"}, Killed: []string{"a/b"}},
		{Sabotage: Sabotage{Name: "never", Does: "has no engine"}, Stopped: []string{"a/b"}},
		{Sabotage: Sabotage{Name: "at-times", Does: "is wrong at times"}, Wavered: []Wavering{{"a/b", "failed 2 of 4"}, {"a/c", "failed 1 of 4"}}},
		{Sabotage: Sabotage{Name: "missed", Does: "is not seen"}, Survived: []string{"a/b"}},
	}
	page := Page(scores, Facts{Book: []claim.Listed{{Claim: claim.Claim{ID: "a/b"}}, {Claim: claim.Claim{ID: "a/c"}}}})
	for _, line := range []string{
		"| sabotage | fault | broken claims | unsteady claims | errors |",
		"| always | is always wrong | `a/b` |  |  |",
		"| never | has no engine |  |  | `a/b` |",
		"| at-times | is wrong at times |  | `a/b` failed 2 of 4; `a/c` failed 1 of 4 |  |",
		"| missed (**not noticed by `a/b`**) | is not seen |  |  |  |",
		"No sabotage kills `a/c`.",
	} {
		assert.Assert(t, strings.Contains(page, line+"\n"), "%s\nis not in\n%s", line, page)
	}
	assert.Assert(t, strings.Contains(page, "caught 3 of 4 sabotages; 1 of 2 claims"), page)
}

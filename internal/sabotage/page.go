package sabotage

import (
	"fmt"
	"strings"
	"time"

	"builders.test/helpers/claim"
)

// Facts are what a selftest was about.
type Facts struct {
	Date time.Time
	Took time.Duration
	// BuildKit and Buildx are the versions that were made wrong.
	BuildKit, Buildx string
	// Spared are the claims that each sabotage must leave alone.
	Spared []string
	// Book are the claims that some sabotage should kill.
	Book []claim.Listed
}

// Page returns the table of a selftest as Markdown.
func Page(scores []Score, facts Facts) string {
	caught, killed := 0, Killed(scores)
	for _, score := range scores {
		if score.Caught() {
			caught++
		}
	}
	var spared []string
	for _, claim := range facts.Book {
		if !killed[claim.ID] {
			spared = append(spared, claim.ID)
		}
	}
	var page strings.Builder
	page.WriteString("# Can the specs fail?\n\n")
	page.WriteString("`make selftest` breaks the toolchain on purpose, one fault at a time, in places where a real fault\n" +
		"could be: a plugin in front of buildx, a BuildKit that is configured or compiled differently, a mirror that serves the\n" +
		"wrong image, an engine that forgets. It runs the claims that must notice, with some that must not, and wrote this page.\n" +
		"A claim that fails is retried once (`CONFIRM=1`), with a sabotage that acts only some of the time three times.\n\n")
	fmt.Fprintf(&page, "%s, BuildKit %s, buildx %s: caught %d of %d sabotages; %d of %d claims were turned broken by at least one; %.0f s.\n",
		facts.Date.Format(time.DateOnly), facts.BuildKit, facts.Buildx, caught, len(scores), len(facts.Book)-len(spared), len(facts.Book), facts.Took.Seconds())
	fmt.Fprintf(&page, "None affects %s. `builders selftest --measure --sabotage drop-load --run output` lists every claim of a chapter that notices.\n\n", codes(facts.Spared))
	page.WriteString("| sabotage | fault | broken claims | unsteady claims | errors |\n|---|---|---|---|---|\n")
	for _, score := range scores {
		fmt.Fprintf(&page, "| %s%s | %s | %s | %s | %s |\n", score.Sabotage.Name, remark(score), score.Sabotage.Does, codes(score.Killed), wavering(score.Wavered), codes(score.Stopped))
	}
	page.WriteString(unkilled(spared))
	return page.String()
}

// wavering lists claims with their counts.
func wavering(all []Wavering) string {
	var said []string
	for _, one := range all {
		said = append(said, fmt.Sprintf("`%s` %s", one.ID, one.Count))
	}
	return strings.Join(said, "; ")
}

// remark says what a sabotage should have done and did not.
func remark(s Score) string {
	var words []string
	for what, ids := range map[string][]string{"not noticed by": s.Survived, "blamed wrongly by": s.Misattributed, "not known of": s.Unknown} {
		if len(ids) > 0 {
			words = append(words, what+" "+codes(ids))
		}
	}
	if len(words) == 0 {
		return ""
	}
	return " (**" + strings.Join(words, "; ") + "**)"
}

// unkilled lists the claims that no sabotage turned broken.
func unkilled(ids []string) string {
	if len(ids) == 0 {
		return "\nEvery claim is killed by at least one sabotage.\n"
	}
	return "\nNo sabotage kills " + codes(ids) + ".\n"
}

func codes(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return "`" + strings.Join(ids, "`, `") + "`"
}

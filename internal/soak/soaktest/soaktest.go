// Package soaktest has a soak for tests of what shows one.
package soaktest

import (
	"fmt"

	"builders.test/helpers/claim"
	"builders.test/helpers/subject"
	"builders.test/internal/report"
	"builders.test/internal/soak"
)

// Reason is what the failing claim of the sample says.
const Reason = "the metadata file has no provenance: <b>`blob`</b> | not found"

// Sample is three runs of one release, the second with one alongside, and two of
// another, one of which could not be made. In the first release a claim is unsteady
// once and broken once, one has a known fault, one does not apply.
func Sample() soak.Soak {
	old := func(number int, failing report.Claim) soak.Run {
		return Run(number, "v0.11.5", float64(200+10*number), failing,
			report.Claim{ID: "output/known", Verdict: claim.Broken, Known: "moby/buildkit#1", Reason: "as known", Seconds: 2},
			report.Claim{ID: "output/newer", Verdict: claim.NotApplicable, Reason: "needs buildkit>=0.13"})
	}
	steady := report.Claim{ID: "caching/second", Text: "The second `build` hits", Seconds: 4}
	wavers := steady
	wavers.Verdict, wavers.Reason, wavers.Seconds, wavers.Evidence = claim.Unsteady, Reason, 30, "evidence/caching/second"
	wavers.Tries = []report.Try{
		{Verdict: claim.Broken, Reason: Reason, Evidence: "evidence/caching/second", Beside: true},
		{Evidence: "evidence/caching/second.try-2"}, {Evidence: "evidence/caching/second.try-3"}, {Evidence: "evidence/caching/second.try-4"},
	}
	broken := wavers
	broken.Verdict, broken.Seconds = claim.Broken, 12
	broken.Tries = []report.Try{
		{Verdict: claim.Broken, Evidence: "evidence/caching/second"}, {Verdict: claim.Broken, Evidence: "evidence/caching/second.try-2"},
	}
	one, two, beside, three := old(1, steady), old(2, wavers), old(2, broken), old(3, steady)
	two.Company, beside.Company, beside.Second = true, true, true
	beside.Folder += "-beside"
	three.Report.RunErrors = []string{"left behind: container x"}

	newer := Run(1, "v0.34.2", 180, steady,
		report.Claim{ID: "output/known", Seconds: 2}, report.Claim{ID: "output/newer", Seconds: 1})
	unmade := soak.Run{Number: 2, Folder: "v0.34.2/run-02", Failed: "the engine does not answer"}
	return soak.Of(3,
		soak.Column{Label: "BuildKit v0.11.5", Short: "v0.11.5", Runs: []soak.Run{one, two, beside, three}},
		soak.Column{Label: "BuildKit v0.34.2", Short: "v0.34.2", Runs: []soak.Run{newer, unmade}})
}

// Run returns a run with a report of the claims.
func Run(number int, version string, seconds float64, claims ...report.Claim) soak.Run {
	for i := range claims {
		claims[i].Chapter = claim.Claim{ID: claims[i].ID}.Chapter()
		if claims[i].Text == "" {
			claims[i].Text = "The sentence of " + claims[i].ID
		}
	}
	r := report.New(report.Subject{
		BuildKit: subject.BuildKit{Version: version}, Buildx: subject.Buildx{Version: "v0.38.2"},
		Engine: subject.Engine{Version: "29.8.1", Store: "containerd"}, Driver: "docker-container",
		Host: subject.Host{Kernel: "6.1.0"},
	}, claims)
	return soak.Run{Number: number, Folder: fmt.Sprintf("%s/run-%02d", version, number), Seconds: seconds, Report: &r}
}

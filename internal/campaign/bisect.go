package campaign

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"builders.test/helpers/claim"
	"builders.test/internal/bisect"
	"builders.test/internal/check"
	"builders.test/internal/check/exit"
	"builders.test/lab"
)

// Bisect is a search for the release in which one claim broke.
type Bisect struct {
	check.Workspace
	// Request is for each release; its folder has a subfolder for each.
	Request check.Request
	// Claim is the claim's id, Good a release in which it holds, and Bad a later
	// one in which it is broken. Without a claim, those that the request chooses by Uses
	// are tested at both ends, and each that broke is searched for.
	Claim, Good, Bad string
	// Releases lists the known releases of BuildKit.
	Releases func(context.Context) ([]string, error)
}

// search is a bisection in progress.
type search struct {
	Bisect
	project check.Project
	// tries counts how often each release was asked.
	tries map[string]int
}

// Run ends with the last good and the first bad release, and with how certain that is.
func (b Bisect) Run(ctx context.Context) error {
	uses := b.Request.Choice.Uses
	if b.Claim == "" && uses == "" || b.Bad == "" {
		return errors.New("bisect needs BAD, a release in which something is broken, and CLAIM, the id of a claim, or USES, a project of yours; `builders claims` lists the ids")
	}
	if b.Claim != "" && uses != "" {
		return fmt.Errorf("CLAIM=%s and USES=%s are two choices; leave one of them out", b.Claim, uses)
	}
	project, err := b.Open(ctx, b.Request)
	if err != nil {
		return err
	}
	if uses != "" {
		return b.each(ctx, project)
	}
	return b.search(ctx, project)
}

// search looks for the release in which the claim broke.
func (b Bisect) search(ctx context.Context, project check.Project) error {
	selection, err := project.Book.Select(b.Claim)
	if err != nil {
		return fmt.Errorf("CLAIM=%s: %w", b.Claim, err)
	}
	if len(selection.Claims) != 1 {
		return fmt.Errorf("CLAIM=%s is %d claims; name one by its id", b.Claim, len(selection.Claims))
	}
	known, err := b.Releases(ctx)
	if err != nil {
		return err
	}
	releases, err := bisect.Between(known, b.Good, b.Bad)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.Stdout, "%d releases from %s to %s\n", len(releases), releases[0], releases[len(releases)-1])
	b.Request.Choice = check.Choice{Run: b.Claim}
	s := search{Bisect: b, project: project, tries: map[string]int{}}
	answer, err := bisect.Search(ctx, releases, s.judge, b.tell)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.Stdout, "\n%d of %d releases judged in %d tries\n", answer.Judged, len(releases), answer.Tries)
	b.conclude(answer)
	if answer.Wavers && answer.Probability < bisect.Sure {
		return exit.Error{Code: exit.Environment}
	}
	return nil
}

// judge tries the claim once on one release.
func (s search) judge(ctx context.Context, version string) (bisect.Finding, error) {
	one := s.Request
	one.Cell.BuildKit, one.Confirm, one.Out = version, "0", filepath.Join(s.Request.Out, version)
	if s.tries[version] == 0 {
		if err := forgetAgain(one.Out); err != nil {
			return bisect.Finding{}, err
		}
	} else {
		// Further tries have a folder inside the first one's. The release is made by
		// then; the lab would say so each time.
		one = one.Alone(filepath.Join(one.Out, fmt.Sprintf(againFolder, s.tries[version])))
		s.project.Stderr = io.Discard
	}
	s.tries[version]++
	started := time.Now()
	result, err := s.project.Run(ctx, one, unseen(s.Stderr, one))
	if errors.Is(err, lab.ErrNoRelease) {
		fmt.Fprintf(s.Stdout, "  %-10s there is no such release\n", version)
		return bisect.Finding{}, bisect.ErrAbsent
	}
	if ctx.Err() != nil {
		return bisect.Finding{}, ctx.Err()
	}
	if err != nil {
		return bisect.Finding{Verdict: claim.Error, Reason: err.Error()}, nil // such as one that does not compile
	}
	claim := result.Report.Claims[0]
	return bisect.Finding{
		Verdict: claim.Verdict, Reason: claim.Reason, Seconds: time.Since(started).Seconds(),
		Evidence: filepath.Join(one.Out, claim.Evidence),
	}, nil
}

func (b Bisect) tell(f bisect.Finding) {
	line := fmt.Sprintf("  %-10s %-8s %4.0f s", f.Version, f.Verdict, f.Seconds)
	if f.Reason != "" && f.Verdict != claim.Holds {
		line += "  " + f.Reason
	}
	fmt.Fprintln(b.Stdout, line)
}

func (b Bisect) conclude(a bisect.Answer) {
	fmt.Fprintf(b.Stdout, "%s, %.0f %% sure\n", changeInWords(a.Change), percent(a.Probability))
	if a.Wavers {
		fmt.Fprintf(b.Stdout, "  the claim fails only sometimes: %s times with %s, %s with %s\n",
			a.FirstBad.Count, a.FirstBad.Version, a.LastGood.Count, a.LastGood.Version)
	}
	for _, f := range a.Unjudged {
		fmt.Fprintf(b.Stdout, "  %s lies between them and cannot be judged here: %s: %s\n", f.Version, f.Verdict, f.Reason)
	}
	for _, other := range a.Others {
		fmt.Fprintf(b.Stdout, "  or %s, %.0f %% sure\n", changeInWords(other), percent(other.Probability))
	}
	bad, good := a.FirstBad, a.LastGood
	fmt.Fprintf(b.Stdout, "  %s: %s\n", bad.Version, bad.Finding.Reason)
	fmt.Fprintf(b.Stdout, "  evidence of %s: %s\n  evidence of %s: %s\n", good.Version, good.Finding.Evidence, bad.Version, bad.Finding.Evidence)
}

func changeInWords(c bisect.Change) string {
	return fmt.Sprintf("first bad: %s, last good: %s", c.FirstBad.Version, c.LastGood.Version)
}

// percent never returns a full hundred: nothing is that certain.
func percent(probability float64) float64 { return min(100*probability, 99) }

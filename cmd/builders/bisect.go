package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"builders.test/helpers/claim"
	"builders.test/helpers/subject"
	"builders.test/internal/bisect"
	"builders.test/internal/console"
	"builders.test/internal/exit"
	"builders.test/lab"
	"github.com/spf13/cobra"
)

// bisection is a search for the release in which one claim broke.
type bisection struct {
	*check
	claim, good, bad string
	// releases lists the known releases of BuildKit.
	releases func(context.Context) ([]string, error)
	// tries counts how often each release was asked.
	tries map[string]int
}

func newBisectCommand() *cobra.Command {
	b := &bisection{check: newCheck(), releases: lab.Releases, tries: map[string]int{}}
	b.regressions = true
	command := &cobra.Command{
		Use:   "bisect",
		Short: "Finds the BuildKit release in which a claim broke",
		Long: `bisect puts one claim to the test on releases between a good and a bad one,
and ends with the last good and the first bad release and with how sure that is.
The releases are those of the module's own list; a patch release that is missing
there is tried by its name once. Both ends are tested first.

Of a claim that fails each time the distance is halved, and the two releases of the
answer are tested twice. One that fails only sometimes is tested more often with
each release, always with that which is expected to tell most, until the answer is
95 % sure. A release that cannot be judged, because it cannot be built, the
environment failed or the claim does not apply, is neither good nor bad.

It exits with 0 when the answer is found, and with 2 when good is not good, bad
is not bad, both are alike, or an answer about a claim that fails only sometimes is
less than 95 % sure.

The flags have variables of the same names: CLAIM, GOOD, BAD, BUILDX, DRIVER,
STORE, SPECS and OUT.`,
		Example: `  builders bisect --claim caching/registry-strict --good v0.11.5 --bad v0.34.2
  builders bisect --claim specs/app --specs ./specs --good v0.16.0 --bad v0.18.0`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			b.stdout, b.stderr = command.OutOrStdout(), command.ErrOrStderr()
			return b.run(command.Context())
		},
	}
	flags := command.Flags()
	flags.StringVar(&b.claim, "claim", variable("CLAIM", ""), "the claim's id")
	flags.StringVar(&b.good, "good", variable("GOOD", subject.DefaultBuildKit), "a release in which the claim holds")
	flags.StringVar(&b.bad, "bad", variable("BAD", ""), "a later release in which it is broken")
	flags.StringVar(&b.buildx, "buildx", variable("BUILDX", ""), "buildx to use: a release or a plugin's path (default the one that docker finds)")
	b.cellFlags(flags)
	flags.StringVar(&b.specs, "specs", variable("SPECS", ""), "a folder with scripts of your own, out of which the claim is")
	flags.StringVar(&b.out, "out", variable("OUT", filepath.Join("build", "bisect")), "folder for the reports and the evidence, one folder for each release")
	return command
}

func (b *bisection) run(ctx context.Context) error {
	if b.claim == "" || b.bad == "" {
		return errors.New("bisect needs CLAIM, the id of a claim, and BAD, a release in which it is broken; `builders claims` lists the ids")
	}
	if err := b.oneClaim(ctx); err != nil {
		return err
	}
	known, err := b.releases(ctx)
	if err != nil {
		return err
	}
	releases, err := bisect.Between(known, b.good, b.bad)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.stdout, "%d releases from %s to %s\n", len(releases), releases[0], releases[len(releases)-1])
	answer, err := bisect.Search(ctx, releases, b.judge, b.tell)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.stdout, "\n%d of %d releases judged in %d tries\n", answer.Judged, len(releases), answer.Tries)
	b.conclude(answer)
	if answer.Wavers && answer.Probability < bisect.Sure {
		return exit.Error{Code: exit.Environment}
	}
	return nil
}

// oneClaim makes sure that the claim is one.
func (b *bisection) oneClaim(ctx context.Context) error {
	b.choice = b.claim
	selection, err := b.selection(ctx)
	if err != nil {
		return fmt.Errorf("CLAIM=%s: %w", b.claim, err)
	}
	if len(selection.Claims) != 1 {
		return fmt.Errorf("CLAIM=%s is %d claims; name one by its id", b.claim, len(selection.Claims))
	}
	return nil
}

// judge tries the claim once on one release.
func (b *bisection) judge(ctx context.Context, version string) (bisect.Finding, error) {
	one, err := b.on(version)
	if err != nil {
		return bisect.Finding{}, err
	}
	started := time.Now()
	p, err := one.prove(ctx, console.New(io.Discard, b.stderr, one.out))
	if errors.Is(err, lab.ErrNoRelease) {
		fmt.Fprintf(b.stdout, "  %-10s there is no such release\n", version)
		return bisect.Finding{}, bisect.ErrAbsent
	}
	if ctx.Err() != nil {
		return bisect.Finding{}, ctx.Err()
	}
	if err != nil {
		return bisect.Finding{Verdict: claim.Error, Reason: err.Error()}, nil // such as one that does not compile
	}
	claim := p.report.Claims[0]
	return bisect.Finding{
		Verdict: claim.Verdict, Reason: claim.Reason, Seconds: time.Since(started).Seconds(),
		Evidence: filepath.Join(one.out, claim.Evidence),
	}, nil
}

// on is the check on a release. The first try has the release's folder, and each
// further one a folder in it.
func (b *bisection) on(version string) (*check, error) {
	side := *b.check
	side.buildkit, side.out, side.confirm = version, filepath.Join(b.out, version), "0"
	b.tries[version]++
	if n := b.tries[version]; n > 1 {
		return side.alone(fmt.Sprintf(againFolder, n-1), nil), nil
	}
	return &side, side.forgetAgain()
}

func (b *bisection) tell(f bisect.Finding) {
	line := fmt.Sprintf("  %-10s %-8s %4.0f s", f.Version, f.Verdict, f.Seconds)
	if f.Reason != "" && f.Verdict != claim.Holds {
		line += "  " + f.Reason
	}
	fmt.Fprintln(b.stdout, line)
}

func (b *bisection) conclude(a bisect.Answer) {
	fmt.Fprintf(b.stdout, "%s, %.0f %% sure\n", changeInWords(a.Change), percent(a.Probability))
	if a.Wavers {
		fmt.Fprintf(b.stdout, "  the claim fails only sometimes: %s times with %s, %s with %s\n",
			a.FirstBad.Count, a.FirstBad.Version, a.LastGood.Count, a.LastGood.Version)
	}
	for _, f := range a.Unjudged {
		fmt.Fprintf(b.stdout, "  %s lies between them and cannot be judged here: %s: %s\n", f.Version, f.Verdict, f.Reason)
	}
	for _, other := range a.Others {
		fmt.Fprintf(b.stdout, "  or %s, %.0f %% sure\n", changeInWords(other), percent(other.Probability))
	}
	bad, good := a.FirstBad, a.LastGood
	fmt.Fprintf(b.stdout, "  %s: %s\n", bad.Version, bad.Finding.Reason)
	fmt.Fprintf(b.stdout, "  evidence of %s: %s\n  evidence of %s: %s\n", good.Version, good.Finding.Evidence, bad.Version, bad.Finding.Evidence)
}

func changeInWords(c bisect.Change) string {
	return fmt.Sprintf("first bad: %s, last good: %s", c.FirstBad.Version, c.LastGood.Version)
}

// percent is never a whole hundred: nothing is that sure.
func percent(probability float64) float64 { return min(100*probability, 99) }

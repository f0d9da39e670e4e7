package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"builders.test/helpers/env"
	"builders.test/helpers/spec"
	"builders.test/internal/bisect"
	"builders.test/internal/console"
	"builders.test/internal/lab"
	"github.com/spf13/cobra"
)

// bisection is a search for the release in which one claim broke.
type bisection struct {
	*check
	claim, good, bad string
	// releases lists the known releases of BuildKit.
	releases func(context.Context) ([]string, error)
}

func newBisectCommand() *cobra.Command {
	b := &bisection{check: newCheck(), releases: lab.Releases}
	b.regressions = true
	command := &cobra.Command{
		Use:   "bisect",
		Short: "Finds the BuildKit release in which a claim broke",
		Long: `bisect puts one claim to the test on releases between a good and a bad one,
halving the distance each time, and ends with the last good and the first bad
release. The releases are those of the module's own list; a patch release that
is missing there is tried by its name once. Both ends are tested first, and the
answer is tested a second time.

It exits with 0 when the answer is found, and with 2 when good is not good, bad
is not bad, or the answer flips.

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
	flags.StringVar(&b.good, "good", variable("GOOD", env.DefaultBuildKit), "a release in which the claim holds")
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
	if err := b.oneClaim(); err != nil {
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
	fmt.Fprintf(b.stdout, "\n%d of %d releases judged\n", answer.Judged, len(releases))
	b.conclude(answer)
	return nil
}

// oneClaim makes sure that the claim is one.
func (b *bisection) oneClaim() error {
	b.choice = b.claim
	if err := b.inProject(); err != nil {
		return err
	}
	selection, err := b.selection()
	if err != nil {
		return fmt.Errorf("CLAIM=%s: %w", b.claim, err)
	}
	if len(selection.Claims) != 1 {
		return fmt.Errorf("CLAIM=%s is %d claims; name one by its id", b.claim, len(selection.Claims))
	}
	return nil
}

// judge proves the claim on one release.
func (b *bisection) judge(ctx context.Context, version string) (bisect.Finding, error) {
	one := *b.check
	one.buildkit, one.out = version, filepath.Join(b.out, version)
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
		return bisect.Finding{Verdict: spec.Error, Reason: err.Error()}, nil
	}
	claim := p.report.Claims[0]
	fmt.Fprintf(b.stdout, "  %-10s judged in %.0f s\n", version, time.Since(started).Seconds())
	return bisect.Finding{Verdict: claim.Verdict, Reason: claim.Reason, Evidence: filepath.Join(one.out, claim.Evidence)}, nil
}

func (b *bisection) tell(f bisect.Finding) {
	fmt.Fprintf(b.stdout, "  %-10s %s", f.Version, f.Verdict)
	if f.Reason != "" && f.Verdict != spec.Holds {
		fmt.Fprintf(b.stdout, ": %s", f.Reason)
	}
	fmt.Fprintln(b.stdout)
}

func (b *bisection) conclude(a bisect.Answer) {
	fmt.Fprintf(b.stdout, "first bad: %s, last good: %s\n", a.FirstBad.Version, a.LastGood.Version)
	for _, f := range a.Unjudged {
		fmt.Fprintf(b.stdout, "  %s lies between them and could not be judged: %s %s\n", f.Version, f.Verdict, f.Reason)
	}
	fmt.Fprintf(b.stdout, "  %s: %s\n", a.FirstBad.Version, a.FirstBad.Reason)
	fmt.Fprintf(b.stdout, "  evidence of %s: %s\n  evidence of %s: %s\n", a.LastGood.Version, a.LastGood.Evidence, a.FirstBad.Version, a.FirstBad.Evidence)
}

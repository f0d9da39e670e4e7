package main

import (
	"context"
	"fmt"
	"path/filepath"

	"builders.test/helpers/subject"
	"builders.test/internal/compare"
	"builders.test/internal/console"
	"builders.test/internal/dossier"
	"builders.test/internal/exit"
	"builders.test/internal/report"
	"builders.test/internal/views"
	"github.com/spf13/cobra"
)

// comparison is two checks on one host, one after the other.
type comparison struct {
	*check
	baseline, baselineBuildx string
}

func newCompareCommand() *cobra.Command {
	c := &comparison{check: newCheck()}
	c.regressions = true
	command := &cobra.Command{
		Use:   "compare",
		Short: "Tells what changes when you move the pin from one BuildKit to another",
		Long: `compare puts the claims to the test on a baseline and on a candidate, on the same
engine, and says of each claim what becomes of it: regressed, fixed, the same,
broken on both sides, unsteady, or not to be told because the environment failed.
What changed without breaking a claim, such as a media type or the default garbage
collection, is listed apart as a change of shape.

Where one side fails and the other holds, or a claim fails some of the times, both
are asked again by turns, alone, until Fisher's exact test tells their rates apart
with p < 0.01, or 20 tries a side are spent. 5 of 5 against 0 of 5 is told apart.

It exits with 1 when something regressed, with 2 when something could not be
told, and with 0 otherwise, also when a claim that held is unsteady now.

The flags have variables of the same names: BASELINE, BUILDKIT, BASELINE_BUILDX,
BUILDX, DRIVER, STORE, RUN, SPECS and OUT.`,
		Example: `  builders compare --baseline v0.11.5 --buildkit v0.34.2
  builders compare --buildkit v0.34.2 --baseline v0.34.2 --baseline-buildx v0.37.0 --buildx v0.38.2
  builders compare --baseline v0.17.1 --buildkit v0.17.2 --specs ./specs`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			c.stdout, c.stderr = command.OutOrStdout(), command.ErrOrStderr()
			return c.run(command.Context())
		},
	}
	flags := command.Flags()
	flags.StringVar(&c.baseline, "baseline", variable("BASELINE", subject.DefaultBuildKit), "BuildKit that is in use")
	flags.StringVar(&c.baselineBuildx, "baseline-buildx", variable("BASELINE_BUILDX", ""), "buildx that is in use (default the one of --buildx)")
	c.subjectFlags(flags)
	c.cellFlags(flags)
	c.choiceFlags(flags)
	flags.StringVar(&c.out, "out", variable("OUT", filepath.Join("build", "compare")), "folder for the reports and the evidence")
	return command
}

func (c *comparison) run(ctx context.Context) error {
	before, after := c.side("baseline"), c.side("candidate")
	before.buildkit = c.baseline
	if c.baselineBuildx != "" {
		before.buildx = c.baselineBuildx
	}
	if before.buildkit == after.buildkit && before.buildx == after.buildx {
		return fmt.Errorf("baseline and candidate are both BuildKit %s; name another with BASELINE or BUILDKIT, or another buildx with BASELINE_BUILDX", after.buildkit)
	}
	for _, side := range []*check{before, after} {
		if err := side.refuse(); err != nil {
			return err
		}
	}
	if err := c.openBook(ctx); err != nil {
		return err
	}
	for _, side := range []*check{before, after} {
		side.book, side.specs = c.book, c.specs
		if err := side.forgetAgain(); err != nil {
			return err
		}
	}
	ahead := prefetch{openLab: c.openLab}
	defer ahead.stop()
	before.ready = func() { ahead.start(ctx, after.buildkit) }

	first, err := c.prove(ctx, before, "baseline")
	if err != nil {
		return fmt.Errorf("baseline: %w", err)
	}
	second, err := c.prove(ctx, after, "candidate")
	if err != nil {
		return fmt.Errorf("candidate: %w", err)
	}
	if err := c.sameBook(ctx); err != nil {
		return err
	}
	screen := console.New(c.stdout, c.stderr, c.out)
	baseline, candidate := &sideAsked{name: "baseline", check: before, proof: &first}, &sideAsked{name: "candidate", check: after, proof: &second}
	if err := c.askAgain(ctx, baseline, candidate); err != nil {
		// What the first runs said is worth a report.
		screen.Note("note", err.Error())
	}
	return c.conclude(dossier.Run{Dir: before.out, Report: first.report}, dossier.Run{Dir: after.out, Report: second.report}, screen)
}

// conclude shows what became of the claims, and makes the page.
func (c *comparison) conclude(baseline, candidate dossier.Run, screen *console.Console) error {
	d := dossier.Compare(baseline, candidate)
	screen.Comparison(*d.Comparison)
	if selected := d.Selected(); selected != "" {
		screen.Note("of", selected)
	}
	screen.Note("report", views.Publish(d, c.out, screen.Note))
	return endingOfComparison(*d.Comparison, baseline.Report, candidate.Report)
}

// side is one of the two checks.
func (c *comparison) side(name string) *check {
	side := *c.check
	side.out = filepath.Join(c.out, name)
	return &side
}

func (c *comparison) prove(ctx context.Context, side *check, name string) (proof, error) {
	screen := console.New(c.stdout, c.stderr, side.out)
	screen.Note(name, "BuildKit "+side.buildkit)
	p, err := side.prove(ctx, screen)
	if err != nil {
		return proof{}, err
	}
	screen.Summary(p.report, p.elapsed, p.path)
	fmt.Fprintln(c.stdout)
	return p, nil
}

// endingOfComparison is nil when nothing regressed and everything could be
// told.
func endingOfComparison(result compare.Comparison, sides ...report.Report) error {
	counts := result.Count()
	outside := 0
	for _, side := range sides {
		outside += len(side.Outside)
	}
	return exit.With(counts[compare.Regressed], counts[compare.Environment]+counts[compare.Undecided]+outside)
}

// refuse says what can be known to be wrong before anything is run.
func (c *check) refuse() error {
	if _, err := subject.ParseBuildKit(c.buildkit); err != nil {
		return err
	}
	_, err := subject.ParseBuildx(c.buildx)
	return err
}

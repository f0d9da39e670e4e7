package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"builders.test/helpers/env"
	"builders.test/helpers/spec"
	"builders.test/internal/claims"
	"builders.test/internal/console"
	"builders.test/internal/dossier"
	"builders.test/internal/report"
	"builders.test/internal/run"
	"builders.test/internal/subject"
	"github.com/spf13/cobra"
	"golang.org/x/mod/modfile"
)

// check is one run of the specs.
type check struct {
	// What the person chose, as written.
	buildkit, buildx, choice, out string

	// module is that of the project whose specs run; book are its claims.
	module string
	book   []spec.Claim
	// openLab reaches the lab; nothing is built or started by that.
	openLab        func(progress io.Writer) (laboratory, error)
	stdout, stderr io.Writer
}

func newCheckCommand() *cobra.Command {
	c := &check{module: ownModule(), book: claims.All(), openLab: theLab}
	command := &cobra.Command{
		Use:   "check",
		Short: "Proves every claim, or some, on one BuildKit",
		Long: `check proves the claims on one BuildKit and writes a report. It is run in the
project's folder. An engine that DOCKER_HOST or the current docker context
reaches is used as it is; otherwise the lab is brought up.

The flags have variables of the same names: BUILDKIT, BUILDX, RUN and OUT.`,
		Example: `  builders check --buildkit v0.34.2
  builders check --buildkit ../buildkit --run caching
  builders check --run builders/arch`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			c.stdout, c.stderr = command.OutOrStdout(), command.ErrOrStderr()
			return c.run(command.Context())
		},
	}
	flags := command.Flags()
	flags.StringVar(&c.buildkit, "buildkit", variable("BUILDKIT", env.DefaultBuildKit), "BuildKit under test: a release, latest, an image, or a source tree's folder")
	flags.StringVar(&c.buildx, "buildx", variable("BUILDX", ""), "buildx under test: a release or a plugin's path (default the one that docker finds)")
	flags.StringVar(&c.choice, "run", variable("RUN", ""), "a chapter, a claim's id, or a pattern as go test -run takes it (default all)")
	flags.StringVar(&c.out, "out", variable("OUT", filepath.Join("build", "check")), "folder for the report and the evidence")
	return command
}

// variable reads an environment variable; an empty one counts as not set.
func variable(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}

// ownModule is the module that this command belongs to, whatever its name.
func ownModule() string {
	return strings.TrimSuffix(reflect.TypeFor[report.Report]().PkgPath(), "/internal/report")
}

// run does everything in order: what can be refused without an engine first.
func (c *check) run(ctx context.Context) error {
	if err := c.inProject(); err != nil {
		return err
	}
	buildkit, err := subject.ParseBuildKit(c.buildkit)
	if err != nil {
		return err
	}
	buildx, err := subject.ParseBuildx(c.buildx)
	if err != nil {
		return err
	}
	selection, err := c.selection()
	if err != nil {
		return err
	}
	out, err := c.prepareOut()
	if err != nil {
		return err
	}
	screen := console.New(c.stdout, c.stderr, c.out)
	ground, err := c.findGround(ctx, buildkit, buildx)
	if err != nil {
		return err
	}
	screen.Note("engine", ground.about)

	started := time.Now()
	specs := run.Specs{Dir: ".", Out: out, Env: ground.environ(out), Selection: selection}
	outcome, err := specs.Run(ctx, screen)
	if err != nil {
		return err
	}
	return c.conclude(outcome, screen, time.Since(started), ground.standIns())
}

// inProject refuses to run anywhere but in the project's folder.
func (c *check) inProject() error {
	content, err := os.ReadFile("go.mod")
	if err == nil && modfile.ModulePath(content) == c.module {
		return nil
	}
	here, err := os.Getwd()
	if err != nil {
		here = "this folder"
	}
	return fmt.Errorf("the specs are in the folder of the module %s and %s is not it; go there first", c.module, here)
}

func (c *check) selection() (run.Selection, error) {
	specs, err := claims.Specs(".")
	if err != nil {
		return run.Selection{}, err
	}
	return run.Select(c.choice, c.book, specs)
}

// prepareOut makes the folder for the report and takes away the last one.
func (c *check) prepareOut() (string, error) {
	out, err := filepath.Abs(c.out)
	if err != nil {
		return "", fmt.Errorf("OUT=%s: %w", c.out, err)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return "", fmt.Errorf("OUT=%s cannot be created: %w; name a writable folder", c.out, err)
	}
	var ids []string
	for _, claim := range c.book {
		ids = append(ids, claim.ID)
	}
	return out, report.Clear(out, ids)
}

// conclude writes the report, prints the summary and decides the exit code.
// Where not even one claim began there is nothing to report: one line says
// why, and no file is written.
func (c *check) conclude(o run.Outcome, screen *console.Console, elapsed time.Duration, known map[string]string) error {
	for _, failure := range o.Failures {
		screen.Failure(failure.Test, failure.Output)
	}
	if o.Unreached == len(o.Claims) {
		return c.refusal(o)
	}
	about, err := report.ReadSubject(c.out)
	if err != nil {
		return err
	}
	r := report.New(about, c.complete(o.Claims))
	path, err := r.Write(c.out)
	if err != nil {
		return err
	}
	for _, line := range o.Said {
		if line != o.Why {
			screen.Note("note", line)
		}
	}
	screen.Unreached(o.Unreached, reasonUnreached(o))
	made := publish(dossier.Of(dossier.Run{Dir: c.out, Report: r}), c.out, screen)
	screen.Summary(r, elapsed, known, path, made)
	return endingOf(r, o)
}

func (c *check) refusal(o run.Outcome) error {
	why := o.Why
	if why == "" {
		why = "no claim was reached; the whole story is in " + filepath.Join(c.out, run.Stream)
	}
	return errors.New(why)
}

// complete adds what a spec that died could not say itself.
func (c *check) complete(all []report.Claim) []report.Claim {
	for i := range all {
		claim := &all[i]
		if claim.Repro == "" {
			claim.Repro = fmt.Sprintf("make check BUILDKIT=%s RUN=%s", c.buildkit, claim.ID)
		}
		evidence := report.EvidenceOf(claim.ID)
		if _, err := os.Stat(filepath.Join(c.out, evidence)); claim.Evidence == "" && err == nil {
			claim.Evidence = evidence
		}
	}
	return all
}

func reasonUnreached(o run.Outcome) string {
	if o.Why != "" {
		return o.Why
	}
	return "their chapter failed first"
}

// endingOf is nil when everything holds.
func endingOf(r report.Report, o run.Outcome) error {
	var cause error
	if o.Why != "" {
		cause = errors.New(o.Why)
	}
	switch {
	case r.Summary.Broken > 0:
		return ending{code: exitBroken, cause: cause}
	case cause != nil, r.Summary.Error > 0, len(o.Failures) > 0:
		return ending{code: exitEnvironment, cause: cause}
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"builders.test/helpers/claim"
	"builders.test/helpers/env"
	"builders.test/helpers/subject"
	"builders.test/internal/book"
	"builders.test/internal/console"
	"builders.test/internal/dossier"
	"builders.test/internal/exit"
	"builders.test/internal/report"
	"builders.test/internal/run"
	"builders.test/internal/views"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/mod/modfile"
)

// check is one run of the specs.
type check struct {
	// What the person chose, as written.
	buildkit, buildx, choice, out string
	driver, store, specs          string
	// confirm and strict are what CONFIRM and STRICT say.
	confirm, strict string
	// cell is what driver and store say.
	cell subject.Cell

	// module is that of the project whose specs run.
	module string
	// book is all that may be chosen from, as soon as it is open.
	book *book.Book
	// regressions tells whether the upstream regressions of the past are put to
	// the test too when nothing is chosen.
	regressions bool
	// ids are the only claims to put to the test; empty means all that are
	// chosen.
	ids []string
	// parallel is how many claims are proven at the same time; 0 leaves it to
	// go test.
	parallel int
	// openLab reaches the lab; nothing is built or started by that.
	openLab        func(progress io.Writer) (laboratory, error)
	stdout, stderr io.Writer
	// ready is called when the lab is up for this check; it may be nil.
	ready func()
	// inLab takes the lab even where an engine of the user's can be reached,
	// and variables replace some of those that lead to it.
	inLab     bool
	variables map[string]string
}

func newCheckCommand() *cobra.Command {
	c := newCheck()
	command := &cobra.Command{
		Use:   "check",
		Short: "Proves every claim, or some, on one BuildKit",
		Long: `check proves the claims on one BuildKit and writes a report. It is run in the
project's folder. An engine that DOCKER_HOST or the current docker context
reaches is used as it is; otherwise the lab is brought up.

A claim that fails is tried again, three times unless CONFIRM says otherwise: it is
broken if it fails each time, otherwise unsteady. An unsteady claim and a fault that
is known of the release under test are shown and do not fail the run, unless STRICT=1.

Where a driver or an image store is chosen, only the claims about it are put to
the test. The lab has an engine for each store; an engine of yours has the one
that it has.

Faults that releases of the past had are put to the test by RUN=regressions or,
beside all else, by REGRESSIONS=1, and by compare, matrix and bisect without being
asked.

With a folder of scripts (SPECS), the claims of your own project are put to the
test instead of those of the book; docs/scripts.md tells how to write them.

The flags have variables of the same names: BUILDKIT, BUILDX, DRIVER, STORE, RUN,
SPECS, REGRESSIONS, CONFIRM, STRICT and OUT.`,
		Example: `  builders check --buildkit v0.34.2
  builders check --buildkit ../buildkit --run caching
  builders check --driver docker --store overlay2
  builders check --run builders/arch`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			c.stdout, c.stderr = command.OutOrStdout(), command.ErrOrStderr()
			return c.run(command.Context())
		},
	}
	flags := command.Flags()
	c.subjectFlags(flags)
	c.cellFlags(flags)
	c.choiceFlags(flags)
	c.verdictFlags(flags)
	flags.BoolVar(&c.regressions, "regressions", variable("REGRESSIONS", "") != "", "put the faults of past releases to the test, too")
	flags.StringVar(&c.out, "out", variable("OUT", filepath.Join("build", "check")), "folder for the report and the evidence")
	return command
}

// newCheck is a check of the project that this command belongs to.
func newCheck() *check {
	return &check{
		module: ownModule(), openLab: theLab,
		confirm: variable("CONFIRM", ""), strict: variable("STRICT", ""),
	}
}

func (c *check) subjectFlags(flags *pflag.FlagSet) {
	flags.StringVar(&c.buildkit, "buildkit", variable("BUILDKIT", subject.DefaultBuildKit), "BuildKit under test: a release, latest, an image, or a source tree's folder")
	flags.StringVar(&c.buildx, "buildx", variable("BUILDX", ""), "buildx under test: a release or a plugin's path (default the one that docker finds)")
}

func (c *check) cellFlags(flags *pflag.FlagSet) {
	flags.StringVar(&c.driver, "driver", variable("DRIVER", ""), "the builders' driver: docker-container, docker or remote (default docker-container)")
	flags.StringVar(&c.store, "store", variable("STORE", ""), "the engine's image store: containerd or overlay2 (default containerd, or what your engine has)")
}

func (c *check) choiceFlags(flags *pflag.FlagSet) {
	flags.StringVar(&c.choice, "run", variable("RUN", ""), "chapters, claims' ids and globs of ids, such as images/prune* (default all)")
	flags.StringVar(&c.specs, "specs", variable("SPECS", ""), "a folder with scripts of your own, which are put to the test instead of the book")
}

// verdictFlags are about what a verdict takes, and which fail the run.
func (c *check) verdictFlags(flags *pflag.FlagSet) {
	flags.StringVar(&c.confirm, "confirm", variable("CONFIRM", strconv.Itoa(env.DefaultConfirm)), "how often a claim that failed is tried again before it is called broken")
	c.strictFlag(flags)
}

func (c *check) strictFlag(flags *pflag.FlagSet) {
	flags.StringVar(&c.strict, "strict", variable("STRICT", ""), "fail for unsteady claims and known faults, too")
	flags.Lookup("strict").NoOptDefVal = "1"
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

// run is the whole command.
func (c *check) run(ctx context.Context) error {
	screen := console.New(c.stdout, c.stderr, c.out)
	p, err := c.prove(ctx, screen)
	if err != nil {
		return err
	}
	made := views.Publish(dossier.Of(dossier.Run{Dir: c.out, Report: p.report}), c.out, screen.Note)
	screen.Summary(p.report, p.elapsed, p.path, made)
	return exit.Told(c.policy().Runs(0, p.report), p.outcome.Why)
}

// proof is what came of one cell.
type proof struct {
	report  report.Report
	outcome run.Outcome
	elapsed time.Duration
	// path is the report's file.
	path string
}

// prove puts the claims to the test and writes the report. It does everything
// in order: what can be refused without an engine first.
func (c *check) prove(ctx context.Context, screen *console.Console) (proof, error) {
	buildkit, err := subject.ParseBuildKit(c.buildkit)
	if err != nil {
		return proof{}, err
	}
	buildx, err := subject.ParseBuildx(c.buildx)
	if err != nil {
		return proof{}, err
	}
	if c.cell, err = subject.ParseCell(c.driver, c.store); err != nil {
		return proof{}, err
	}
	if _, err := env.Strict(c.strict); err != nil {
		return proof{}, err
	}
	confirm, err := env.Confirm(c.confirm)
	if err != nil {
		return proof{}, err
	}
	chosen, err := c.selection(ctx)
	if err != nil {
		return proof{}, err
	}
	out, free, err := c.prepareOut()
	if err != nil {
		return proof{}, err
	}
	defer free()
	ground, err := c.findGround(ctx, buildkit, buildx)
	if err != nil {
		_ = os.Remove(filepath.Join(out, outLock))
		_ = os.Remove(out) // stays if it holds anything
		return proof{}, err
	}
	screen.Note("engine", ground.about)

	started := time.Now()
	specs := run.Specs{Dir: ".", Out: out, Env: c.environ(ground, out), Book: chosen, Confirm: confirm, Parallel: c.parallel, Keep: c.draft}
	outcome, err := specs.Run(ctx, screen)
	if err != nil {
		return proof{}, err
	}
	p := proof{outcome: outcome, elapsed: time.Since(started)}
	p.report, p.path, err = c.conclude(outcome, ground.standIns(), screen)
	return p, err
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

// selection is the part of the book that was chosen.
func (c *check) selection(ctx context.Context) (book.Book, error) {
	if err := c.openBook(ctx); err != nil {
		return book.Book{}, err
	}
	all := *c.book
	if c.choice == "" && !c.regressions && len(c.ids) == 0 {
		all = all.WithoutRegressions()
	}
	chosen, err := all.Select(c.choice)
	if err == nil && len(c.ids) > 0 {
		chosen, err = chosen.Only(func(one claim.Listed) bool { return slices.Contains(c.ids, one.ID) })
	}
	if err != nil || !c.cell.Chosen() {
		return chosen, err
	}
	chosen, err = chosen.Only(func(one claim.Listed) bool { return one.In(c.cell.Driver, c.cell.Store) })
	if err != nil {
		return book.Book{}, fmt.Errorf("%s: %w; `builders claims` lists what there is", c.cell, err)
	}
	return chosen, nil
}

// openBook asks the specs for their claims, once. Scripts of the user's make a
// book of their own.
func (c *check) openBook(ctx context.Context) error {
	if c.book != nil {
		return nil
	}
	if err := c.inProject(); err != nil {
		return err
	}
	if c.specs != "" {
		dir, err := filepath.Abs(c.specs)
		if err != nil {
			return fmt.Errorf("SPECS=%s: %w", c.specs, err)
		}
		c.specs = dir
	}
	opened, err := book.Open(ctx, ".", c.specs, c.stderr)
	if err != nil {
		return err
	}
	c.book = &opened
	return nil
}

// sameBook fails if the claims have changed since the book was opened: runs before
// and after that are not to be compared.
func (c *check) sameBook(ctx context.Context) error {
	now, err := book.Open(ctx, ".", c.specs, c.stderr)
	if err != nil {
		return err
	}
	if now.Edition() != c.book.Edition() {
		return errors.New("the claims changed while they were tested, so the two sides cannot be compared; run it again")
	}
	return nil
}

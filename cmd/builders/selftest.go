package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"builders.test/helpers/claim"
	"builders.test/helpers/env"
	"builders.test/internal/console"
	"builders.test/internal/exit"
	"builders.test/internal/report"
	"builders.test/internal/sabotage"
	"builders.test/internal/versions"
	"builders.test/lab"
	"github.com/spf13/cobra"
)

// spared are claims that a sabotage of something else does not touch, so that
// each run has some that must not turn broken.
var spared = []string{"builders/version", "builders/arch"}

// scorePage is where the scores of a whole selftest are kept.
const scorePage = "docs/selftest.md"

// selftest runs specs against toolchains that are wrong on purpose.
type selftest struct {
	*check
	sabotages string
	measure   bool
}

func newSelftestCommand() *cobra.Command {
	s := &selftest{check: newCheck()}
	s.inLab = true
	command := &cobra.Command{
		Use:   "selftest",
		Short: "Proves that the specs can fail: against a toolchain that is wrong on purpose",
		Long: `selftest makes the toolchain wrong, one thing at a time: a plugin before buildx that
drops --load, a BuildKit that was compiled with a mistake in it, a mirror that
serves an older image, and so on. It runs the claims that have to notice, with some
that must not, and prints what was caught, what survived and what turned broken for
no reason. A sabotage that is wrong only some of the time has to make claims unsteady,
and a claim that fails by it is tried three times more; by all others, once more. When
every sabotage has been judged, now or before, it writes the table in
` + scorePage + `.

With --measure every claim that RUN chooses is run, and those that turned broken or
unsteady are listed. It uses the lab, whatever engine can be reached. The sabotage no-emulator
switches the machine's emulator off for as long as it takes.

It exits with 0 when every sabotage is caught and nothing else turned broken.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			s.stdout, s.stderr = command.OutOrStdout(), command.ErrOrStderr()
			return s.run(command.Context())
		},
	}
	flags := command.Flags()
	flags.StringVar(&s.buildkit, "buildkit", variable("BUILDKIT", versions.NewestBuildKit), "BuildKit release under test")
	flags.StringVar(&s.sabotages, "sabotage", variable("SABOTAGE", ""), "a pattern for the names of sabotages (default all)")
	flags.BoolVar(&s.measure, "measure", false, "run all claims that RUN chooses and list which ones notice")
	flags.StringVar(&s.choice, "run", variable("RUN", ""), "with --measure: chapters, claims' ids and globs of ids")
	flags.StringVar(&s.out, "out", variable("OUT", filepath.Join("build", "selftest")), "folder for the reports and the evidence")
	return command
}

func (s *selftest) run(ctx context.Context) error {
	pattern, err := regexp.Compile(s.sabotages)
	if err != nil {
		return fmt.Errorf("SABOTAGE=%s: %w", s.sabotages, err)
	}
	chosen := slices.DeleteFunc(sabotage.All(), func(one sabotage.Sabotage) bool { return !pattern.MatchString(one.Name) })
	if len(chosen) == 0 {
		return fmt.Errorf("SABOTAGE=%s: no sabotage has such a name", s.sabotages)
	}
	if err := s.openBook(ctx); err != nil {
		return err
	}
	started := time.Now()
	st, err := s.open(ctx)
	if err != nil {
		return err
	}
	scores, err := s.scores(ctx, st, chosen)
	if err != nil {
		return err
	}
	caught := 0
	for _, score := range scores {
		if score.Caught() {
			caught++
		}
	}
	fmt.Fprintf(s.stdout, "\ncaught %d of %d sabotages, which kill %d claims · %.0f s\n", caught, len(chosen), len(sabotage.Killed(scores)), time.Since(started).Seconds())
	if !s.measure {
		if err := s.keep(st); err != nil {
			return err
		}
	}
	if caught < len(chosen) && !s.measure {
		return exit.Error{Code: exit.Broken}
	}
	return nil
}

// keep writes the table, of all that has been judged by now. Where that is not
// every sabotage, there is no table yet.
func (s *selftest) keep(st stage) error {
	facts := sabotage.Facts{Date: time.Now(), BuildKit: st.buildkit, Buildx: versions.Buildx, Spared: spared, Book: s.book.WithoutRegressions().Claims}
	var scores []sabotage.Score
	var missing []string
	for _, one := range sabotage.All() {
		score, took, err := s.judged(one)
		if err != nil {
			missing = append(missing, one.Name)
			continue
		}
		scores = append(scores, score)
		facts.Took += took
	}
	if len(missing) > 0 {
		fmt.Fprintf(s.stdout, "no table yet: not judged are %s\n", strings.Join(missing, ", "))
		return nil
	}
	if err := os.WriteFile(scorePage, []byte(sabotage.Page(scores, facts)), 0o644); err != nil {
		return fmt.Errorf("keep the scores: %w", err)
	}
	fmt.Fprintf(s.stdout, "%-10s %s\n", "table", scorePage)
	return nil
}

// tookFile holds how long a sabotage took; it is written when it was judged.
const tookFile = "took.txt"

// judged is the score of a sabotage by what its last run left.
func (s *selftest) judged(one sabotage.Sabotage) (sabotage.Score, time.Duration, error) {
	folder := filepath.Join(s.out, one.Name)
	content, err := os.ReadFile(filepath.Join(folder, tookFile))
	if err != nil {
		return sabotage.Score{}, 0, err
	}
	took, err := time.ParseDuration(string(content))
	if err != nil {
		return sabotage.Score{}, 0, err
	}
	r, err := report.Read(filepath.Join(folder, report.File))
	if errors.Is(err, os.ErrNotExist) {
		return sabotage.Refused(one), took, nil
	}
	if err != nil {
		return sabotage.Score{}, 0, err
	}
	for _, id := range one.Claims() {
		if !slices.ContainsFunc(r.Claims, func(claim report.Claim) bool { return claim.ID == id }) {
			return sabotage.Score{}, 0, fmt.Errorf("%s was not put to the test with it", id)
		}
	}
	return sabotage.Judge(one, r.Claims), took, nil
}

// open brings the lab up with what is to be spoilt.
func (s *selftest) open(ctx context.Context) (stage, error) {
	release, err := lab.Release(s.buildkit)
	if err != nil {
		return stage{}, err
	}
	l, err := s.openLab(s.stderr)
	if err != nil {
		return stage{}, err
	}
	if err := l.Up(ctx, lab.Wanted{BuildKits: []string{release}}); err != nil {
		return stage{}, err
	}
	buildx, err := l.Buildx(ctx, versions.Buildx)
	if err != nil {
		return stage{}, err
	}
	variables, err := l.Env("")
	return stage{lab: variables, buildx: buildx, buildkit: release}, err
}

func (s *selftest) scores(ctx context.Context, st stage, chosen []sabotage.Sabotage) ([]sabotage.Score, error) {
	var scores []sabotage.Score
	for _, one := range chosen {
		score, err := s.score(ctx, st, one)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", one.Name, err)
		}
		s.tell(score)
		scores = append(scores, score)
	}
	return scores, nil
}

func (s *selftest) score(ctx context.Context, st stage, one sabotage.Sabotage) (sabotage.Score, error) {
	var err error
	run := *s.check
	run.confirm = confirmations(one)
	run.out = filepath.Join(s.out, one.Name)
	if s.measure {
		run.out += "-measured"
	}
	started := time.Now()
	if st.folder, err = made(filepath.Join(run.out, "stage")); err != nil {
		return sabotage.Score{}, err
	}
	undo, err := s.set(ctx, st, one, &run)
	if err != nil {
		return sabotage.Score{}, errors.Join(err, undo())
	}
	if !s.measure {
		run.choice, run.ids = "", slices.Concat(one.Claims(), one.Beside, sparedBy(one))
	}
	p, err := run.prove(ctx, console.New(io.Discard, s.stderr, run.out))
	left := undo()
	if ctx.Err() == nil && left == nil {
		left = os.WriteFile(filepath.Join(run.out, tookFile), []byte(time.Since(started).Round(time.Second).String()), 0o644)
	}
	switch {
	case ctx.Err() != nil:
		return sabotage.Score{}, errors.New("interrupted")
	case left != nil:
		return sabotage.Score{}, left
	case err != nil && len(one.Stops) > 0:
		fmt.Fprintf(s.stderr, "%s: %v\n", one.Name, err)
		return sabotage.Refused(one), nil
	case err != nil:
		return sabotage.Score{}, err
	}
	if s.measure {
		one = measured(one, p.report.Claims)
	}
	return sabotage.Judge(one, p.report.Claims), nil
}

// sparedBy are the claims that a sabotage must leave alone. Where something is
// missing altogether, little can be told.
func sparedBy(one sabotage.Sabotage) []string {
	if len(one.Stops) > 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(spared), func(id string) bool { return slices.Contains(one.Claims(), id) })
}

// confirmations is how often a claim that failed is tried again. What is wrong
// on purpose is wrong each time, so that seeing it twice is enough, unless it is
// not.
func confirmations(one sabotage.Sabotage) string {
	if one.Wavers() {
		return strconv.Itoa(env.DefaultConfirm)
	}
	return "1"
}

// measured is the sabotage as if all that happened had been expected of it.
func measured(one sabotage.Sabotage, claims []report.Claim) sabotage.Sabotage {
	one.Kills, one.Unsteady, one.Counted, one.Chance = nil, nil, "", nil
	for _, c := range claims {
		switch {
		case c.News():
			one.Kills = append(one.Kills, c.ID)
		case c.Verdict == claim.Unsteady:
			one.Unsteady = append(one.Unsteady, c.ID)
		}
	}
	return one
}

func (s *selftest) tell(score sabotage.Score) {
	mark := report.Mark(claim.Broken)
	if score.Caught() {
		mark = report.Mark(claim.Holds)
	}
	fmt.Fprintf(s.stdout, "%s %-22s %s\n", mark, score.Sabotage.Name, score.Sabotage.Does)
	for _, part := range []struct {
		what string
		ids  []string
	}{
		{"noticed by", score.Killed}, {"an error in", score.Stopped}, {"unsteady in", wavered(score)},
		{"NOT noticed by", score.Survived}, {"WRONGLY blamed by", score.Misattributed}, {"NOT known of", score.Unknown},
	} {
		if len(part.ids) > 0 {
			fmt.Fprintf(s.stdout, "    %s %s\n", part.what, strings.Join(part.ids, ", "))
		}
	}
}

func wavered(score sabotage.Score) []string {
	var all []string
	for _, one := range score.Wavered {
		all = append(all, one.String())
	}
	return all
}

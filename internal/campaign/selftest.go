package campaign

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"builders.test/helpers/claim"
	"builders.test/helpers/subject"
	"builders.test/internal/book"
	"builders.test/internal/check"
	"builders.test/internal/check/exit"
	"builders.test/internal/report"
	"builders.test/internal/sabotage"
	"builders.test/internal/versions"
	"builders.test/lab"
)

// spared are claims that a sabotage of something else does not touch, so that
// each run has some that must not turn broken.
var spared = []string{"builders/version", "builders/arch"}

// ScorePage is where the scores of a whole selftest are kept.
const ScorePage = "docs/selftest.md"

// Selftest runs specs against toolchains with deliberate faults, in the lab.
type Selftest struct {
	check.Workspace
	// Request is for each sabotage; its folder has a subfolder for each.
	Request check.Request
	// Sabotages is a pattern for their names.
	Sabotages string
	// Measure runs all claims that the request chooses and lists those that notice.
	Measure bool
}

// Run prints which claims caught each sabotage, and keeps the table once every one
// was judged.
func (s Selftest) Run(ctx context.Context) error {
	pattern, err := regexp.Compile(s.Sabotages)
	if err != nil {
		return fmt.Errorf("SABOTAGE=%s: %w", s.Sabotages, err)
	}
	chosen := slices.DeleteFunc(sabotage.All(), func(one sabotage.Sabotage) bool { return !pattern.MatchString(one.Name) })
	if len(chosen) == 0 {
		return fmt.Errorf("SABOTAGE=%s: no sabotage has such a name; %s lists them", s.Sabotages, ScorePage)
	}
	s.Request.InLab = true
	project, err := s.Open(ctx)
	if err != nil {
		return err
	}
	started := time.Now()
	bed, err := s.open(ctx)
	if err != nil {
		return err
	}
	scores, err := s.scores(ctx, project, bed, chosen)
	if err != nil {
		return err
	}
	caught := 0
	for _, score := range scores {
		if score.Caught() {
			caught++
		}
	}
	fmt.Fprintf(s.Stdout, "\ncaught %d of %d sabotages, which kill %d claims · %.0f s\n", caught, len(chosen), len(sabotage.Killed(scores)), time.Since(started).Seconds())
	if s.Measure {
		return nil
	}
	if err := s.keep(bed, project.Book); err != nil {
		return err
	}
	return exit.With(len(chosen)-caught, 0)
}

// open brings the lab up with what is to be sabotaged.
func (s Selftest) open(ctx context.Context) (mutatedTestbed, error) {
	release, err := lab.Release(s.Request.Cell.BuildKit)
	if err != nil {
		return mutatedTestbed{}, err
	}
	l, err := s.OpenLab(s.Stderr)
	if err != nil {
		return mutatedTestbed{}, err
	}
	if err := l.Up(ctx, lab.Wanted{BuildKits: []string{release}}); err != nil {
		return mutatedTestbed{}, err
	}
	buildx, err := l.Buildx(ctx, versions.Buildx)
	if err != nil {
		return mutatedTestbed{}, err
	}
	access, err := l.Access(s.Request.Cell.Store)
	return mutatedTestbed{making: l, stderr: s.Stderr, access: access, buildx: buildx, buildkit: release, trees: s.Request.Out}, err
}

func (s Selftest) scores(ctx context.Context, p check.Project, bed mutatedTestbed, chosen []sabotage.Sabotage) ([]sabotage.Score, error) {
	var scores []sabotage.Score
	for _, one := range chosen {
		score, err := s.score(ctx, p, bed, one)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", one.Name, err)
		}
		s.tell(score)
		scores = append(scores, score)
	}
	return scores, nil
}

func (s Selftest) score(ctx context.Context, p check.Project, bed mutatedTestbed, one sabotage.Sabotage) (sabotage.Score, error) {
	started := time.Now()
	asked := s.request(one)
	var err error
	if bed.folder, err = made(filepath.Join(asked.Out, "stage")); err != nil {
		return sabotage.Score{}, err
	}
	spoilt := trial{request: asked, watch: unseen(s.Stderr, asked)}
	undo, err := bed.spoil(ctx, one, &spoilt)
	if err != nil {
		return sabotage.Score{}, errors.Join(err, undo())
	}
	result, err := p.Run(ctx, spoilt.request, spoilt.watch)
	left := undo()
	if ctx.Err() == nil && left == nil {
		left = os.WriteFile(filepath.Join(asked.Out, tookFile), []byte(time.Since(started).Round(time.Second).String()), 0o644)
	}
	switch {
	case ctx.Err() != nil:
		return sabotage.Score{}, errors.New("interrupted")
	case left != nil:
		return sabotage.Score{}, left
	case err != nil && len(one.Stops) > 0:
		fmt.Fprintf(s.Stderr, "%s: %v\n", one.Name, err)
		return sabotage.Refused(one), nil
	case err != nil:
		return sabotage.Score{}, err
	}
	if s.Measure {
		one = measured(one, result.Report.Claims)
	}
	return sabotage.Judge(one, result.Report.Claims), nil
}

// request is for the claims that must notice a sabotage and some that must not,
// or for all claims when it is measured.
func (s Selftest) request(one sabotage.Sabotage) check.Request {
	asked := s.Request
	asked.Confirm, asked.Out = confirmations(one), filepath.Join(s.Request.Out, one.Name)
	if s.Measure {
		asked.Out += "-measured"
		return asked
	}
	asked.Choice = check.Choice{IDs: slices.Concat(one.Claims(), one.Beside, sparedBy(one))}
	return asked
}

// sparedBy returns the claims that a sabotage must leave alone. If a whole
// component is missing, few claims can be spared.
func sparedBy(one sabotage.Sabotage) []string {
	if len(one.Stops) > 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(spared), func(id string) bool { return slices.Contains(one.Claims(), id) })
}

// confirmations returns how often a failed claim is retried. A sabotage acts each
// time, so seeing it twice is enough, unless it acts only some of the time.
func confirmations(one sabotage.Sabotage) string {
	if one.Wavers() {
		return strconv.Itoa(subject.DefaultConfirm)
	}
	return "1"
}

// measured returns the sabotage as if everything that happened had been expected.
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

// keep writes the table of everything judged so far. Until every sabotage has
// been judged, there is no table.
func (s Selftest) keep(bed mutatedTestbed, all book.Book) error {
	facts := sabotage.Facts{Date: time.Now(), BuildKit: bed.buildkit, Buildx: versions.Buildx, Spared: spared, Book: all.WithoutRegressions().Claims}
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
		fmt.Fprintf(s.Stdout, "%s is not written: %d of %d sabotages have not been judged yet\n", ScorePage, len(missing), len(sabotage.All()))
		return nil
	}
	if err := os.WriteFile(ScorePage, []byte(sabotage.Page(scores, facts)), 0o644); err != nil {
		return fmt.Errorf("keep the scores: %w", err)
	}
	fmt.Fprintf(s.Stdout, "%-10s %s\n", "table", ScorePage)
	return nil
}

// tookFile holds how long a sabotage took; it is written once the sabotage was judged.
const tookFile = "took.txt"

// judged returns the score of a sabotage from what its last run left.
func (s Selftest) judged(one sabotage.Sabotage) (sabotage.Score, time.Duration, error) {
	folder := filepath.Join(s.Request.Out, one.Name)
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
			return sabotage.Score{}, 0, fmt.Errorf("%s was not tested with it", id)
		}
	}
	return sabotage.Judge(one, r.Claims), took, nil
}

func (s Selftest) tell(score sabotage.Score) {
	mark := report.Mark(claim.Broken)
	if score.Caught() {
		mark = report.Mark(claim.Holds)
	}
	fmt.Fprintf(s.Stdout, "%s %-22s %s\n", mark, score.Sabotage.Name, score.Sabotage.Does)
	for _, part := range []struct {
		what string
		ids  []string
	}{
		{"noticed by", score.Killed}, {"an error in", score.Stopped}, {"unsteady in", wavered(score)},
		{"NOT noticed by", score.Survived}, {"WRONGLY blamed by", score.Misattributed}, {"NOT known of", score.Unknown},
	} {
		if len(part.ids) > 0 {
			fmt.Fprintf(s.Stdout, "    %s %s\n", part.what, strings.Join(part.ids, ", "))
			s.tellWhy(score, part.ids)
		}
	}
}

// tellWhy prints the reasons if only a few sabotages are run: a claim that failed
// for another reason has not noticed what is wrong.
func (s Selftest) tellWhy(score sabotage.Score, ids []string) {
	if s.Sabotages == "" {
		return
	}
	for _, id := range ids {
		if why := score.Reasons[id]; why != "" {
			fmt.Fprintf(s.Stdout, "      %s: %s\n", id, why)
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

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"builders.test/helpers/spec"
	"builders.test/internal/console"
	"builders.test/internal/lab"
	"builders.test/internal/report"
	"builders.test/internal/sabotage"
	"github.com/spf13/cobra"
)

// controls are claims that hold whatever a sabotage of one flag does, so that
// each run has some that must not turn broken.
var controls = []string{"builders/version", "builders/arch"}

// selftest runs specs against toolchains that are wrong on purpose.
type selftest struct {
	*check
	sabotages string
	measure   bool
}

func newSelftestCommand() *cobra.Command {
	s := &selftest{check: newCheck()}
	command := &cobra.Command{
		Use:   "selftest",
		Short: "Proves that the specs can fail: against a buildx that is wrong on purpose",
		Long: `selftest puts a plugin before buildx that does one wrong thing, such as dropping
--load, and runs the claims that have to notice it, with some that must not. It
prints what was caught, what survived and what turned broken for no reason.

With --measure every claim that RUN chooses is run, and those that turn broken are
listed. It needs the lab.

It exits with 0 when every sabotage is caught and nothing else turned broken.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			s.stdout, s.stderr = command.OutOrStdout(), command.ErrOrStderr()
			return s.run(command.Context())
		},
	}
	flags := command.Flags()
	flags.StringVar(&s.buildkit, "buildkit", variable("BUILDKIT", newestBuildKit), "BuildKit under test")
	flags.StringVar(&s.sabotages, "sabotage", variable("SABOTAGE", ""), "a pattern for the names of sabotages (default all)")
	flags.BoolVar(&s.measure, "measure", false, "run all claims that RUN chooses and list which ones notice")
	flags.StringVar(&s.choice, "run", variable("RUN", ""), "with --measure: a chapter, a claim's id, or a pattern as go test -run takes it")
	flags.StringVar(&s.out, "out", variable("OUT", filepath.Join("build", "selftest")), "folder for the reports and the evidence")
	return command
}

func (s *selftest) run(ctx context.Context) error {
	if err := s.inProject(); err != nil {
		return err
	}
	pattern, err := regexp.Compile(s.sabotages)
	if err != nil {
		return fmt.Errorf("SABOTAGE=%s: %w", s.sabotages, err)
	}
	chosen := slices.DeleteFunc(sabotage.All(), func(one sabotage.Sabotage) bool { return !pattern.MatchString(one.Name) })
	if len(chosen) == 0 {
		return fmt.Errorf("SABOTAGE=%s: no sabotage has such a name", s.sabotages)
	}
	path, err := s.realBuildx(ctx)
	if err != nil {
		return err
	}
	started := time.Now()
	caught, killed := 0, map[string]bool{}
	for _, one := range chosen {
		score, err := s.score(ctx, one, path)
		if err != nil {
			return err
		}
		s.tell(score)
		if score.Caught() {
			caught++
		}
		for _, id := range score.Killed {
			killed[id] = true
		}
	}
	fmt.Fprintf(s.stdout, "\ncaught %d of %d sabotages, which kill %d claims · %.0f s\n", caught, len(chosen), len(killed), time.Since(started).Seconds())
	if caught < len(chosen) && !s.measure {
		return ending{code: exitBroken}
	}
	return nil
}

// realBuildx brings the lab up and returns the plugin that is to be spoilt.
func (s *selftest) realBuildx(ctx context.Context) (string, error) {
	l, err := s.openLab(s.stderr)
	if err != nil {
		return "", err
	}
	if err := l.Up(ctx, lab.Wanted{}); err != nil {
		return "", err
	}
	return l.Buildx(ctx, "latest")
}

func (s *selftest) score(ctx context.Context, one sabotage.Sabotage, real string) (sabotage.Score, error) {
	out := filepath.Join(s.out, one.Name)
	plugin, err := s.plugin(ctx, one, real, out)
	if err != nil {
		return sabotage.Score{}, err
	}
	run := *s.check
	run.buildx, run.out = plugin, out
	if !s.measure {
		run.choice, run.ids = "", slices.Concat(one.Kills, controls)
	}
	p, err := run.prove(ctx, console.New(io.Discard, s.stderr, out))
	if ctx.Err() != nil {
		return sabotage.Score{}, errors.New("interrupted")
	}
	if err != nil {
		return sabotage.Score{}, fmt.Errorf("%s: %w", one.Name, err)
	}
	if s.measure {
		one.Kills = broken(p.report.Claims)
	}
	return sabotage.Judge(one, p.report.Claims), nil
}

func broken(claims []report.Claim) []string {
	var ids []string
	for _, claim := range claims {
		if claim.Verdict == spec.Broken {
			ids = append(ids, claim.ID)
		}
	}
	return ids
}

// plugin builds the spoilt buildx.
func (s *selftest) plugin(ctx context.Context, one sabotage.Sabotage, real, out string) (string, error) {
	path, err := filepath.Abs(filepath.Join(out, "docker-buildx"))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return "", fmt.Errorf("OUT=%s: %w; name a writable folder", s.out, err)
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", path,
		"-ldflags", fmt.Sprintf("-X main.name=%s -X 'main.path=%s'", one.Name, real), "./cmd/saboteur")
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the plugin that %s: %w: %s", one.Does, err, strings.TrimSpace(string(said)))
	}
	return path, nil
}

func (s *selftest) tell(score sabotage.Score) {
	mark := report.Mark(spec.Broken)
	if score.Caught() {
		mark = report.Mark(spec.Holds)
	}
	fmt.Fprintf(s.stdout, "%s %-22s %s\n", mark, score.Sabotage.Name, score.Sabotage.Does)
	for _, part := range []struct {
		what string
		ids  []string
	}{{"noticed by", score.Killed}, {"not noticed by", score.Survived}, {"blamed wrongly by", score.Misattributed}, {"not known of", score.Unknown}} {
		if len(part.ids) > 0 {
			fmt.Fprintf(s.stdout, "    %s %s\n", part.what, strings.Join(part.ids, ", "))
		}
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"builders.test/internal/compare"
	"builders.test/internal/console"
	"builders.test/internal/report"
)

// againFolder is where the tries of one round lie, below the folder of their side.
const againFolder = "again-%02d"

// alone is the check again, of the claims with the given ids and of nothing
// else: one after the other, each tried once, into a folder below its own.
func (c *check) alone(folder string, ids []string) *check {
	one := *c
	one.ids, one.confirm, one.parallel, one.ready = ids, "0", 1, nil
	one.stderr = io.Discard // the lab is up, and says so each time
	one.out = filepath.Join(c.out, folder)
	return &one
}

// forgetAgain removes what earlier commands asked again in the same folder, which
// would be taken for this one's.
func (c *check) forgetAgain() error {
	folders, err := filepath.Glob(filepath.Join(c.out, "again-[0-9]*"))
	if err != nil {
		return err
	}
	for _, folder := range folders {
		if err := os.RemoveAll(folder); err != nil {
			return fmt.Errorf("remove what was asked again earlier: %w; name a writable folder with --out", err)
		}
	}
	return nil
}

// sideAsked is one side of a comparison and what it said so far.
type sideAsked struct {
	name  string
	check *check
	proof *proof
	// rounds counts how often it was asked again.
	rounds int
}

// askAgain repeats the claims that one try or four cannot decide, by turns with the
// baseline and the candidate, until their rates differ or have been looked at often
// enough. Everything that was asked is in the two reports afterwards.
func (c *comparison) askAgain(ctx context.Context, baseline, candidate *sideAsked) error {
	for ctx.Err() == nil {
		before, after := compare.Reports(baseline.proof.report, candidate.proof.report).Again()
		if len(before)+len(after) == 0 {
			return nil
		}
		if err := c.ask(ctx, baseline, before); err != nil {
			return err
		}
		if err := c.ask(ctx, candidate, after); err != nil {
			return err
		}
	}
	return errors.New("interrupted while asking again; what was asked until then counts")
}

// ask asks one side again about some claims.
func (c *comparison) ask(ctx context.Context, side *sideAsked, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	side.rounds++
	folder := fmt.Sprintf(againFolder, side.rounds)
	one := side.check.alone(folder, ids)
	p, err := one.prove(ctx, console.New(io.Discard, c.stderr, one.out))
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("asking the %s again about %s: %w", side.name, strings.Join(ids, ", "), err)
	}
	side.proof.report = compare.Add(side.proof.report, p.report, folder)
	if _, err := side.proof.report.Write(side.check.out); err != nil {
		return err
	}
	for _, claim := range p.report.Claims {
		fmt.Fprintf(c.stdout, "  again   %-10s %s %s\n", side.name, report.Mark(claim.Verdict), claim.ID)
	}
	return nil
}

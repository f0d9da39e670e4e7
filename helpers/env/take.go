package env

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/moby/sys/atomicwriter"
)

// Take is [Environment.Borrow] for a name that a spec is about to give to an
// image of its own: giveBack makes the name what it was before the run is over,
// in the lab, too. Where the run has borrowed the name already, it stays so
// until the run ends, and giveBack does nothing.
func (e *Environment) Take(ctx context.Context, ref string) (giveBack func(context.Context) error, err error) {
	note := filepath.Join(e.Dir, noteOf(e.Engine.Host, ref))
	if _, err := os.Stat(note); err == nil {
		return func(context.Context) error { return nil }, nil
	}
	if err := e.Borrow(ctx, ref); err != nil {
		return nil, err
	}
	l, err := readLoan(note)
	if err != nil {
		return nil, err
	}
	l.Stays = false
	encoded, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	if err := atomicwriter.WriteFile(note, encoded, 0o600); err != nil {
		return nil, fmt.Errorf("note which image was called %s: %w", ref, err)
	}
	return func(ctx context.Context) error { return GiveBack(ctx, note) }, nil
}

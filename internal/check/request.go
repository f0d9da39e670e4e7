package check

import (
	"fmt"
	"slices"
	"strings"

	"builders.test/helpers/claim"
	"builders.test/helpers/subject"
	"builders.test/helpers/testbed"
	"builders.test/internal/book"
	"builders.test/internal/check/exit"
	"builders.test/internal/makefile"
	"builders.test/internal/plan"
	"builders.test/internal/uses"
)

// Request is what one run is asked for, in the words that people write. Empty words
// leave the choice to the project.
type Request struct {
	// Cell is what to test, with which driver, on which image store.
	Cell plan.Cell
	// Choice says which claims.
	Choice Choice
	// Confirm is how often a claim that failed is retried, Strict whether unsteady
	// claims and known faults fail the run, and Keep whether the builders and files of a
	// failed claim stay, in the words of CONFIRM, STRICT and KEEP.
	Confirm, Strict, Keep string
	// Out is the folder for the report and the evidence.
	Out string
	// Parallel is how many claims are tested at the same time; 0 means as many as
	// there are processors.
	Parallel int
	// InLab takes the lab even if an engine of the user's can be reached. Instead, if
	// not nil, replaces the lab's own access.
	InLab   bool
	Instead *testbed.Access
}

// Choice says which claims of a book are tested.
type Choice struct {
	// Run has chapters, ids and globs of ids; empty means all.
	Run string
	// Regressions adds the faults of past releases if nothing is chosen.
	Regressions bool
	// IDs are the only claims to test; empty means all that are chosen.
	IDs []string
	// Uses is a file or folder of a project: only claims that guard something that it
	// uses are tested. Empty means all.
	Uses string
}

// String returns what was chosen, as people write it.
func (c Choice) String() string {
	if len(c.IDs) > 0 {
		return strings.Join(c.IDs, " ")
	}
	if c.Uses != "" {
		return strings.TrimSpace(c.Run + " USES=" + c.Uses)
	}
	return c.Run
}

// from returns the chosen part of a book. In a cell, only claims about it are tested.
func (c Choice) from(all book.Book, cell subject.Cell) (book.Book, error) {
	if c.Run == "" && !c.Regressions && len(c.IDs) == 0 {
		all = all.WithoutRegressions()
	}
	chosen, err := all.Select(c.Run)
	if err == nil && len(c.IDs) > 0 {
		chosen, err = chosen.Only(func(one claim.Listed) bool { return slices.Contains(c.IDs, one.ID) })
	}
	if err == nil && c.Uses != "" {
		chosen, err = guarding(chosen, c.Uses)
	}
	if err != nil || !cell.Chosen() {
		return chosen, err
	}
	chosen, err = chosen.Only(func(one claim.Listed) bool { return one.In(cell.Driver, cell.Store) })
	if err != nil {
		return book.Book{}, fmt.Errorf("%s: %w; `builders claims` lists what there is", cell, err)
	}
	return chosen, nil
}

// guarding returns the claims that guard something that a project uses.
func guarding(all book.Book, path string) (book.Book, error) {
	found, _, err := uses.Read(path)
	if err != nil {
		return book.Book{}, fmt.Errorf("USES=%s: %w", path, err)
	}
	guards, err := uses.Kept()
	if err != nil {
		return book.Book{}, err
	}
	ids := map[string]bool{}
	for _, item := range uses.Items(found) {
		for _, id := range guards.Of(item) {
			ids[id] = true
		}
	}
	chosen, err := all.Only(func(one claim.Listed) bool { return ids[one.ID] })
	if err != nil {
		return book.Book{}, fmt.Errorf("USES=%s: no chosen claim guards what it uses; `builders uses %s` lists that", path, path)
	}
	return chosen, nil
}

// parsed is a request with the meaning of its words.
type parsed struct {
	Request

	buildkit subject.BuildKitChoice
	buildx   subject.BuildxChoice
	cell     subject.Cell
	confirm  int
}

func (r Request) parse() (p parsed, err error) {
	p.Request = r
	if p.buildkit, err = subject.ParseBuildKit(r.Cell.BuildKit); err != nil {
		return parsed{}, err
	}
	if p.buildx, err = subject.ParseBuildx(r.Cell.Buildx); err != nil {
		return parsed{}, err
	}
	if p.cell, err = subject.ParseCell(r.Cell.Driver, r.Cell.Store); err != nil {
		return parsed{}, err
	}
	if _, err := exit.ParsePolicy(r.Strict); err != nil {
		return parsed{}, err
	}
	if _, err := subject.Keep(r.Keep); err != nil {
		return parsed{}, err
	}
	p.confirm, err = subject.Confirm(r.Confirm)
	return p, err
}

// Policy says which verdicts fail a run, according to the request.
func (r Request) Policy() exit.Policy {
	policy, _ := exit.ParsePolicy(r.Strict) // an invalid policy is refused before a run
	return policy
}

// Alone returns the request for a few claims and nothing else: one after the
// other, each tried once, into another folder.
func (r Request) Alone(out string, ids ...string) Request {
	r.Choice.IDs, r.Confirm, r.Parallel, r.Out = ids, "0", 1, out
	return r
}

// again returns the line that repeats the run, without the claim.
func (r Request) again(specs string) makefile.Check {
	return makefile.Check{BuildKit: r.Cell.BuildKit, Buildx: r.Cell.Buildx, Specs: specs, Driver: r.Cell.Driver, Store: r.Cell.Store}
}

// variables returns the variables of the test process that come from the request.
func (r Request) variables(specs, out string) map[string]string {
	return map[string]string{
		"DRIVER": r.Cell.Driver, "STORE": r.Cell.Store, "SPECS": specs, "OUT": out,
		// The choice has been made by then.
		"REGRESSIONS": "1", "CONFIRM": r.Confirm, "STRICT": r.Strict, "KEEP": r.Keep,
	}
}

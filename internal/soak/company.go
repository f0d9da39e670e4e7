package soak

import (
	"fmt"
	"strconv"

	"builders.test/internal/text"
)

// Company is how many runs of each column run alongside a second one.
type Company struct {
	every bool
	first int
}

// ParseCompany reads BESIDE for a number of runs: nothing or 0 means none of
// them, 1 or all means every one, and a higher number means that many, the first
// ones.
func ParseCompany(word string, runs int) (Company, error) {
	switch word {
	case "", "0":
		return Company{}, nil
	case "1", "all":
		return Company{every: true}, nil
	}
	n, err := strconv.Atoi(word)
	if err != nil || n < 0 {
		return Company{}, fmt.Errorf("BESIDE=%s is neither 1 or all, for a second run alongside each, nor the number of runs that get one", word)
	}
	if n > runs {
		return Company{}, fmt.Errorf("BESIDE=%s: there are only %s; give RUNS=%s, or BESIDE=all", word, text.Count(runs, "run"), word)
	}
	return Company{first: n}, nil
}

// Has reports whether the run with that number has a second one alongside.
func (c Company) Has(number int) bool { return c.every || number <= c.first }

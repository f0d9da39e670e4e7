package subject

import (
	"fmt"
	"strconv"
)

// DefaultConfirm is how often a claim that failed is retried if CONFIRM is empty.
const DefaultConfirm = 3

// Confirm reads what CONFIRM says: how often a claim that failed is retried
// before it is called broken.
func Confirm(text string) (int, error) {
	const most = 19
	if text == "" {
		return DefaultConfirm, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		return 0, fmt.Errorf("CONFIRM=%s is not a number from 0 to %d; it is how often a failed claim is retried", text, most)
	}
	return n, nil
}

// Strict reads what STRICT says: whether unsteady claims and known faults fail
// the run, too.
func Strict(text string) (bool, error) { return yes("STRICT", text) }

// Keep reads what KEEP says: whether the builders and files of a failed claim are
// kept for inspection.
func Keep(text string) (bool, error) { return yes("KEEP", text) }

// Clean reads what BUILDERS_CLEAN says: whether a suite only removes what its runs
// have left.
func Clean(text string) (bool, error) { return yes("BUILDERS_CLEAN", text) }

func yes(variable, text string) (bool, error) {
	if text == "" {
		return false, nil
	}
	said, err := strconv.ParseBool(text)
	if err != nil {
		return false, fmt.Errorf("%s=%s is neither 1 nor 0", variable, text)
	}
	return said, nil
}

package problem

import "testing"

func TestProblemIsOneLine(t *testing.T) {
	err := New("doing this", "it\nfailed  badly", "do that")
	if got, want := err.Error(), "doing this: it failed badly; do that"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
}

package spec

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// output is a test that keeps its log.
type output struct {
	testing.TB
	log strings.Builder
}

func (o *output) Output() io.Writer { return &o.log }
func (o *output) Fail()             {}
func (o *output) FailNow()          { runtime.Goexit() }

// line returns the line of its caller.
func line() string {
	_, _, line, _ := runtime.Caller(1)
	return fmt.Sprintf("where_test.go:%d: ", line)
}

func TestAFailureIsShownWhereTheBodyCalledForIt(t *testing.T) {
	helper := func(s *T) { s.Errorf("in a helper\nof two lines") }
	var want string
	for said, body := range map[string]func(*T){
		"red":                           func(s *T) { want = line(); s.Errorf("red") },
		"in a helper\n    of two lines": func(s *T) { want = line(); helper(s) },
		"environment: no disk":          func(s *T) { want = line(); s.EnvironmentFailed("no disk") },
		"mistake: none":                 func(s *T) { want = line(); s.Mistaken("none") },
	} {
		o := &output{TB: t}
		s := &T{TB: o, number: 1, proof: &proof{body: body}}
		s.guard(s.body)
		require.Equal(t, want+said+"\n", o.log.String())
	}
}

package cli

import (
	"testing"
	"time"

	"builders.test/helpers/env"
	"builders.test/helpers/spec"
	"github.com/stretchr/testify/require"
)

func TestACommandIsInterruptedAtTheEnd(t *testing.T) {
	s := &spec.T{TB: t, Env: &env.Environment{}}
	r := begin(s, time.Minute, Config{}, []string{"sleep", "60"})
	select {
	case <-r.Ended():
		t.Fatal("the command has ended before it was interrupted")
	default:
	}
	r.end()
	<-r.Ended()
	require.False(t, r.result.Timeout)
	require.NotZero(t, r.result.ExitCode)
	r.end()
}

func TestACommandThatCannotStartHasEnded(t *testing.T) {
	s := &spec.T{TB: t, Env: &env.Environment{}}
	r := begin(s, time.Minute, Config{}, []string{"/nowhere/program"})
	<-r.Ended()
	require.Error(t, r.result.Error)
	require.NotZero(t, r.result.ExitCode)
}

func TestACommandThatTakesTooLongIsKilled(t *testing.T) {
	s := &spec.T{TB: t, Env: &env.Environment{}}
	r := begin(s, 50*time.Millisecond, Config{}, []string{"sleep", "60"})
	<-r.Ended()
	require.True(t, r.result.Timeout)
}

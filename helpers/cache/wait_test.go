package cache

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"builders.test/helpers/builder"
	"builders.test/helpers/env"
	"builders.test/helpers/evidence"
	"builders.test/helpers/spec"
	"github.com/stretchr/testify/require"
)

// recorder is a test that remembers what failed it.
type recorder struct {
	testing.TB
	said strings.Builder
}

func (r *recorder) Output() io.Writer { return &r.said }
func (r *recorder) Fail()             {}
func (r *recorder) FailNow()          { runtime.Goexit() }

// ended runs part of a claim, and returns how long it took and what failed it.
func ended(t *testing.T, script string, part func(*spec.T)) (took time.Duration, said string) {
	t.Helper()
	r := &recorder{TB: t}
	s := withDocker(t, script)
	s.TB = r
	began, done := time.Now(), make(chan struct{})
	go func() {
		defer close(done)
		part(s)
	}()
	<-done
	return time.Since(began), r.said.String()
}

// withDocker returns a claim whose docker command is a shell script.
func withDocker(t *testing.T, script string) *spec.T {
	t.Helper()
	docker := filepath.Join(t.TempDir(), "docker")
	require.NoError(t, os.WriteFile(docker, []byte("#!/bin/sh\n"+script), 0o700))
	kept, err := evidence.Create(t.TempDir(), "cache/until")
	require.NoError(t, err)
	return &spec.T{TB: t, Env: &env.Environment{Docker: docker, Dir: t.TempDir()}, Evidence: kept}
}

const long = 20 * time.Second

// A command that fails says so itself; there is nothing to wait for.
func TestAFailingLookEndsTheClaimAtOnce(t *testing.T) {
	b := &builder.Builder{Name: "x"}
	for what, await := range map[string]func(*spec.T){
		"du":   func(s *spec.T) { Await(s, b, long, "full", func(Records) bool { return false }) },
		"find": func(s *spec.T) { AwaitGone(s, b, long, "full", "thing") },
	} {
		took, said := ended(t, "echo no such builder >&2; exit 2", await)
		require.Contains(t, said, "no such builder", what)
		require.Contains(t, said, what, "the command is not named")
		require.Less(t, took, long/2, "%s failed, and it was waited for", what)
	}
}

func TestWhatCannotBeReadEndsTheClaimAtOnce(t *testing.T) {
	took, said := ended(t, "echo ID: a; echo Size: large", func(s *spec.T) {
		Await(s, &builder.Builder{Name: "x"}, long, "full", func(Records) bool { return false })
	})
	require.Contains(t, said, "environment: ", "no one here can read it, which says nothing about du")
	require.Contains(t, said, "cannot read the output of `docker buildx du --verbose`: the size of record a")
	require.Less(t, took, long/2)
}

func TestUntil(t *testing.T) {
	looks := 0
	_, said := ended(t, "", func(s *spec.T) {
		Until(s, long, func() (string, error) {
			if looks++; looks < 3 {
				return "not yet", nil
			}
			return "", nil
		})
	})
	require.Empty(t, said)
	require.Equal(t, 3, looks)

	_, said = ended(t, "", func(s *spec.T) {
		Until(s, time.Millisecond, func() (string, error) { return "still there", nil })
	})
	require.Regexp(t, `^wait_test\.go:\d+: after 1ms: still there\n$`, said)
}

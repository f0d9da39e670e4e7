package kin

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

func TestParseStat(t *testing.T) {
	name, parent, err := parseStat("12 (tmux: (server) x) S 7 12 12 0 -1")
	assert.NilError(t, err)
	assert.Equal(t, name, "tmux: (server) x")
	assert.Equal(t, parent, 7)
	for _, text := range []string{"", "12 S 7", "12 (make)", "12 (make) S x", ")("} {
		_, _, err := parseStat(text)
		assert.Assert(t, err != nil, text)
	}
}

func TestWatchTellsTheEnd(t *testing.T) {
	child := exec.Command("sleep", "1000")
	assert.NilError(t, child.Start())
	ended := make(chan struct{})
	watch(child.Process.Pid, func() { close(ended) })
	select {
	case <-ended:
		t.Fatal("it is said to have ended and has not")
	case <-time.After(50 * time.Millisecond):
	}
	assert.NilError(t, child.Process.Kill())
	_ = child.Wait()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("it ended and nobody was told")
	}
}

func TestAncestor(t *testing.T) {
	name, _, err := stat(os.Getppid())
	assert.NilError(t, err)
	pid, ok := ancestor([]string{name})
	assert.Assert(t, ok)
	assert.Equal(t, pid, os.Getppid())
	_, ok = ancestor([]string{"a program that nobody has"})
	assert.Assert(t, !ok)
}

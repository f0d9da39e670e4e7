package kin

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/shirou/gopsutil/v4/process"
	"gotest.tools/v3/assert"
)

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
	above := process.Process{Pid: int32(os.Getppid())}
	name, err := above.Name()
	assert.NilError(t, err)
	pid, ok := ancestor([]string{name})
	assert.Assert(t, ok)
	assert.Equal(t, pid, os.Getppid())
	_, ok = ancestor([]string{"a program that nobody has"})
	assert.Assert(t, !ok)
}

package env

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"gotest.tools/v3/assert"
)

func TestSmallestProgram(t *testing.T) {
	for platform, machine := range map[string]elf.Machine{"linux/amd64": elf.EM_X86_64, "linux/arm64": elf.EM_AARCH64} {
		program, err := smallestProgram(platform)
		assert.NilError(t, err)
		read, err := elf.NewFile(bytes.NewReader(program))
		assert.NilError(t, err, platform)
		assert.Equal(t, read.Machine, machine)
		assert.Equal(t, read.Entry, read.Progs[0].Vaddr+read.Progs[0].Filesz-uint64(len(exits[platform].code)), "it begins with its first instruction")
	}
	_, err := smallestProgram("plan9/mips")
	assert.ErrorContains(t, err, "plan9/mips")
}

func TestSmallestProgramRunsHere(t *testing.T) {
	program, err := smallestProgram(runtime.GOOS + "/" + runtime.GOARCH)
	if err != nil {
		t.Skip(err)
	}
	path := filepath.Join(t.TempDir(), probeName)
	assert.NilError(t, os.WriteFile(path, program, 0o700))
	assert.NilError(t, exec.Command(path).Run())
}

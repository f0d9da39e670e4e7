package foreign

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProgramIsOfItsProcessor(t *testing.T) {
	for _, p := range processors {
		file, err := elf.NewFile(bytes.NewReader(p.program()))
		require.NoError(t, err, p.platform)
		require.Equal(t, p.machine, file.Machine, p.platform)
		require.Equal(t, p.order, file.ByteOrder, p.platform)
		require.Equal(t, elf.ET_EXEC, file.Type, p.platform)
	}
}

// Nothing is known to emulate the last one, so every kernel refuses it.
func TestTheLastProgramIsExecutedNowhere(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	require.NoError(t, os.WriteFile(program, processors[len(processors)-1].program(), 0o755))
	require.ErrorIs(t, exec.Command(program).Run(), syscall.ENOEXEC)
}

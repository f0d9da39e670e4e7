// Package foreign makes programs of platforms that nothing on the engine's
// host executes.
package foreign

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"

	"builders.test/helpers/builder"
	"builders.test/helpers/spec"
)

// processor is what a program's header says of the processor it is made for.
type processor struct {
	platform string
	machine  elf.Machine
	order    binary.ByteOrder
}

// processors are tried in this order. The usual emulations know all but the
// last one, for which there is none.
var processors = []processor{
	{"linux/s390x", elf.EM_S390, binary.BigEndian},
	{"linux/riscv64", elf.EM_RISCV, binary.LittleEndian},
	{"linux/ppc64le", elf.EM_PPC64, binary.LittleEndian},
	{"linux/sparc64", elf.EM_SPARCV9, binary.BigEndian},
}

// Context makes a folder with a program of a platform that the builder does
// not list, which means that it has tried and its host cannot execute it.
// It returns the folder and the platform.
func Context(t *spec.T, b *builder.Builder) (dir, platform string) {
	t.Helper()
	executed := b.Inspect(t)[0].Platforms
	for _, p := range processors {
		if !slices.Contains(executed, p.platform) {
			return write(t, p), p.platform
		}
	}
	t.EnvironmentFailed("the builder claims to execute programs of every platform: %v", executed)
	return "", ""
}

func write(t *spec.T, p processor) string {
	t.Helper()
	dir := filepath.Join(t.Env.Dir, t.Env.Name("foreign"))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.EnvironmentFailed("make a build context: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "program"), p.program(), 0o755); err != nil {
		t.EnvironmentFailed("write a program for %s: %v", p.platform, err)
	}
	return dir
}

// program is an ELF file with a header and nothing else: a kernel looks no
// further to see that it cannot execute it.
func (p processor) program() []byte {
	header := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(p.machine), Version: uint32(elf.EV_CURRENT),
		Ehsize: uint16(binary.Size(elf.Header64{})),
	}
	copy(header.Ident[:], elf.ELFMAG)
	header.Ident[elf.EI_CLASS] = byte(elf.ELFCLASS64)
	header.Ident[elf.EI_DATA] = byte(elf.ELFDATA2LSB)
	if p.order == binary.BigEndian {
		header.Ident[elf.EI_DATA] = byte(elf.ELFDATA2MSB)
	}
	header.Ident[elf.EI_VERSION] = byte(elf.EV_CURRENT)
	var program bytes.Buffer
	// A buffer takes everything, and the header has a fixed size.
	_ = binary.Write(&program, p.order, header)
	return program.Bytes()
}

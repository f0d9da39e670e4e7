package emulation

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// foreign describes an architecture to the kernel: the first bytes of its ELF
// programs, and which of their bits count.
type foreign struct {
	arch, qemu  string
	magic, mask []byte
}

// elf is the start of a 64-bit little-endian ELF program for a machine. The
// operating system's ABI does not count, and neither does whether the program
// is position independent (type 2 or 3).
func elf(machine byte) (magic, mask []byte) {
	magic = []byte{0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, machine, 0}
	mask = []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff}
	return magic, mask
}

// foreignTo is the architecture that a machine needs an emulator for.
func foreignTo(arch string) foreign {
	if arch == "arm64" {
		magic, mask := elf(0x3e)
		return foreign{"amd64", "x86_64", magic, mask}
	}
	magic, mask := elf(0xb7)
	return foreign{"arm64", "aarch64", magic, mask}
}

// registration is the line that makes the kernel run such programs. P keeps
// the program's own name; F opens the emulator now, so that containers need not
// hold it.
func (f foreign) registration(name, emulator string) string {
	return fmt.Sprintf(":%s:M:0:%s:%s:%s:PF", name, escape(f.magic), escape(f.mask), emulator)
}

func escape(bytes []byte) string {
	var text strings.Builder
	for _, b := range bytes {
		fmt.Fprintf(&text, `\x%02x`, b)
	}
	return text.String()
}

// handles reports whether an entry of binfmt_misc runs such programs in
// containers, too.
func (f foreign) handles(entry string) bool {
	if !strings.HasPrefix(entry, "enabled") {
		return false
	}
	var magic, flags, offset string
	for line := range strings.Lines(entry) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch name {
		case "magic":
			magic = value
		case "flags:":
			flags = value
		case "offset":
			offset = value
		}
	}
	bytes, err := hex.DecodeString(magic)
	return err == nil && offset == "0" && strings.Contains(flags, "F") &&
		len(bytes) >= 20 && bytes[4] == f.magic[4] && bytes[18] == f.magic[18] && bytes[19] == f.magic[19]
}

// handler is the entry that runs such programs already, other than those that
// skip names.
func (f foreign) handler(root string, skip func(name string) bool) (string, bool) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return "", false
	}
	for _, e := range entries {
		if e.Name() == "register" || e.Name() == "status" || skip(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, e.Name()))
		if err == nil && f.handles(string(text)) {
			return e.Name(), true
		}
	}
	return "", false
}

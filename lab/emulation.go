package lab

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// binfmtRoot is where the kernel lists what it runs foreign programs with.
const binfmtRoot = "/proc/sys/fs/binfmt_misc"

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

// emulated is the architecture that this lab needs an emulator for.
func (l *Lab) emulated() foreign {
	if l.arch == "arm64" {
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

// handles tells whether an entry of binfmt_misc runs such programs in
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

// entryPrefix starts the names of all labs' entries.
const entryPrefix = "builders-"

func (l *Lab) entryName(f foreign) string { return entryPrefix + f.qemu + "-" + l.id }

// The notes that tell `down` what to take back.
func (l *Lab) mountedNote() string    { return filepath.Join(l.run, "binfmt-mounted") }
func (l *Lab) registeredNote() string { return filepath.Join(l.run, "binfmt-registered") }

// emulate makes sure that the foreign architecture's programs run. What is
// registered already stays as it is.
func (l *Lab) emulate() error {
	f := l.emulated()
	if err := l.mountBinfmt(); err != nil {
		return err
	}
	name := l.entryName(f)
	// Another lab's entry goes away with that lab; this one needs its own.
	others := func(entry string) bool { return strings.HasPrefix(entry, entryPrefix) && entry != name }
	if _, ok := f.handler(binfmtRoot, others); ok {
		return nil
	}
	dir, err := l.unpacked("qemu-user-static", "qemu-user-static")
	if err != nil {
		return err
	}
	emulator := filepath.Join(dir, "usr/bin/qemu-"+f.qemu+"-static")
	if !exists(emulator) {
		return fmt.Errorf("the package qemu-user-static holds no emulator for %s", f.qemu)
	}
	if err := os.WriteFile(l.registeredNote(), []byte(name), 0o600); err != nil {
		return err
	}
	err = os.WriteFile(filepath.Join(binfmtRoot, "register"), []byte(f.registration(name, emulator)), 0o200)
	if err != nil {
		return problem("registering the emulator for "+f.arch, err.Error(), "register one, for example with Debian's binfmt-support and qemu-user-static")
	}
	l.progress.say("emulation", f.arch+" programs run by "+filepath.Base(emulator))
	return nil
}

func (l *Lab) mountBinfmt() error {
	if exists(filepath.Join(binfmtRoot, "register")) {
		return nil
	}
	if err := os.WriteFile(l.mountedNote(), nil, 0o600); err != nil {
		return err
	}
	if err := syscall.Mount("binfmt_misc", binfmtRoot, "binfmt_misc", 0, ""); err != nil {
		_ = os.Remove(l.mountedNote())
		return problem("mounting binfmt_misc", err.Error(), "load the kernel module binfmt_misc")
	}
	return nil
}

// stopEmulation takes back what emulate did.
func (l *Lab) stopEmulation() error {
	if name, err := os.ReadFile(l.registeredNote()); err == nil && len(name) > 0 {
		entry := filepath.Join(binfmtRoot, filepath.Base(string(name)))
		// Writing -1 removes the entry.
		if err := os.WriteFile(entry, []byte("-1"), 0o200); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("removing the emulator %s: %w", name, err)
		}
		_ = os.Remove(l.registeredNote())
	}
	if !exists(l.mountedNote()) {
		return nil
	}
	_ = os.Remove(l.mountedNote())
	// Somebody else's emulator may live there by now; then it stays mounted.
	if left, err := os.ReadDir(binfmtRoot); err == nil && len(left) <= 2 {
		return syscall.Unmount(binfmtRoot, 0)
	}
	return nil
}

// Package emulation makes this machine run the programs of the other
// architecture, also in containers. It leaves existing registrations as they are.
package emulation

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"builders.test/lab/packages"
	"builders.test/lab/problem"
	"builders.test/lab/site"
)

// binfmtRoot is where the kernel lists what it runs foreign programs with.
const binfmtRoot = "/proc/sys/fs/binfmt_misc"

// Emulation is a lab's emulator.
type Emulation struct {
	foreign
	// name is the name of the lab's entry.
	name string
	// mounted and registered are the notes about what [Emulation.Stop] has to undo.
	mounted, registered string
	packages            *packages.Packages
	site                *site.Site
}

// New returns the emulator of the lab at s, on a machine of the architecture arch.
func New(s *site.Site, arch string, debs *packages.Packages) *Emulation {
	f := foreignTo(arch)
	return &Emulation{
		foreign: f, name: entryPrefix + f.qemu + "-" + s.ID,
		mounted: filepath.Join(s.Run, "binfmt-mounted"), registered: filepath.Join(s.Run, "binfmt-registered"),
		packages: debs, site: s,
	}
}

// entryPrefix starts the names of all labs' entries.
const entryPrefix = "builders-"

// Arch returns the architecture that is emulated.
func (e *Emulation) Arch() string { return e.arch }

// By returns the entry that runs the other architecture's programs, the lab's or
// another.
func (e *Emulation) By() (name string, ok bool) {
	return e.handler(binfmtRoot, func(string) bool { return false })
}

// Lasts reports whether what runs them stays while this lab is up: another lab's
// entry is removed with that lab.
func (e *Emulation) Lasts() bool {
	_, ok := e.handler(binfmtRoot, e.another)
	return ok
}

// another reports whether an entry belongs to another lab.
func (e *Emulation) another(entry string) bool {
	return strings.HasPrefix(entry, entryPrefix) && entry != e.name
}

// Start makes sure that the other architecture's programs run.
func (e *Emulation) Start(ctx context.Context) error {
	return e.site.Alone(ctx, "emulation", e.start)
}

func (e *Emulation) start() error {
	if err := e.mount(); err != nil {
		return err
	}
	if e.Lasts() {
		return nil
	}
	dir, err := e.packages.Unpacked("qemu-user-static")
	if err != nil {
		return err
	}
	emulator := filepath.Join(dir, "usr/bin/qemu-"+e.qemu+"-static")
	if !site.Exists(emulator) {
		return fmt.Errorf("the package qemu-user-static has no emulator for %s", e.qemu)
	}
	if err := os.WriteFile(e.registered, []byte(e.name), 0o600); err != nil {
		return err
	}
	err = os.WriteFile(filepath.Join(binfmtRoot, "register"), []byte(e.registration(e.name, emulator)), 0o200)
	if err != nil {
		return problem.New("registering the emulator for "+e.arch, err.Error(), "register one, for example with Debian's binfmt-support and qemu-user-static")
	}
	e.site.Say("emulation", e.arch+" programs run by "+filepath.Base(emulator))
	return nil
}

func (e *Emulation) mount() error {
	if site.Exists(filepath.Join(binfmtRoot, "register")) {
		return nil
	}
	if err := os.WriteFile(e.mounted, nil, 0o600); err != nil {
		return err
	}
	if err := syscall.Mount("binfmt_misc", binfmtRoot, "binfmt_misc", 0, ""); err != nil {
		_ = os.Remove(e.mounted)
		return problem.New("mounting binfmt_misc", err.Error(), "load the kernel module binfmt_misc")
	}
	return nil
}

// Stop undoes what Start did.
func (e *Emulation) Stop() error {
	if name, err := os.ReadFile(e.registered); err == nil && len(name) > 0 {
		entry := filepath.Join(binfmtRoot, filepath.Base(string(name)))
		// Writing -1 removes the entry.
		if err := os.WriteFile(entry, []byte("-1"), 0o200); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("removing the emulator %s: %w", name, err)
		}
		_ = os.Remove(e.registered)
	}
	if !site.Exists(e.mounted) {
		return nil
	}
	_ = os.Remove(e.mounted)
	// Another emulator may be there by now; then it stays mounted.
	if left, err := os.ReadDir(binfmtRoot); err == nil && len(left) <= 2 {
		return syscall.Unmount(binfmtRoot, 0)
	}
	return nil
}

// foreign describes an architecture to the kernel: the first bytes of its ELF
// programs, and which of their bits count.
type foreign struct {
	arch, qemu  string
	magic, mask []byte
}

// elf returns the start of a 64-bit little-endian ELF program for a machine. It
// ignores the operating system's ABI, and whether the program is position
// independent (type 2 or 3).
func elf(machine byte) (magic, mask []byte) {
	magic = []byte{0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, machine, 0}
	mask = []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff}
	return magic, mask
}

// foreignTo returns the architecture that a machine needs an emulator for.
func foreignTo(arch string) foreign {
	if arch == "arm64" {
		magic, mask := elf(0x3e)
		return foreign{"amd64", "x86_64", magic, mask}
	}
	magic, mask := elf(0xb7)
	return foreign{"arm64", "aarch64", magic, mask}
}

// registration returns the line that makes the kernel run such programs. P keeps
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

// handles reports whether an entry of binfmt_misc runs such programs, also in
// containers.
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

// handler returns the entry that already runs such programs, leaving out entries
// that skip accepts.
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

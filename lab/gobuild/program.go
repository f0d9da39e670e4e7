// Package gobuild compiles programs from Go modules: verified, from the
// module's own folder, and kept by version.
package gobuild

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Program is a set of commands compiled from one Go module.
type Program struct {
	// Name is for people and for folders: "buildx".
	Name            string
	Module, Version string
	// Packages are the commands within the module: "./cmd/buildx".
	Packages []string
	Tags     string
	// Vars are the string variables set by the linker.
	Vars map[string]string
	// Static links C code statically; without it there is none.
	Static bool
}

func (p Program) String() string { return p.Name + " " + p.Version }

// folder is the name of the program's folder. It changes with whatever changes
// the binaries, and with nothing else: who has compiled them keeps them.
func (p Program) folder() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "{name:%s module:%s version:%s packages:%v tags:%s vars:%v static:%t}",
		p.Name, p.Module, p.Version, p.Packages, p.Tags, p.Vars, p.Static))
	return fmt.Sprintf("%s-%s-%s", p.Name, p.Version, hex.EncodeToString(sum[:])[:8])
}

func (p Program) ldflags() string {
	flags := []string{"-s", "-w"}
	for _, name := range slices.Sorted(maps.Keys(p.Vars)) {
		flags = append(flags, "-X "+name+"="+p.Vars[name])
	}
	if p.Static {
		flags = append(flags, "-extldflags -static")
	}
	return strings.Join(flags, " ")
}

func (p Program) cgo() string {
	if p.Static {
		return "CGO_ENABLED=1"
	}
	return "CGO_ENABLED=0"
}

package env

import (
	"archive/tar"
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"

	"builders.test/helpers/internal/program"
	"github.com/docker/docker/api/types/image"
)

// exits are the machine instructions that end a program with exit code 0 on
// Linux, for each platform that can be probed.
var exits = map[string]struct {
	machine elf.Machine
	code    []byte
}{
	"linux/amd64": {elf.EM_X86_64, []byte{
		0xb8, 0x3c, 0, 0, 0, // mov eax, 60 (exit)
		0x31, 0xff, // xor edi, edi
		0x0f, 0x05, // syscall
	}},
	"linux/arm64": {elf.EM_AARCH64, []byte{
		0x00, 0x00, 0x80, 0xd2, // mov x0, #0
		0xa8, 0x0b, 0x80, 0xd2, // mov x8, #93 (exit)
		0x01, 0x00, 0x00, 0xd4, // svc #0
	}},
}

// probeName is the program in a probe's image.
const probeName = "probe"

// importProbe imports an image whose only file is the smallest program of a
// platform. It pulls nothing: if the store has one platform per name, pulling a
// foreign busybox would take the name from the user's own.
func (e *Environment) importProbe(ctx context.Context, platform string) (ref string, err error) {
	smallest, err := smallestProgram(platform)
	if err != nil {
		return "", err
	}
	var archive bytes.Buffer
	files := tar.NewWriter(&archive)
	if err := files.WriteHeader(&tar.Header{Name: probeName, Mode: 0o755, Size: int64(len(smallest))}); err != nil {
		return "", err
	}
	if _, err := files.Write(smallest); err != nil {
		return "", err
	}
	if err := files.Close(); err != nil {
		return "", err
	}
	ref = e.SharedImage(probeName)
	said, err := e.Client.ImageImport(ctx, image.ImportSource{Source: &archive, SourceName: "-"}, ref, image.ImportOptions{Platform: platform})
	if err != nil {
		return ref, err
	}
	defer said.Close()
	_, err = io.Copy(io.Discard, said)
	return ref, err
}

// smallestProgram returns an executable that exits with 0.
func smallestProgram(platform string) ([]byte, error) {
	exit, known := exits[platform]
	if !known {
		return nil, fmt.Errorf("no program is known that shows whether %s can be executed", platform)
	}
	return program.Program{Machine: exit.machine, Order: binary.LittleEndian, Code: exit.code}.ELF(), nil
}

package env

import (
	"archive/tar"
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"

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

// importProbe brings an image into the engine whose only file is the smallest
// program of a platform. Nothing is pulled for it: where the store has one
// platform per name, pulling a foreign busybox would take the name from the
// user's own.
func (e *Environment) importProbe(ctx context.Context, platform string) (ref string, err error) {
	program, err := smallestProgram(platform)
	if err != nil {
		return "", err
	}
	var archive bytes.Buffer
	files := tar.NewWriter(&archive)
	if err := files.WriteHeader(&tar.Header{Name: probeName, Mode: 0o755, Size: int64(len(program))}); err != nil {
		return "", err
	}
	if _, err := files.Write(program); err != nil {
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

// smallestProgram is an executable that exits with 0.
func smallestProgram(platform string) ([]byte, error) {
	exit, known := exits[platform]
	if !known {
		return nil, fmt.Errorf("no program is known that would tell whether %s can be executed", platform)
	}
	// Every page size divides this.
	const address, alignment = 0x400000, 0x10000
	header := elf.Header64{
		Ident:   [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:    uint16(elf.ET_EXEC),
		Machine: uint16(exit.machine),
		Version: uint32(elf.EV_CURRENT),
	}
	segment := elf.Prog64{Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X), Vaddr: address, Paddr: address, Align: alignment}
	before := binary.Size(header) + binary.Size(segment)
	header.Ehsize, header.Phentsize, header.Phnum = uint16(binary.Size(header)), uint16(binary.Size(segment)), 1
	header.Phoff, header.Entry = uint64(binary.Size(header)), uint64(address+before)
	segment.Filesz = uint64(before + len(exit.code))
	segment.Memsz = segment.Filesz

	var program bytes.Buffer
	for _, part := range []any{header, segment, exit.code} {
		if err := binary.Write(&program, binary.LittleEndian, part); err != nil {
			return nil, err
		}
	}
	return program.Bytes(), nil
}

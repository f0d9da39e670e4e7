// Package program writes the smallest Linux programs, to find out what a host
// executes.
package program

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
)

// Program describes a 64-bit program.
type Program struct {
	// Machine is the processor that it is made for, and Order the processor's byte
	// order.
	Machine elf.Machine
	Order   binary.ByteOrder
	// Code is its instructions. Without any, the file is just a header: that is all a
	// kernel reads to see that it cannot execute it.
	Code []byte
}

const (
	// address is where the file is loaded, and alignment a multiple of every page
	// size.
	address, alignment = 0x400000, 0x10000
)

// ELF returns the program's file.
func (p Program) ELF() []byte {
	header := elf.Header64{
		Ident:   [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:    uint16(elf.ET_EXEC),
		Machine: uint16(p.Machine),
		Version: uint32(elf.EV_CURRENT),
	}
	if p.Order == binary.BigEndian {
		header.Ident[elf.EI_DATA] = byte(elf.ELFDATA2MSB)
	}
	header.Ehsize = uint16(binary.Size(header))
	parts := []any{&header}
	if len(p.Code) > 0 {
		parts = append(parts, p.segment(&header), p.Code)
	}
	var file bytes.Buffer
	for _, part := range parts {
		// A write to a buffer cannot fail, and all parts have a fixed size.
		_ = binary.Write(&file, p.Order, part)
	}
	return file.Bytes()
}

// segment loads the whole file and starts the program after both headers.
func (p Program) segment(header *elf.Header64) elf.Prog64 {
	segment := elf.Prog64{Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X), Vaddr: address, Paddr: address, Align: alignment}
	before := binary.Size(*header) + binary.Size(segment)
	header.Phentsize, header.Phnum = uint16(binary.Size(segment)), 1
	header.Phoff, header.Entry = uint64(binary.Size(*header)), uint64(address+before)
	segment.Filesz = uint64(before + len(p.Code))
	segment.Memsz = segment.Filesz
	return segment
}

//go:build !linux

package run

import "syscall"

// group puts the tests into a process group of their own.
func group() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

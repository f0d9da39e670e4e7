//go:build !linux

package run

import "syscall"

// group puts the tests into their own process group.
func group() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

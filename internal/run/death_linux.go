package run

import "syscall"

// group puts the tests into a process group of their own, and lets them die
// with this process, even by kill -9: nobody would hear them.
func group() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

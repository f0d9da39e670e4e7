package run

import "syscall"

// group puts the tests into their own process group, and makes them die with this
// process, even by kill -9: nothing would read their output.
func group() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

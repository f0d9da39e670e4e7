package kin

import (
	"os"
	"slices"

	"github.com/shirou/gopsutil/v4/process"
	"golang.org/x/sys/unix"
)

func parent() int { return os.Getppid() }

// watch waits for the end of a process, which need not be a child. If its number
// belongs to another process by now, the wait is just longer.
func watch(pid int, ended func()) {
	if pid <= 1 {
		return
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		if err == unix.ESRCH {
			go ended()
		}
		return
	}
	go func() {
		defer unix.Close(fd)
		for {
			n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
			if n > 0 {
				ended()
				return
			}
			if err != nil && err != unix.EINTR {
				return
			}
		}
	}()
}

func ancestor(names []string) (pid int, ok bool) {
	for pid := int32(os.Getppid()); pid > 1; {
		p := process.Process{Pid: pid}
		name, err := p.Name()
		if err != nil {
			return 0, false
		}
		if slices.Contains(names, name) {
			return int(pid), true
		}
		if pid, err = p.Ppid(); err != nil {
			return 0, false
		}
	}
	return 0, false
}

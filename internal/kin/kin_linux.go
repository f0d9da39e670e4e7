package kin

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func parent() int { return os.Getppid() }

// watch waits for the end of a process, which need not be a child. Should its
// number be another process's by now, the wait is just longer.
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
	for pid := os.Getppid(); pid > 1; {
		name, above, err := stat(pid)
		if err != nil {
			return 0, false
		}
		if slices.Contains(names, name) {
			return pid, true
		}
		pid = above
	}
	return 0, false
}

// stat reads the name of a process's program and the number of its parent.
func stat(pid int) (name string, parent int, err error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0, err
	}
	return parseStat(string(content))
}

// parseStat reads "12 (a name) S 7 …"; the name may hold anything.
func parseStat(text string) (name string, parent int, err error) {
	open, closed := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 0 || closed < open {
		return "", 0, fmt.Errorf("no name in %q", text)
	}
	fields := strings.Fields(text[closed+1:])
	if len(fields) < 2 {
		return "", 0, fmt.Errorf("no parent in %q", text)
	}
	parent, err = strconv.Atoi(fields[1])
	return text[open+1 : closed], parent, err
}

package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"builders.test/internal/lab/process"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
	"golang.org/x/sync/errgroup"
)

// stopEngine stops the containers, dockerd and what it started, and unmounts
// what they had mounted.
func (l *Lab) stopEngine(ctx context.Context) error {
	d := l.engineDaemon()
	if _, _, ok := d.Running(); ok {
		l.stopContainers(ctx)
	}
	// dockerd takes its containerd along; what survives, because something
	// was killed before its time, is found below.
	if err := d.Stop(20 * time.Second); err != nil {
		return err
	}
	if err := l.stopSurvivors(); err != nil {
		return err
	}
	if err := unmountUnder(l.path("engine"), l.run); err != nil {
		return err
	}
	// A killed dockerd leaves its pid file, and the next one believes it for
	// as long as nobody has buried the dead process.
	if err := os.RemoveAll(filepath.Join(l.run, "docker.pid")); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(l.run, "exec"))
}

// stopContainers asks the engine to stop its containers: they would only
// lengthen its own way down. Errors do not matter, survivors are killed later.
func (l *Lab) stopContainers(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	c, err := client.NewClientWithOpts(client.WithHost(l.Host()), client.WithAPIVersionNegotiation())
	if err != nil {
		return
	}
	defer c.Close()
	running, err := c.ContainerList(ctx, container.ListOptions{})
	if err != nil {
		return
	}
	grace := 2 // seconds
	var group errgroup.Group
	for _, one := range running {
		group.Go(func() error { return c.ContainerStop(ctx, one.ID, container.StopOptions{Timeout: &grace}) })
	}
	_ = group.Wait()
}

// stopSurvivors ends the processes of the engine that outlived it.
func (l *Lab) stopSurvivors() error {
	owned := l.ownership()
	var left []process.Process
	var failed error
	// A container's first process ends only after all others in it have, and
	// the kernel may take its time with their file systems.
	ended := process.Await(20*time.Second, func() bool {
		table, err := process.Table()
		if err != nil {
			failed = err
			return true
		}
		left = process.WithDescendants(table, owned)
		// Children first: a shim that ends hands them to nobody.
		for _, p := range slices.Backward(left) {
			p.Kill()
		}
		return len(left) == 0
	})
	if ended {
		return failed
	}
	return fmt.Errorf("%d processes of the engine do not end, among them %d (%s)", len(left), left[0].PID, left[0].Exe)
}

// ownership recognizes the engine's processes: by their program, which lies in
// this lab's cache, or by the container they run in, which is one of this lab's.
func (l *Lab) ownership() func(process.Process) bool {
	folders := []string{l.folder(dockerd()), l.folder(containerd()), l.folder(runc(RuncVersion))}
	entries, _ := os.ReadDir(l.path("bin"))
	for _, e := range entries {
		for _, name := range []string{"dockerd-", "containerd-", "runc-"} {
			if strings.HasPrefix(e.Name(), name) {
				folders = append(folders, l.path("bin", e.Name()))
			}
		}
	}
	var containers []string
	entries, _ = os.ReadDir(l.path("engine", "containers"))
	for _, e := range entries {
		containers = append(containers, e.Name())
	}
	return func(p process.Process) bool {
		return slices.Contains(folders, filepath.Dir(p.Exe)) ||
			slices.ContainsFunc(containers, func(id string) bool { return strings.Contains(p.Cgroups, id) })
	}
}

// unmountUnder unmounts everything that is mounted on and below the folders, the
// innermost first.
func unmountUnder(folders ...string) error {
	info, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	var failed []error
	for _, point := range slices.Backward(mountsUnder(string(info), folders)) {
		err := syscall.Unmount(point, 0)
		if err != nil && !errors.Is(err, syscall.EINVAL) {
			err = syscall.Unmount(point, syscall.MNT_DETACH)
		}
		if err != nil && !errors.Is(err, syscall.EINVAL) {
			failed = append(failed, fmt.Errorf("unmounting %s: %w", point, err))
		}
	}
	return errors.Join(failed...)
}

// mountsUnder reads mount points on and below folders out of the text of
// /proc/self/mountinfo, in the order they were mounted.
func mountsUnder(info string, folders []string) []string {
	var points []string
	scanner := bufio.NewScanner(strings.NewReader(info))
	for scanner.Scan() {
		fields := strings.Fields(scanner.Text())
		if len(fields) < 5 {
			continue
		}
		point := unescape(fields[4])
		for _, folder := range folders {
			if point == folder || strings.HasPrefix(point, folder+"/") {
				points = append(points, point)
			}
		}
	}
	return points
}

// unescape reads a path as the kernel writes it there: blanks and the like are
// three octal digits.
func unescape(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+3 < len(text) {
			if n, err := strconv.ParseUint(text[i+1:i+4], 8, 8); err == nil {
				out.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		out.WriteByte(text[i])
	}
	return out.String()
}

package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"builders.test/internal/versions"
	"builders.test/lab/process"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
	"github.com/moby/sys/mount"
	"golang.org/x/sync/errgroup"
)

// stopEngine stops an engine's containers, dockerd and what it started, and
// unmounts what they had mounted. Other engines go on.
func (l *Lab) stopEngine(ctx context.Context, e engine) error {
	d := l.engineDaemon(e)
	if _, _, ok := d.Running(); ok {
		l.stopContainers(ctx, e)
	}
	// dockerd takes its containerd along; what survives, because something
	// was killed before its time, is found below.
	if err := d.Stop(20 * time.Second); err != nil {
		return err
	}
	if err := stopSurvivors(l.ownedBy(e)); err != nil {
		return err
	}
	if err := unmountUnder(l.dataRoot(e), l.execRoot(e)); err != nil {
		return err
	}
	for _, id := range l.containers(e) {
		_ = os.Remove(l.shimSocket(e, id))
	}
	// A killed dockerd leaves its pid file, and the next one believes it for
	// as long as nobody has buried the dead process.
	if err := os.RemoveAll(l.pidfile(e)); err != nil {
		return err
	}
	return os.RemoveAll(l.execRoot(e))
}

// stopEngines stops all engines, side by side, and then whatever runs one of
// their programs and could not be told to be a certain engine's.
func (l *Lab) stopEngines(ctx context.Context) error {
	var group errgroup.Group
	for _, e := range engines {
		group.Go(func() error { return l.stopEngine(ctx, e) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := stopSurvivors(l.runsEngine()); err != nil {
		return err
	}
	return unmountUnder(l.run)
}

// stopContainers asks an engine to stop its containers: they would only
// lengthen its own way down. Errors do not matter, survivors are killed later.
func (l *Lab) stopContainers(ctx context.Context, e engine) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	c, err := client.NewClientWithOpts(client.WithHost(l.host(e)), client.WithAPIVersionNegotiation())
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

// owner recognizes processes.
type owner func(process.Process) bool

// stopSurvivors ends the processes that outlived their engine, and all that
// they started.
func stopSurvivors(owned owner) error {
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

// ownedBy recognizes an engine's processes: they run one of the lab's programs
// and their arguments name the engine's files, or they are in one of its
// containers.
func (l *Lab) ownedBy(e engine) owner {
	programs, containers := l.runsEngine(), l.containers(e)
	return func(p process.Process) bool {
		return programs(p) && mentions(p.Args, l.config(e), l.execRoot(e)) ||
			slices.ContainsFunc(containers, func(id string) bool { return strings.Contains(p.Cgroups, id) })
	}
}

// mentions tells whether an argument names a file, or one in a folder of that
// name.
func mentions(args []string, paths ...string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		return slices.ContainsFunc(paths, func(path string) bool {
			return arg == path || strings.Contains(arg, path+"/")
		})
	})
}

// runsEngine recognizes what runs the program of an engine, in whatever
// version: they lie in this lab's cache.
func (l *Lab) runsEngine() owner {
	folders := []string{l.folder(dockerd()), l.folder(containerd()), l.folder(runc(versions.Runc))}
	entries, _ := os.ReadDir(l.path("bin"))
	for _, e := range entries {
		for _, name := range []string{"dockerd-", "containerd-", "runc-"} {
			if strings.HasPrefix(e.Name(), name) {
				folders = append(folders, l.path("bin", e.Name()))
			}
		}
	}
	return func(p process.Process) bool { return slices.Contains(folders, filepath.Dir(p.Exe)) }
}

// containers are the ids of an engine's containers.
func (l *Lab) containers(e engine) []string {
	var ids []string
	entries, _ := os.ReadDir(filepath.Join(l.dataRoot(e), "containers"))
	for _, entry := range entries {
		ids = append(ids, entry.Name())
	}
	return ids
}

// shimSocket is the socket of a container's shim, which stays behind when the
// shim is killed. containerd keeps it outside of its own folder, under a name
// made of its address, dockerd's namespace and the container's id.
func (l *Lab) shimSocket(e engine, container string) string {
	address := filepath.Join(l.execRoot(e), "containerd", "containerd.sock")
	return filepath.Join("/run/containerd/s", hashText(filepath.Join(address, "moby", container)))
}

// unmountUnder unmounts everything that is mounted on and below the folders.
func unmountUnder(folders ...string) error {
	var failed []error
	for _, folder := range folders {
		failed = append(failed, mount.RecursiveUnmount(folder))
	}
	return errors.Join(failed...)
}

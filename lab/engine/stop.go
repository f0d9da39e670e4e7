package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"builders.test/lab/process"
	"github.com/docker/docker/api/types/container"
	"github.com/moby/sys/mount"
	"golang.org/x/sync/errgroup"
)

// Stop stops the engine's containers, dockerd and what it started, and unmounts
// what they had mounted. Other engines keep running.
func (e *Engine) Stop(ctx context.Context) error {
	d := e.daemon()
	if _, _, ok := d.Running(); ok {
		e.stopContainers(ctx)
	}
	// dockerd takes its containerd along; what survives because something was killed
	// too early is found below.
	if err := d.Stop(20 * time.Second); err != nil {
		return err
	}
	if err := stopSurvivors(e.owns()); err != nil {
		return err
	}
	if err := unmountUnder(e.Data(), e.execRoot()); err != nil {
		return err
	}
	for _, id := range e.containers() {
		_ = os.Remove(e.shimSocket(id))
	}
	// A killed dockerd leaves its pid file, and the next one believes it until the
	// dead process is reaped.
	if err := os.RemoveAll(e.pidfile()); err != nil {
		return err
	}
	return os.RemoveAll(e.execRoot())
}

// stopContainers asks the engine to stop its containers, which would only prolong
// its own shutdown. Errors do not matter: survivors are killed later.
func (e *Engine) stopContainers(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	c, err := e.connect()
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

// owner reports whether a process is an engine's.
type owner func(process.Process) bool

// stopSurvivors ends the processes that outlived their engine, and everything
// they started.
func stopSurvivors(owned owner) error {
	var left []process.Process
	var failed error
	// A container's first process ends only after all others in it have, and the
	// kernel may take a while with their file systems.
	ended := process.Await(20*time.Second, func() bool {
		table, err := process.Table()
		if err != nil {
			failed = err
			return true
		}
		left = process.WithDescendants(table, owned)
		// Children first: nothing adopts them if their shim ends.
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

// owns recognizes the engine's processes: either they run one of the lab's
// programs with arguments that name the engine's files, or they are in one of its
// containers.
func (e *Engine) owns() owner {
	program, containers := e.runsProgram(), e.containers()
	return func(p process.Process) bool {
		return program(p) && mentions(p.Args, e.config(), e.execRoot()) ||
			slices.ContainsFunc(containers, func(id string) bool { return strings.Contains(p.Cgroups, id) })
	}
}

// mentions reports whether an argument names one of the paths, or a file below
// it.
func mentions(args []string, paths ...string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		return slices.ContainsFunc(paths, func(path string) bool {
			return arg == path || strings.Contains(arg, path+"/")
		})
	})
}

// runsProgram recognizes processes that run a program of the lab's engines, in
// any version: those programs are in this lab's cache.
func (e *Engine) runsProgram() owner {
	var folders []string
	compiled, _ := os.ReadDir(e.Site.Path("bin"))
	for _, p := range e.programs() {
		folders = append(folders, e.folder(p))
		for _, entry := range compiled {
			if strings.HasPrefix(entry.Name(), p.Name+"-") {
				folders = append(folders, e.Site.Path("bin", entry.Name()))
			}
		}
	}
	return func(p process.Process) bool { return slices.Contains(folders, filepath.Dir(p.Exe)) }
}

// containers returns the ids of the engine's containers.
func (e *Engine) containers() []string {
	var ids []string
	entries, _ := os.ReadDir(filepath.Join(e.Data(), "containers"))
	for _, entry := range entries {
		ids = append(ids, entry.Name())
	}
	return ids
}

// shimSocket returns the socket of a container's shim, which stays behind when
// the shim is killed. containerd keeps it outside its own folder, under a name
// made from its address, dockerd's namespace and the container's id.
func (e *Engine) shimSocket(container string) string {
	address := filepath.Join(e.execRoot(), "containerd", "containerd.sock")
	sum := sha256.Sum256([]byte(filepath.Join(address, "moby", container)))
	return filepath.Join("/run/containerd/s", hex.EncodeToString(sum[:]))
}

// knows reports whether the engine has a network with the bridge: dockerd names
// it after the network's id, and keeps networks in a file.
func (e *Engine) knows(bridge string) bool {
	id, ok := strings.CutPrefix(bridge, "br-")
	if !ok || len(id) != 12 {
		return false
	}
	networks, err := os.ReadFile(filepath.Join(e.Data(), "network", "files", "local-kv.db"))
	return err == nil && bytes.Contains(networks, []byte(id))
}

// unmountUnder unmounts everything that is mounted on and below the folders.
func unmountUnder(folders ...string) error {
	var failed []error
	for _, folder := range folders {
		failed = append(failed, mount.RecursiveUnmount(folder))
	}
	return errors.Join(failed...)
}

package janitor

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"builders.test/helpers/env"
	"github.com/moby/sys/mountinfo"
	"github.com/shirou/gopsutil/v4/common"
	"github.com/shirou/gopsutil/v4/process"
)

// machine says where a machine keeps what a run could touch apart from its engines.
type machine struct {
	// docker and buildx are folders with a user's configuration, possibly of several
	// users.
	docker, buildx []string
	binfmt         string
	processes      string
	mounts         func(mountinfo.FilterFunc) ([]*mountinfo.Info, error)
}

// thisMachine is the machine that this process runs on.
var thisMachine = machine{
	docker: dockerFolders(), buildx: buildxFolders(),
	binfmt: "/proc/sys/fs/binfmt_misc", processes: "/proc", mounts: mountinfo.GetMounts,
}

func dockerFolders() []string {
	all := []string{env.UserDockerConfig()}
	if home, err := os.UserHomeDir(); err == nil {
		all = append(all, filepath.Join(home, ".docker"))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func buildxFolders() []string {
	if dir := os.Getenv("BUILDX_CONFIG"); dir != "" {
		return []string{dir}
	}
	var all []string
	for _, dir := range dockerFolders() {
		all = append(all, filepath.Join(dir, "buildx"))
	}
	return all
}

func (m machine) objects() ([]Object, error) {
	configuration, err := m.configuration()
	return slices.Concat(folders(), configuration, m.emulators(), m.mounted(), m.running()), err
}

// configuration returns what the docker command and buildx remember for a user:
// contexts, builders, and which of them is current.
func (m machine) configuration() ([]Object, error) {
	kinds := []struct {
		kind, pattern string
		in            []string
	}{
		{"docker configuration", "config.json", m.docker},
		{"docker context", "contexts/meta/*/meta.json", m.docker},
		{"builder", "instances/*", m.buildx},
		{"choice of builder", "current", m.buildx},
		{"choice of builder", "defaults/*", m.buildx},
	}
	var objects []Object
	for _, k := range kinds {
		for _, dir := range k.in {
			found, err := filepath.Glob(filepath.Join(dir, k.pattern))
			if err != nil {
				return nil, err
			}
			for _, path := range found {
				object, err := file(k.kind, path)
				if errors.Is(err, fs.ErrNotExist) {
					continue
				}
				if err != nil {
					return nil, err
				}
				objects = append(objects, object)
			}
		}
	}
	return objects, nil
}

// file returns the object for a file whose content must not change. A run owns it
// if its name says so.
func file(kind, path string) (Object, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return Object{}, err
	}
	return Object{
		Kind: kind, Name: path, ID: path, Run: owner(ownedName, filepath.Base(path)),
		State: fmt.Sprintf("%x", sha256.Sum256(content)),
	}, nil
}

// emulators returns what the kernel runs foreign programs with.
func (m machine) emulators() []Object {
	entries, err := os.ReadDir(m.binfmt)
	if err != nil {
		// Nothing is mounted there, or this is not Linux.
		return nil
	}
	var objects []Object
	for _, entry := range entries {
		// Labs register their own entries and remove them again; status is about all
		// entries.
		if entry.Name() == "register" || entry.Name() == "status" || strings.HasPrefix(entry.Name(), env.Prefix) {
			continue
		}
		if object, err := file("emulator", filepath.Join(m.binfmt, entry.Name())); err == nil {
			objects = append(objects, object)
		}
	}
	return objects
}

// containersOwn are the kinds of file systems that come and go with
// containers of all engines.
var containersOwn = []string{"overlay", "nsfs", "tmpfs", "proc", "sysfs", "mqueue", "devpts", "cgroup", "cgroup2"}

// mounted returns the file systems of this machine and the mounts in runs'
// folders. Folders that are mounted elsewhere, as by labs, and the mounts of
// containers come and go with their owners.
func (m machine) mounted() []Object {
	mounts, err := m.mounts(nil)
	if err != nil {
		return nil
	}
	var objects []Object
	for _, mount := range mounts {
		run := runIn(mount.Mountpoint)
		if run == "" && (mount.Root != "/" || slices.Contains(containersOwn, mount.FSType)) {
			continue
		}
		objects = append(objects, Object{Kind: "mount", Name: mount.Mountpoint, ID: mount.Mountpoint, Run: run})
	}
	return objects
}

// runIn returns the run whose folder contains a path, or empty.
func runIn(path string) string {
	rest, ok := strings.CutPrefix(path, filepath.Join(os.TempDir(), env.Prefix))
	if !ok {
		return ""
	}
	first, _, _ := strings.Cut(rest, string(filepath.Separator))
	return owner(ownedName, env.Prefix+first)
}

// running returns the processes of runs, which carry the run's id in their
// environment. Only their user and root may read it.
func (m machine) running() []Object {
	// The library would otherwise follow a variable of the user's.
	ctx := context.WithValue(context.Background(), common.EnvKey, common.EnvMap{common.HostProcEnvKey: m.processes})
	pids, err := process.PidsWithContext(ctx)
	if err != nil {
		return nil
	}
	var objects []Object
	for _, pid := range pids {
		p := process.Process{Pid: pid}
		environ, err := p.EnvironWithContext(ctx)
		if err != nil {
			continue
		}
		for _, variable := range environ {
			if run, ok := strings.CutPrefix(variable, env.RunVariable+"="); ok {
				program, _ := p.NameWithContext(ctx)
				objects = append(objects, Object{Kind: "process", Name: fmt.Sprintf("%d (%s)", pid, program), ID: fmt.Sprint(pid), Run: run})
			}
		}
	}
	return objects
}

package janitor

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"builders.test/helpers/env"
)

// machine is where a machine keeps what a run could touch beside its engines.
type machine struct {
	// docker and buildx are the folders of a user's configuration; there may
	// be more than one user's.
	docker, buildx []string
	binfmt         string
	mounts         string
	processes      string
}

// thisMachine is the one that this process runs on.
var thisMachine = machine{
	docker: dockerFolders(), buildx: buildxFolders(),
	binfmt: "/proc/sys/fs/binfmt_misc", mounts: "/proc/self/mountinfo", processes: "/proc",
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

func (m machine) things() ([]Thing, error) {
	all := folders()
	for _, list := range []func() ([]Thing, error){m.configuration, m.emulators, m.mounted, m.running} {
		things, err := list()
		if err != nil {
			return nil, err
		}
		all = append(all, things...)
	}
	return all, nil
}

// configuration is what the docker command and buildx remember for a user:
// contexts, builders, which of them is the current one.
func (m machine) configuration() ([]Thing, error) {
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
	var things []Thing
	for _, k := range kinds {
		for _, dir := range k.in {
			found, err := filepath.Glob(filepath.Join(dir, k.pattern))
			if err != nil {
				return nil, err
			}
			for _, path := range found {
				thing, err := file(k.kind, path)
				if errors.Is(err, fs.ErrNotExist) {
					continue
				}
				if err != nil {
					return nil, err
				}
				things = append(things, thing)
			}
		}
	}
	return things, nil
}

// file is a file whose content must not change. Its owner is a run if its name
// says so.
func file(kind, path string) (Thing, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return Thing{}, err
	}
	return Thing{
		Kind: kind, Name: path, ID: path, Run: owner(ownedName, filepath.Base(path)),
		State: fmt.Sprintf("%x", sha256.Sum256(content)),
	}, nil
}

// emulators are what the kernel runs foreign programs with.
func (m machine) emulators() ([]Thing, error) {
	entries, err := os.ReadDir(m.binfmt)
	if err != nil {
		// Nothing is mounted there, or this is no Linux.
		return nil, nil
	}
	var things []Thing
	for _, entry := range entries {
		// Labs register their own and take it away with them; the status is that
		// of all.
		if entry.Name() == "register" || entry.Name() == "status" || strings.HasPrefix(entry.Name(), env.Prefix) {
			continue
		}
		if thing, err := file("emulator", filepath.Join(m.binfmt, entry.Name())); err == nil {
			things = append(things, thing)
		}
	}
	return things, nil
}

// containersOwn are the kinds of file systems that come and go with
// containers, whoever runs them.
var containersOwn = []string{"overlay", "nsfs", "tmpfs", "proc", "sysfs", "mqueue", "devpts", "cgroup", "cgroup2"}

// mounted are the file systems of this machine and the mounts in runs' folders.
// Folders that are mounted elsewhere, as labs do it, and the mounts of containers
// come and go with their owners.
func (m machine) mounted() ([]Thing, error) {
	content, err := os.ReadFile(m.mounts)
	if err != nil {
		return nil, nil
	}
	var things []Thing
	for line := range strings.Lines(string(content)) {
		before, after, ok := strings.Cut(line, " - ")
		fields, kind := strings.Fields(before), strings.Fields(after)
		if !ok || len(fields) < 5 || len(kind) == 0 {
			continue
		}
		inside, point := fields[3], fields[4]
		run := runIn(point)
		if run == "" && (inside != "/" || slices.Contains(containersOwn, kind[0])) {
			continue
		}
		things = append(things, Thing{Kind: "mount", Name: point, ID: point, Run: run})
	}
	return things, nil
}

// runIn is the run in whose folder a path lies, or empty.
func runIn(path string) string {
	rest, ok := strings.CutPrefix(path, filepath.Join(os.TempDir(), env.Prefix))
	if !ok {
		return ""
	}
	first, _, _ := strings.Cut(rest, string(filepath.Separator))
	return owner(ownedName, env.Prefix+first)
}

// running are the processes of runs: they carry the run's id in their
// environment, which only their user and root may read.
func (m machine) running() ([]Thing, error) {
	entries, err := filepath.Glob(filepath.Join(m.processes, "[0-9]*", "environ"))
	if err != nil {
		return nil, err
	}
	var things []Thing
	for _, entry := range entries {
		content, err := os.ReadFile(entry)
		if err != nil {
			continue
		}
		for variable := range strings.SplitSeq(string(content), "\x00") {
			run, ok := strings.CutPrefix(variable, runVariable+"=")
			if !ok {
				continue
			}
			pid := filepath.Base(filepath.Dir(entry))
			things = append(things, Thing{Kind: "process", Name: pid + " (" + programOf(entry) + ")", ID: pid, Run: run})
		}
	}
	return things, nil
}

// programOf is the name of the program of a process.
func programOf(entry string) string {
	name, err := os.ReadFile(filepath.Join(filepath.Dir(entry), "comm"))
	if err != nil {
		return "?"
	}
	return strings.TrimSpace(string(name))
}

// pidOf reads the number of a process.
func pidOf(thing Thing) (int, bool) {
	pid, err := strconv.Atoi(thing.ID)
	return pid, err == nil && thing.Kind == "process"
}

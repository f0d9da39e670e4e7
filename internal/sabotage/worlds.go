package sabotage

import (
	"cmp"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"builders.test/helpers/subject"
	"builders.test/helpers/testbed"
	"builders.test/internal/versions"
)

// worlds are wrong in places other than buildx.
func worlds() []Sabotage {
	return slices.Concat(mutants(), images(), services(), absences())
}

// mutants are BuildKits that do the wrong thing themselves.
func mutants() []Sabotage {
	mutating := func(name, does, file, function, begin string, kills ...string) Sabotage {
		return Sabotage{
			Name: name, Does: does, Kills: kills,
			World: World{Mutation: &Mutation{File: file, Function: function, Begin: begin}},
		}
	}
	return []Sabotage{
		mutating("mutant-content", "BuildKit confuses a file's name with its content when it checks its cache", "cache/contenthash/checksum.go", "Checksum",
			"if true { return digest.FromString(path), nil }", "buildkit/one-changed", "buildkit/only-touched"),
		mutating("mutant-all-stages", "BuildKit solves every stage", "frontend/dockerfile/dockerfile2llb/convert.go", "dispatchStages",
			`dctx.opt.AllStages = true; defer func() { for _, d := range dctx.allDispatchStates.states { if d != target { target.state = target.state.File(llb.Copy(d.state, "/", "/unneeded", &llb.CopyInfo{CreateDestPath: true})) } } }()`,
			"buildkit/unused-stage", "buildkit/unused-image", "buildkit/unused-context", "buildkit/unused-folder"),
		mutating("mutant-send-all", "BuildKit has every file sent, even those it has", "session/filesync/diffcopy.go", "recvDiffCopy",
			"differ = fsutil.DiffNone", "buildkit/nothing-changed", "buildkit/one-changed"),
		mutating("mutant-send-unneeded", "BuildKit has files sent that no step needs", "session/filesync/filesync.go", "FSSync",
			"opt.FollowPaths = nil", "buildkit/unused-files"),
		{
			Name: "mutant-first-tag", Does: "BuildKit always uses what a tag pointed to at first",
			World: World{Mutation: &Mutation{
				File: "util/resolver/pool.go", Function: "Resolve", Declare: "var remembered sync.Map",
				Begin: "if n, desc, err := r.Resolver.Resolve(ctx, ref); err == nil { if was, known := remembered.LoadOrStore(ref, desc); known { desc = was.(ocispecs.Descriptor) }; r.handler.counter.Add(1); return n, desc, nil }",
			}},
			Kills: []string{"images/pulled-own-buildkit", "frontend/tag-moves"},
		},
		mutating("mutant-network", "BuildKit gives every step a network", "frontend/dockerfile/dockerfile2llb/convert_runnetwork.go", "dispatchRunNetwork",
			"if true { return nil, nil }", "frontend/network-none"),
	}
}

// images are not what they are called.
func images() []Sabotage {
	return []Sabotage{
		{
			Name: "older-than-its-tag", Does: "has an image whose tag claims a newer BuildKit than it contains",
			World: World{Disguise: &Disguise{As: "moby/buildkit:" + subject.NewestBuildKit + "-selftest", From: "moby/buildkit:" + subject.DefaultBuildKit}},
			Kills: []string{"builders/pinned-image"},
		},
		{
			Name: "arch-lies", Does: "has an image whose /bin/arch prints another architecture",
			World: World{Disguise: &Disguise{As: "moby/buildkit:selftest", Files: map[string]string{"bin/arch": "#!/bin/sh\necho pdp11\n"}}},
			Kills: []string{"builders/arch"},
		},
		{
			Name: "exchange-dive", Does: "has each release of dive under the other's name",
			World: World{Access: exchangeDives},
			Kills: []string{"images/dive-0.12-containerd", "images/dive-0.13-containerd"},
		},
	}
}

func exchangeDives(to *testbed.Access, _ string) error {
	programs := to.Testbed.Dive
	to.Testbed.Dive = map[string]string{
		versions.OldDive: programs[versions.NewDive], versions.NewDive: programs[versions.OldDive],
	}
	return nil
}

// services that serve the wrong thing.
func services() []Sabotage {
	return []Sabotage{
		{
			Name: "mirror-architecture", Does: "has a mirror that serves each image under the other architecture",
			World: World{Mirror: swapping},
			Kills: []string{"processor/while-building", "processor/when-run", "output/emulated"},
		},
		{
			Name: "mirror-older", Does: "has a mirror that serves an older frontend than the tag now points to",
			World: World{Mirror: retagging("docker/dockerfile", "1", "1.7")},
			Kills: []string{"frontend/syntax", "frontend/build-arg", "frontend/exclude", "frontend/parents", "frontend/chmod"},
		},
		{
			Name: "engine-forgets", Does: "has an engine that forgets the images it is given",
			World: World{Engine: forgettingLoads},
			Kills: []string{"output/load", "output/docker-archive", "processor/config", "cleanup/images"},
		},
	}
}

// absences are not BuildKit's fault: the claims end as errors.
func absences() []Sabotage {
	some := []string{"caching/second-build", "output/load", "processor/while-building"}
	return []Sabotage{
		{
			Name: "no-engine", Does: "has no engine",
			World: World{Access: func(to *testbed.Access, folder string) error {
				to.DockerHost = "unix://" + filepath.Join(folder, "nobody.sock")
				return nil
			}},
			Stops: some,
		},
		{
			Name: "no-init", Does: "has an engine that was installed without docker-init",
			World: World{Engine: withoutInit},
			Stops: some,
		},
		{
			Name: "no-registry", Does: "has no registry",
			World: World{Mirror: away("")},
			Stops: some,
		},
		{
			Name: "no-disk", Does: "has builders with a disk of one megabyte",
			Plugin: Plugin{Before: smallDisk},
			Stops:  some,
		},
		{
			Name: "no-emulator", Does: "has no emulator for the other architecture",
			World: World{Take: takeEmulator},
			Stops: []string{"processor/while-building", "output/emulated", "ffmpeg/version"},
		},
	}
}

// smallDisk makes the state volume of a builder before buildx does.
func smallDisk(a Args) error {
	if !a.Is("create") {
		return nil
	}
	for _, name := range a.Values("--name") {
		docker := exec.Command(cmp.Or(os.Getenv(byDocker), "docker"), "volume", "create", "--driver", "local",
			"--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", "o=size=1m", "buildx_buildkit_"+name+"0_state")
		if said, err := docker.CombinedOutput(); err != nil {
			return errors.New(strings.TrimSpace(string(said)))
		}
	}
	return nil
}

const binfmt = "/proc/sys/fs/binfmt_misc"

// takeEmulator switches off what the kernel runs arm64 programs with. That
// belongs to the machine, not to the run alone.
func takeEmulator() (func() error, error) {
	entries, err := os.ReadDir(binfmt)
	if err != nil {
		return nil, err
	}
	var taken []string
	set := func(path, value string) error { return os.WriteFile(path, []byte(value), 0o600) }
	back := func() error {
		var failed error
		for _, path := range taken {
			failed = errors.Join(failed, set(path, "1"))
		}
		return failed
	}
	for _, entry := range entries {
		path := filepath.Join(binfmt, entry.Name())
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(entry.Name(), "aarch64") || !strings.HasPrefix(string(text), "enabled") {
			continue
		}
		if err := set(path, "0"); err != nil {
			return back, err
		}
		taken = append(taken, path)
	}
	return back, nil
}

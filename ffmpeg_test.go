//go:build integration

package builders

import (
	"errors"
	"strings"
	"testing"
	"time"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/env"
	"builders.test/helpers/image"
	"builders.test/helpers/progress"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

const (
	docsMultiStage = "https://docs.docker.com/build/building/multi-stage/"
	nixSeccomp     = "https://github.com/NixOS/nix/issues/5258"
	nixClosure     = "https://nix.dev/manual/nix/stable/command-ref/nix-store/query"
	ffmpegBitexact = "https://ffmpeg.org/ffmpeg-codecs.html"
)

// The first claim to run pays for the builds that all share.
const ffmpegDeadline = 6 * time.Minute

// Chapter: an ffmpeg that Nix packages, per architecture and base image.
func TestFFmpeg(t *testing.T) {
	suite.Prove(t, claim.Claim{
		ID:       "ffmpeg/version",
		Text:     "An ffmpeg packaged by Nix runs in the PRODUCTION image on every base image (scratch, distroless, distroless with a shell, ubuntu), on amd64 and on arm64",
		Source:   docsMultiStage,
		Needs:    append(bothArchitectures, claim.OwnBuildKit),
		Deadline: ffmpegDeadline,
		Takes:    40 * time.Second,
	}, func(t *suite.T) {
		for _, arch := range architectures {
			for _, base := range allBases {
				said := image.Run(t, ffmpegOn(t, arch, base), "linux/"+arch, "-version")
				require.True(t, strings.HasPrefix(said, "ffmpeg version "), "the image for %s on %s does not run ffmpeg; it printed: %s", arch, base, said)
				require.Contains(t, said, "libavcodec", "the ffmpeg for %s on %s does not name its libraries", arch, base)
			}
		}
	})

	suite.Prove(t, claim.Claim{
		ID:       "ffmpeg/show-architecture",
		Text:     "A script in the image prints the architecture if the base image has a shell, and cannot run if it has none",
		Source:   docsMultiStage,
		Needs:    append(bothArchitectures, claim.OwnBuildKit),
		Deadline: ffmpegDeadline,
	}, func(t *suite.T) {
		const script = "/usr/bin/show_architecture.sh"
		for _, arch := range architectures {
			for _, base := range withShell {
				out := image.TryProgram(t, ffmpegOn(t, arch, base), "linux/"+arch, "sh", script)
				require.Zero(t, out.Exit, "%s has a shell, but the script failed for %s: %s", base, arch, out.Stderr)
				require.Equal(t, env.Machine(arch), out.Stdout, "on %s the script does not print the architecture that the image was built for", base)
			}
			for _, base := range withoutShell {
				for _, program := range [][]string{{"sh", script}, {script}} {
					out := image.TryProgram(t, ffmpegOn(t, arch, base), "linux/"+arch, program...)
					require.NotZero(t, out.Exit, "%s has no shell, but for %s the script ran and printed: %s", base, arch, out.Stdout)
					require.Regexp(t, "not found|no such file", out.Stderr+out.Stdout, "%v failed for another reason than the missing shell on %s", program, base)
				}
			}
		}
	})

	suite.Prove(t, claim.Claim{
		ID:       "ffmpeg/closure",
		Text:     "The image contains the runtime closure that Nix computed and none of its build dependencies",
		Source:   nixClosure,
		Needs:    append(bothArchitectures, claim.OwnBuildKit),
		Deadline: ffmpegDeadline,
	}, func(t *suite.T) {
		for _, arch := range architectures {
			const look = "readlink -f /usr/local/bin/program && ls /nix && echo holds && ls /nix/store"
			out := image.TryProgram(t, ffmpegOn(t, arch, distrolessDebug), "linux/"+arch, "sh", "-c", look)
			require.Zero(t, out.Exit, "%q failed: %s", look, out.Stderr)
			seen, inStore, _ := strings.Cut(out.Stdout, "\nholds\n")
			program, top, _ := strings.Cut(seen, "\n")
			require.Regexp(t, `^/nix/store/[0-9a-z]{32}-ffmpeg-debian/bin/ffmpeg$`, program, "the image for %s does not run the ffmpeg in its Nix store", arch)
			require.Equal(t, "store", top, "the image for %s contains Nix's own state, too", arch)
			var held []string
			for _, path := range strings.Fields(inStore) {
				_, name, _ := strings.Cut(path, "-")
				held = append(held, name)
			}
			require.ElementsMatch(t, []string{"ffmpeg-debian", "ffmpeg-debian-lib"}, held, "the image's Nix store for %s is not exactly the program and its libraries", arch)
		}
	})

	suite.Prove(t, claim.Claim{
		ID:       "ffmpeg/same-bytes",
		Text:     "The images for both architectures encode the same second of video to the same bytes",
		Source:   ffmpegBitexact,
		Needs:    append(bothArchitectures, claim.OwnBuildKit),
		Deadline: ffmpegDeadline,
		Takes:    15 * time.Second,
	}, func(t *suite.T) {
		// One thread and integer arithmetic: otherwise the result depends on the processor.
		encode := strings.Fields("-v error -f lavfi -i testsrc2=duration=1:size=320x240:rate=25" +
			" -c:v mpeg4 -q:v 4 -pix_fmt yuv420p -threads 1 -dct int -idct simple -bitexact -f matroska md5:")
		sums := map[string]string{}
		for _, arch := range architectures {
			said := image.Run(t, ffmpegOn(t, arch, "scratch"), "linux/"+arch, encode...)
			require.Regexp(t, "^[0-9a-f]{32}$", said, "ffmpeg for %s printed no checksum", arch)
			require.NotEqual(t, "d41d8cd98f00b204e9800998ecf8427e", said, "ffmpeg for %s encoded nothing", arch)
			sums[arch] = said
		}
		require.Equal(t, sums["amd64"], sums["arm64"], "the same second of video came out differently on amd64 and arm64")
	})

	suite.Prove(t, claim.Claim{
		ID:       "ffmpeg/seccomp",
		Text:     "On emulated arm64 Nix cannot load its seccomp filter and builds nothing unless `filter-syscalls = false` is set; on amd64 it builds without that setting",
		Source:   nixSeccomp,
		Needs:    []claim.Need{claim.OwnBuildKit, claim.AMD64, claim.EmulatedARM64},
		Deadline: ffmpegDeadline,
	}, func(t *suite.T) {
		const complaint = "unable to load seccomp BPF program"

		failed := buildHello(t, "arm64")
		failed.MustFailAt(t, "./build.sh", "Nix built on emulated arm64 without the override")
		require.Contains(t, failed.Printed(t, "./build.sh"), complaint, "the build for arm64 failed for another reason: %s", failed.FailureMessage())

		cured := buildHello(t, "arm64", noFilter)
		require.Zero(t, cured.Command.ExitCode, "the override does not fix the build for arm64: %s", cured.FailureMessage())
		require.NotEqual(t, progress.No, cured.Executed("./build.sh"), "the build for arm64 with the override did not run Nix")

		native := buildHello(t, "amd64")
		require.Zero(t, native.Command.ExitCode, "Nix does not build on amd64 without the override: %s", native.FailureMessage())
		require.NotEqual(t, progress.No, native.Executed("./build.sh"), "the build for amd64 did not run Nix")
	})

	suite.Prove(t, claim.Claim{
		ID:       "ffmpeg/nix-file",
		Text:     "`--build-arg NIX_FILE=` selects what Nix builds",
		Source:   docsVariables,
		Needs:    append(bothArchitectures, claim.OwnBuildKit),
		Deadline: ffmpegDeadline,
	}, func(t *suite.T) {
		for arch, system := range map[string]string{"amd64": "x86_64-linux", "arm64": "aarch64-linux"} {
			ref := image.New(t, "hello")
			buildFFmpeg(t, arch, smallBase, noFilter, build.Arg("NIX_FILE", "hello.nix"), build.Arg("PROGRAM_FILE", "bin/hello"), build.Load(ref))
			require.Equal(t, "hello from "+system, image.Run(t, ref, "linux/"+arch), "NIX_FILE=hello.nix built something else for %s", arch)
		}
	})

	suite.Prove(t, claim.Claim{
		ID:       "ffmpeg/program-file",
		Text:     "`--build-arg PROGRAM_FILE=` selects which program of the result the image runs; naming one that Nix did not build fails the build",
		Source:   docsVariables,
		Needs:    append(bothArchitectures, claim.OwnBuildKit),
		Deadline: ffmpegDeadline,
		Takes:    12 * time.Second,
	}, func(t *suite.T) {
		for _, arch := range architectures {
			ref := image.New(t, "goodbye")
			buildFFmpeg(t, arch, smallBase, noFilter, build.Arg("NIX_FILE", "hello.nix"), build.Arg("PROGRAM_FILE", "bin/goodbye"), build.Load(ref))
			require.Contains(t, image.Run(t, ref, "linux/"+arch), "goodbye from ", "PROGRAM_FILE=bin/goodbye runs something else for %s", arch)
		}
		failed := tryFFmpeg(t, t.Env.Engine.Arch, smallBase, noFilter, build.Arg("NIX_FILE", "hello.nix"), build.Arg("PROGRAM_FILE", "bin/nothing"))
		failed.MustFailAt(t, "./build.sh", "a program that Nix did not build was accepted")
		require.Contains(t, failed.Printed(t, "./build.sh"), "builds no program bin/nothing", "the build failed for another reason: %s", failed.FailureMessage())
	})
}

const (
	ffmpegFixture = "fixtures/ffmpeg"
	// ffmpegPackages holds what the Dockerfile would download from Debian. It is
	// served if builds cannot reach Debian.
	ffmpegPackages = "builders/ffmpeg-packages:lab"

	distrolessBase  = "gcr.io/distroless/base-debian12:latest"
	distrolessDebug = "gcr.io/distroless/base-debian12:debug"
	ubuntuBase      = "ubuntu:20.04"
	// smallBase has a shell and little else.
	smallBase = "busybox:latest"
)

var (
	withoutShell = []string{"scratch", distrolessBase}
	withShell    = []string{distrolessDebug, ubuntuBase}
	allBases     = append(withoutShell, withShell...)

	// noFilter makes Nix skip the seccomp filter, which cannot be loaded under
	// emulation.
	noFilter = build.Arg("NIX_CONFIG", "filter-syscalls = false")
)

// ffmpegOn returns the ffmpeg image for an architecture and a base image. The
// first spec that needs it builds and loads it; all share it.
func ffmpegOn(t *suite.T, arch, base string) string {
	t.Uses(ffmpegPackages)
	t.Uses(base)
	ref, err := suite.Shared(t, "ffmpeg "+arch+" "+base, func() (string, error) {
		ref := t.Env.SharedImage("ffmpeg-" + arch)
		// The layer is large; to compress it well takes longer than to make it.
		r := tryFFmpeg(t, arch, base, noFilter, build.Output("type=docker,compression=gzip,compression-level=1"), build.Tag(ref))
		if r.Command.ExitCode != 0 {
			return "", errors.New(r.FailureMessage())
		}
		return ref, nil
	})
	require.NoError(t, err, "ffmpeg cannot be built for %s on %s", arch, base)
	return ref
}

// buildHello has Nix build a small package, never from the cache, and returns
// the result, success or failure.
func buildHello(t *suite.T, arch string, options ...build.Option) *build.Result {
	return tryFFmpeg(t, arch, "scratch", append(options,
		build.Arg("NIX_FILE", "hello.nix"), build.Arg("PROGRAM_FILE", "bin/hello"),
		build.NoCacheFilter("BUILDER"))...)
}

func buildFFmpeg(t *suite.T, arch, base string, options ...build.Option) {
	r := tryFFmpeg(t, arch, base, options...)
	require.Zero(t, r.Command.ExitCode, "the build for %s on %s failed: %s", arch, base, r.FailureMessage())
}

func tryFFmpeg(t *suite.T, arch, base string, options ...build.Option) *build.Result {
	platform := "linux/" + arch
	all := []build.Option{build.Platform(platform), build.Target("PRODUCTION"), build.Arg("baseimage", base)}
	if _, served := t.Env.Testbed.StandIns[ffmpegPackages]; served {
		all = append(all, build.Arg("packages", ffmpegPackages))
	}
	return build.Try(t, builder.SharedFor(t, platform), ffmpegFixture, append(all, options...)...)
}

package claims

import (
	"time"

	"builders.test/helpers/claim"
)

const (
	docsMultiStage = "https://docs.docker.com/build/building/multi-stage/"
	nixSeccomp     = "https://github.com/NixOS/nix/issues/5258"
	nixClosure     = "https://nix.dev/manual/nix/stable/command-ref/nix-store/query"
	ffmpegBitexact = "https://ffmpeg.org/ffmpeg-codecs.html"
)

// The base images come from gcr.io, too. BuildKit's own configuration can name
// a mirror for that registry, the engine's cannot: hence own-buildkit.

// Whichever claim comes first pays for the builds that the others find made.
const ffmpegDeadline = 6 * time.Minute

var ffmpeg = []claim.Claim{
	{
		ID:       "ffmpeg/version",
		Text:     "An ffmpeg that Nix packaged runs in the PRODUCTION image, whatever its base image: scratch, distroless, distroless with a shell, ubuntu; on amd64 and on arm64",
		Source:   docsMultiStage,
		Needs:    append(bothArchitectures, claim.OwnBuildKit),
		Deadline: ffmpegDeadline,
	},
	{
		ID:       "ffmpeg/show-architecture",
		Text:     "A script in the image prints the architecture where the base image has a shell, and cannot run where it has none",
		Source:   docsMultiStage,
		Needs:    append(bothArchitectures, claim.OwnBuildKit),
		Deadline: ffmpegDeadline,
	},
	{
		ID:       "ffmpeg/closure",
		Text:     "The image holds the runtime closure that Nix computed and nothing of what built it",
		Source:   nixClosure,
		Needs:    append(bothArchitectures, claim.OwnBuildKit),
		Deadline: ffmpegDeadline,
	},
	{
		ID:       "ffmpeg/same-bytes",
		Text:     "Both architectures' images encode the same second of video to the same bytes",
		Source:   ffmpegBitexact,
		Needs:    append(bothArchitectures, claim.OwnBuildKit),
		Deadline: ffmpegDeadline,
	},
	{
		ID:       "ffmpeg/seccomp",
		Text:     "On emulated arm64 Nix cannot load its seccomp filter and builds nothing, unless told `filter-syscalls = false`; on amd64 it builds without being told",
		Source:   nixSeccomp,
		Needs:    []claim.Need{claim.OwnBuildKit, claim.AMD64, claim.EmulatedARM64},
		Deadline: ffmpegDeadline,
	},
	{
		ID:       "ffmpeg/nix-file",
		Text:     "`--build-arg NIX_FILE=` chooses what Nix builds",
		Source:   docsVariables,
		Needs:    append(bothArchitectures, claim.OwnBuildKit),
		Deadline: ffmpegDeadline,
	},
	{
		ID:       "ffmpeg/program-file",
		Text:     "`--build-arg PROGRAM_FILE=` chooses which program of the result the image starts, and one that Nix did not build fails the build",
		Source:   docsVariables,
		Needs:    append(bothArchitectures, claim.OwnBuildKit),
		Deadline: ffmpegDeadline,
	},
}

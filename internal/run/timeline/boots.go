package timeline

import (
	"bytes"
	"io/fs"
	"path"
	"regexp"
	"slices"

	"builders.test/helpers/evidence"
)

// building are the commands that build.
var building = []string{"docker buildx build", "docker buildx bake", "docker build", "docker image build", "docker-buildx build", "docker-buildx bake"}

func builds(args []string) bool { return slices.Contains(building, what(args)) }

// starting are the commands that start a container that was created before. Specs do
// that with BuildKits that buildx does not manage, and with those that it stopped.
var starting = []string{"docker start", "docker restart", "docker container start", "docker container restart"}

// booting is what buildx says, in all formats of its progress, when it starts the
// container of a node: at create --bootstrap, inspect --bootstrap, or the first build.
var booting = regexp.MustCompile(`(?:creating|starting) container (buildx_buildkit_[\w.-]+)`)

// bootingHint is in every text that booting matches, and much faster to find.
var bootingHint = []byte("ing container buildx_buildkit_")

// boots counts the BuildKits that a command started, as far as its output says so.
func boots(run fs.FS, c evidence.Stored) int {
	if slices.Contains(starting, what(c.Args)) {
		return 1
	}
	nodes := map[string]bool{}
	for _, name := range []string{evidence.ProgressFile, evidence.StderrFile, evidence.StdoutFile} {
		content, err := fs.ReadFile(run, path.Join(c.Dir, name))
		if err != nil {
			continue // a stream that said nothing
		}
		if !bytes.Contains(content, bootingHint) {
			continue
		}
		for _, match := range booting.FindAllSubmatch(content, -1) {
			nodes[string(match[1])] = true
		}
	}
	return len(nodes)
}

// Builds counts the commands that build.
func (c Claim) Builds() int {
	n := 0
	for _, one := range c.Commands {
		if one.Build {
			n++
		}
	}
	return n
}

// Boots counts the BuildKits that were started for a claim.
func (c Claim) Boots() int {
	n := 0
	for _, one := range c.Commands {
		n += one.Boots
	}
	return n
}

// Count adds up something of every claim.
func (t Timeline) Count(of func(Claim) int) int {
	n := 0
	for _, one := range t.Claims {
		n += of(one)
	}
	return n
}

// Commands counts the commands of a claim.
func Commands(c Claim) int { return len(c.Commands) }

package build

import (
	"testing"
	"time"

	"builders.test/helpers/env"
	"builders.test/helpers/progress"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/icmd"
)

func TestWhichRegistriesABuildHadTroubleWith(t *testing.T) {
	now := time.Now()
	base := progress.Vertex{Name: "[1/2] FROM docker.io/library/busybox:latest@sha256:" + digest, Started: &now, Completed: &now}
	cachedBase := base
	cachedBase.Cached = true
	pull := env.Question{Image: "docker.io/library/busybox:latest@sha256:" + digest, Builder: "b"}
	args := []string{"buildx", "build", "--push", "--tag", "host.invalid/app:1", "--cache-to", "type=registry,ref=host.invalid/cache:1,mode=max", "--build-context", "base=oci-layout:///folder"}
	ended, failed, killed := &icmd.Result{}, &icmd.Result{ExitCode: 1}, &icmd.Result{Timeout: true}

	for what, c := range map[string]struct {
		command  *icmd.Result
		vertices []progress.Vertex
		want     []env.Question
	}{
		"a build that ended well":                     {ended, []progress.Vertex{base}, nil},
		"an import of cache that failed":              {ended, []progress.Vertex{base, {Name: "importing cache manifest from host.invalid/cache:1", Error: "any"}}, []env.Question{{Image: "host.invalid/cache:1", Builder: "b"}}},
		"an image that cannot be looked up":           {failed, []progress.Vertex{{Name: "[internal] load metadata for docker.io/library/nothing:1", Error: "any"}}, []env.Question{{Image: "docker.io/library/nothing:1", Builder: "b"}}},
		"a step that failed, on layers not had yet":   {failed, []progress.Vertex{base, {Name: "[2/2] RUN make", Error: "any"}}, []env.Question{pull}},
		"a step that failed, on layers that are here": {failed, []progress.Vertex{cachedBase, {Name: "[2/2] RUN make", Error: "any"}}, nil},
		"a push that failed":                          {failed, []progress.Vertex{{Name: "exporting to image", Error: "any"}}, []env.Question{{Image: "host.invalid/app:1", Builder: "b", Push: true}}},
		"cache that could not be exported":            {failed, []progress.Vertex{{Name: "exporting cache to registry", Error: "any"}}, []env.Question{{Image: "host.invalid/cache:1", Builder: "b", Push: true}}},
		"a pull that does not end":                    {killed, []progress.Vertex{{Name: base.Name, Started: &now}}, []env.Question{pull, pull}},
		"progress that lost the step's error":         {failed, []progress.Vertex{{Name: "[internal] load metadata for docker.io/library/nothing:1", Started: &now, Completed: &now}}, []env.Question{{Image: "docker.io/library/nothing:1", Builder: "b"}}},
		"a context that was lost":                     {failed, []progress.Vertex{{Name: "[internal] load metadata for docker.io/library/base:latest", Error: "any"}}, nil},
		"a step that was cancelled":                   {failed, []progress.Vertex{{Name: "[internal] load metadata for docker.io/library/nothing:1", Error: "context canceled"}, {Name: "[2/2] RUN make", Error: "any"}}, nil},
	} {
		r := &Result{Command: c.command, Progress: progress.Progress{Vertices: c.vertices}}
		a := asker{args: args, builder: "b"}
		got := a.about(r.troubled())
		if !r.succeeded() {
			got = append(got, a.about(r.needed())...)
		}
		if c.command == ended && len(got) == 0 {
			got = nil
		}
		require.Equal(t, c.want, got, what)
	}
}

func TestWhatABuildPushes(t *testing.T) {
	require.Empty(t, asker{args: []string{"--tag", "a/b"}}.pushed())
	require.Equal(t, []string{"a/b", "c/d"}, asker{args: []string{"--push", "--tag=a/b", "-t", "c/d"}}.pushed())
	require.Equal(t, []string{"a/b"}, asker{args: []string{"--output", "type=image,name=a/b,push=true"}}.pushed())
	require.Empty(t, asker{args: []string{"--output", "type=image,name=a/b"}}.pushed())
}

const digest = "d2a8d5c5a8a3f0c1f9a0f1c5b6c2d7e8f90123456789abcdef0123456789abcd"

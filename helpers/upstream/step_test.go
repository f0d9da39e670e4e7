package upstream

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPulledBy(t *testing.T) {
	for step, want := range map[string]string{
		"[internal] load metadata for docker.io/library/busybox:latest":         "docker.io/library/busybox:latest",
		"[linux/arm64 internal] load metadata for 127.0.0.1:5000/base:x":        "127.0.0.1:5000/base:x",
		"resolve image config for docker-image://docker.io/docker/dockerfile:1": "docker.io/docker/dockerfile:1",
		"resolve image config for docker.io/docker/dockerfile:1":                "docker.io/docker/dockerfile:1",
		"docker-image://docker.io/docker/dockerfile:1@sha256:" + sha:            "docker.io/docker/dockerfile:1@sha256:" + sha,
		"[made 1/2] FROM docker.io/library/busybox:latest@sha256:" + sha:        "docker.io/library/busybox:latest@sha256:" + sha,
		"[context base] docker-image://127.0.0.1:5000/base:x@sha256:" + sha:     "127.0.0.1:5000/base:x@sha256:" + sha,
		"importing cache manifest from 127.0.0.1:5000/cache:x":                  "127.0.0.1:5000/cache:x",
		"[2/3] RUN echo FROM the start":                                         "",
		"exporting to image":                                                    "",
		"[internal] load build context":                                         "",
		"[stage-1 2/2] COPY --from=made /FROM /to":                              "",
	} {
		require.Equal(t, want, PulledBy(step), step)
	}
}

const sha = "d2a8d5c5a8a3f0c1f9a0f1c5b6c2d7e8f90123456789abcdef0123456789abcd"

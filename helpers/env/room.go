package env

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"
)

// stateFolder is where BuildKit keeps what it has built, in its container.
const stateFolder = "/var/lib/buildkit"

// RoomOf returns an error if the disk is full on which a builder's container
// keeps its state, whether or not the container runs. Not knowing is not an
// error.
func (e *Environment) RoomOf(ctx context.Context, builder string) error {
	free, err := e.freeIn(ctx, stateFolder, container.HostConfig{VolumesFrom: []string{builder}})
	if err != nil {
		return nil
	}
	return enough(free, stateFolder+" of the container "+builder)
}

// engineRoom checks the room on the engine's disk if that is another machine's.
func (e *Environment) engineRoom(ctx context.Context) error {
	if e.Engine.Local() == nil || e.BuildKit.Image == "" {
		return nil
	}
	// The image declares a volume; see openBuildKit.
	free, err := e.freeIn(ctx, "/", container.HostConfig{Tmpfs: map[string]string{stateFolder: ""}})
	if err != nil {
		return nil
	}
	return enough(free, e.Engine.Root+" of the engine")
}

// freeIn asks df, in a container of the image under test, which the engine has.
func (e *Environment) freeIn(ctx context.Context, folder string, host container.HostConfig) (free uint64, err error) {
	host.NetworkMode = "none"
	created, err := e.Client.ContainerCreate(ctx, &container.Config{
		Image: e.BuildKit.Image, Entrypoint: []string{"df", "-Pk", folder}, Cmd: []string{},
		Labels: map[string]string{RunLabel: e.Run},
	}, &host, nil, nil, e.Name("room"))
	if err != nil {
		return 0, err
	}
	defer func() {
		// The image's unnamed volumes, which df does not need, go with it.
		gone := e.Client.ContainerRemove(context.WithoutCancel(ctx), created.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
		err = errors.Join(err, gone)
	}()
	ended, failed := e.Client.ContainerWait(ctx, created.ID, container.WaitConditionNextExit)
	if err := e.Client.ContainerStart(ctx, created.ID, container.StartOptions{}); err != nil {
		return 0, err
	}
	select {
	case err := <-failed:
		return 0, err
	case <-ended:
	}
	stream, err := e.Client.ContainerLogs(ctx, created.ID, container.LogsOptions{ShowStdout: true})
	if err != nil {
		return 0, err
	}
	defer stream.Close()
	var said bytes.Buffer
	if _, err := stdcopy.StdCopy(&said, &said, stream); err != nil {
		return 0, err
	}
	return parseFree(said.String())
}

// parseFree reads the number of free bytes from the output of `df -Pk`.
func parseFree(text string) (uint64, error) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	const available = 3
	fields := strings.Fields(lines[len(lines)-1])
	if len(fields) <= available {
		return 0, fmt.Errorf("df printed %q", text)
	}
	free, err := strconv.ParseUint(fields[available], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("df printed %q: %w", text, err)
	}
	return free << 10, nil
}

package orphans

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
)

// Engine is what an engine has of builders.
type Engine struct {
	Containers []Container
	Volumes    []Volume
	// Names are how records call the engine: by its address, or by a docker context.
	Names []string
}

// Container is a container that buildx made, whether or not it runs.
type Container struct {
	Name  string
	State string
	// Bytes is what it has written, apart from its volumes.
	Bytes int64
}

// Volume is the state of a node.
type Volume struct {
	Name string
	// Bytes is its size, or -1 if the engine does not say.
	Bytes int64
	// Used reports whether a container has it.
	Used bool
}

// Look lists what an engine has. Sizes take the engine a while.
func Look(ctx context.Context, engine *client.Client, names ...string) (Engine, error) {
	usage, err := engine.DiskUsage(ctx, types.DiskUsageOptions{Types: []types.DiskUsageObject{types.ContainerObject, types.VolumeObject}})
	if err != nil {
		return Engine{}, fmt.Errorf("ask the engine what it has: %w", err)
	}
	found := Engine{Names: names}
	used := map[string]bool{}
	for _, c := range usage.Containers {
		for _, m := range c.Mounts {
			used[m.Name] = true
		}
		if name, ours := nameOf(c); ours {
			found.Containers = append(found.Containers, Container{Name: name, State: c.State, Bytes: c.SizeRw})
		}
	}
	for _, v := range usage.Volumes {
		if _, ours := nodeOfVolume(v.Name); !ours {
			continue
		}
		one := Volume{Name: v.Name, Bytes: -1, Used: used[v.Name]}
		if v.UsageData != nil {
			one.Bytes = v.UsageData.Size
		}
		found.Volumes = append(found.Volumes, one)
	}
	slices.SortFunc(found.Containers, func(a, b Container) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(found.Volumes, func(a, b Volume) int { return strings.Compare(a.Name, b.Name) })
	return found, nil
}

func nameOf(c *container.Summary) (name string, ours bool) {
	for _, n := range c.Names {
		if name = strings.TrimPrefix(n, "/"); strings.HasPrefix(name, prefix) {
			return name, true
		}
	}
	return "", false
}

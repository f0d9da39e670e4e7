package env

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"builders.test/helpers/endpoint"
	"builders.test/helpers/usage"
	"github.com/docker/docker/client"
	"github.com/prometheus/procfs"
)

// startUsage starts to note what the run costs this machine. That is no evidence: what
// cannot be measured is left out, and a run does without it.
func (e *Environment) startUsage() {
	e.usage, _ = usage.Record(func(ctx context.Context) (*usage.Meter, error) {
		hosts, err := Endpoints()
		if err != nil {
			return nil, err
		}
		return usage.NewMeter(Daemons(ctx, hosts...)...)
	}, filepath.Join(e.Out, usage.File))
}

// Daemons returns the ids of the processes of the engines at some endpoints that are on
// this machine: dockerd and, where it is a service of its own, containerd.
func Daemons(ctx context.Context, hosts ...string) []int {
	var all []int
	for _, host := range hosts {
		path, local := strings.CutPrefix(host, "unix://")
		if !local {
			continue
		}
		all = append(all, daemon(path, "dockerd")...)
		if engine, err := Dial(host); err == nil {
			all = append(all, daemon(containerdOf(ctx, engine), "containerd")...)
			_ = engine.Close()
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// daemon is the process that listens on a socket, if it runs a program of that name.
func daemon(socket, program string) []int {
	pid, err := endpoint.Listener(socket)
	if err != nil {
		return nil
	}
	proc, err := procfs.NewProc(pid)
	if err != nil {
		return nil
	}
	if name, err := proc.Comm(); err != nil || name != program {
		return nil
	}
	return []int{pid}
}

// containerdOf returns the socket of an engine's containerd, or empty.
func containerdOf(ctx context.Context, engine *client.Client) string {
	ctx, cancel := context.WithTimeout(ctx, ProbeTimeout)
	defer cancel()
	info, err := engine.Info(ctx)
	if err != nil || info.Containerd == nil {
		return ""
	}
	return strings.TrimPrefix(info.Containerd.Address, "unix://")
}

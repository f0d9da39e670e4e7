package engine

import (
	"encoding/json"
	"os"
	"path/filepath"

	"builders.test/lab/gobuild"
	"builders.test/lab/network"
	"github.com/moby/sys/atomicwriter"
)

// daemonConfig is dockerd's configuration file. It replaces the host's
// /etc/docker/daemon.json, which is another engine's.
type daemonConfig struct {
	DataRoot     string          `json:"data-root"`
	ExecRoot     string          `json:"exec-root"`
	Pidfile      string          `json:"pidfile"`
	Hosts        []string        `json:"hosts"`
	Bridge       string          `json:"bridge"`
	IPTables     bool            `json:"iptables"`
	IP6Tables    bool            `json:"ip6tables"`
	IPForward    bool            `json:"ip-forward"`
	IPMasq       bool            `json:"ip-masq"`
	Mirrors      []string        `json:"registry-mirrors"`
	Features     map[string]bool `json:"features"`
	Driver       string          `json:"storage-driver,omitempty"`
	AddressPools []addressPool   `json:"default-address-pools"`
	InitPath     string          `json:"init-path"`
	ProxyPath    string          `json:"userland-proxy-path"`
	LogLevel     string          `json:"log-level"`
}

type addressPool struct {
	Base string `json:"base"`
	Size int    `json:"size"`
}

// configure writes the configuration of an engine whose net has the number.
func (e *Engine) configure(number int) error {
	mirror, err := e.Registry.Mirror()
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(daemonConfig{
		DataRoot: e.Data(),
		ExecRoot: e.execRoot(),
		Pidfile:  e.pidfile(),
		Hosts:    []string{e.Host()},
		Bridge:   e.bridge().Name,
		Mirrors:  []string{"http://" + mirror},
		Features: e.features,
		Driver:   e.driver,
		AddressPools: []addressPool{
			{Base: network.Subnet(number).String(), Size: 24},
		},
		InitPath:  e.Packages.InitPath(),
		ProxyPath: filepath.Join(e.folder(gobuild.Dockerd()), "docker-proxy"),
		LogLevel:  "warn",
	}, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(e.Data(), 0o710); err != nil {
		return err
	}
	return atomicwriter.WriteFile(e.config(), data, 0o644)
}

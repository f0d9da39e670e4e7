package rehearsal

import (
	"context"
	"crypto/tls"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"builders.test/lab"
	"builders.test/lab/engine"
	"github.com/madflojo/testcerts"
	"github.com/miekg/dns"
)

// Address is where the world's servers listen: on the loopback interface of machines
// that are networks of their own.
const Address = "127.77.0.1"

// World is a running world.
type World struct {
	// Hub is its registries.
	Hub *Hub
	// Project is the folder that the user is in, as this process sees it.
	Project string

	dir        string
	lab        *lab.Lab
	engine     *engine.Engine
	conditions Conditions
	registries []*http.Server
	// server is the machine of the engine, and laptop that of the user, which is the
	// same one unless the engine is reached over a network.
	server, laptop *machine
	closers        []func(context.Context) error
}

// Open makes a world in the folder dir, with a copy of the project at root. The lab
// is up. What was opened is closed if there is an error.
func Open(ctx context.Context, l *lab.Lab, dir, root string, c Conditions) (w *World, err error) {
	w = &World{dir: dir, lab: l, conditions: c, Project: filepath.Join(dir, "home", "builder", "project")}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close(context.WithoutCancel(ctx)))
		}
	}()
	for _, step := range []func(context.Context) error{
		w.openMachines, w.openRegistries, w.openNames, w.openProxy,
		func(context.Context) error { return w.settle(root) },
		w.openEngine, w.openReach,
	} {
		if err := step(ctx); err != nil {
			return w, err
		}
	}
	return w, nil
}

// Close ends the world, last things first.
func (w *World) Close(ctx context.Context) error {
	var errs []error
	for len(w.closers) > 0 {
		last := len(w.closers) - 1
		errs = append(errs, w.closers[last](ctx))
		w.closers = w.closers[:last]
	}
	return errors.Join(errs...)
}

// onClose has something done when the world ends.
func (w *World) onClose(do func(context.Context) error) { w.closers = append(w.closers, do) }

// openRegistries starts the hub, whose authority only the world trusts.
func (w *World) openRegistries(context.Context) error {
	authority := testcerts.NewCA()
	known, err := os.ReadFile("/" + carriedPath)
	if err != nil {
		return fmt.Errorf("read the authorities of this machine: %w; install ca-certificates", err)
	}
	authorities := append(append(known, '\n'), authority.PublicKey()...)
	if err := os.WriteFile(w.file("authorities.pem"), authorities, 0o644); err != nil {
		return err
	}
	pair, err := authority.NewKeyPairFromConfig(testcerts.KeyPairConfig{Domains: names})
	if err != nil {
		return err
	}
	certificate, err := tls.X509KeyPair(pair.PublicKey(), pair.PrivateKey())
	if err != nil {
		return err
	}
	access, err := w.lab.Access("")
	if err != nil {
		return err
	}
	w.Hub = &Hub{Mirror: access.Testbed.Mirror.Address, Carried: authorities}
	if account := w.conditions.Account; account.User != "" {
		w.Hub.Accounts = []Account{account}
	}
	for _, m := range w.machines() {
		listener, err := m.listen("443")
		if err != nil {
			return err
		}
		server := &http.Server{
			Handler: w.Hub, TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}},
			ErrorLog: log.New(io.Discard, "", 0),
		}
		go func() { _ = server.ServeTLS(listener, "", "") }()
		w.registries = append(w.registries, server)
		w.onClose(func(context.Context) error { return server.Close() })
	}
	return nil
}

// Lose takes the registries away, as if the network were gone.
func (w *World) Lose() error {
	var errs []error
	for _, server := range w.registries {
		errs = append(errs, server.Close())
	}
	return errors.Join(errs...)
}

// openMachines makes the machines of the engine and of the user.
func (w *World) openMachines(context.Context) (err error) {
	if w.server, err = newMachine(); err != nil {
		return err
	}
	w.onClose(w.server.close)
	w.laptop = w.server
	if w.conditions.Reach == "" {
		return nil
	}
	if w.laptop, err = newMachine(); err != nil {
		return err
	}
	w.onClose(w.laptop.close)
	return nil
}

// machines are all machines of the world.
func (w *World) machines() []*machine {
	if w.laptop == w.server {
		return []*machine{w.server}
	}
	return []*machine{w.server, w.laptop}
}

// openNames starts the name server that the world asks.
func (w *World) openNames(context.Context) error {
	known := nameserver{address: net.ParseIP(Address), names: names}
	if w.conditions.Way == Proxied {
		known.names = nil
	}
	for _, m := range w.machines() {
		socket, err := m.listenPacket("53")
		if err != nil {
			return err
		}
		server := &dns.Server{PacketConn: socket, Handler: known}
		go func() { _ = server.ActivateAndServe() }()
		w.onClose(func(ctx context.Context) error { return server.ShutdownContext(ctx) })
	}
	return os.WriteFile(w.file("resolv.conf"), []byte("nameserver "+Address+"\n"), 0o644)
}

// openEngine starts the engine, which knows nothing of the lab.
func (w *World) openEngine(ctx context.Context) (err error) {
	// On a machine of its own, the engine makes its own bridge.
	settings := map[string]any{"registry-mirrors": nil, "bridge": nil, "group": dockerGroup}
	world := engine.World{Inside: w.enter(w.server, "engine"), Dockerd: w.conditions.Dockerd, Settings: settings}
	if w.conditions.Way == Proxied {
		settings["proxies"] = map[string]string{"http-proxy": w.proxy(), "https-proxy": w.proxy(), "no-proxy": noProxy}
	}
	if w.engine, err = w.lab.Another(w.conditions.Store, world); err != nil {
		return err
	}
	if w.conditions.Reach == OverTLS {
		if err := w.openTLS(settings); err != nil {
			return err
		}
	}
	if err := os.Symlink(strings.TrimPrefix(w.engine.Host(), "unix://"), w.file("socket")); err != nil {
		return err
	}
	// One that a killed rehearsal left knows another world.
	if err := w.engine.Discard(ctx); err != nil {
		return err
	}
	w.onClose(w.engine.Discard)
	return w.lab.StartEngine(ctx, w.engine)
}

//go:embed world.sh
var script string

// enter begins a command that runs on a machine of the world.
func (w *World) enter(m *machine, as string) []string {
	return append(m.enter(), "unshare", "--mount", "--propagation", "private", "--", "sh", w.file("world.sh"), w.dir, as)
}

// Command returns a command of the user's, in the project's folder.
func (w *World) Command(args ...string) *exec.Cmd {
	line := w.enter(w.laptop, "user")
	if w.conditions.Way == Proxied {
		// Without these, clients would fetch their tokens directly.
		line = append(line, "env", "HTTP_PROXY="+w.proxy(), "HTTPS_PROXY="+w.proxy(), "NO_PROXY="+noProxy)
	}
	line = append(line, args...)
	command := exec.Command(line[0], line[1:]...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return command
}

// file returns the path of one of the world's files.
func (w *World) file(name string) string { return filepath.Join(w.dir, name) }

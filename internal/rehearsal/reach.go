package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/madflojo/testcerts"
)

// contextName is the user's docker context if the engine is on another machine.
const contextName = "far"

// openReach makes the user's docker command reach an engine on another machine.
func (w *World) openReach(ctx context.Context) error {
	var host string
	switch w.conditions.Reach {
	case OverSSH:
		keys, err := w.writeKeys()
		if err != nil {
			return err
		}
		if err := w.openSSH(keys); err != nil {
			return err
		}
		host = "host=ssh://builder@" + Address
	case OverTLS:
		if err := w.forward(tlsPort); err != nil {
			return err
		}
		host = "host=tcp://" + net.JoinHostPort(Address, tlsPort)
		for _, name := range []string{"ca", "cert", "key"} {
			host += fmt.Sprintf(",%s=/home/builder/.docker/%[1]s.pem", name)
		}
	default:
		return nil
	}
	for _, line := range [][]string{{"create", contextName, "--docker", host}, {"use", contextName}} {
		said, err := w.Command(append([]string{"docker", "context"}, line...)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("docker context %s: %w: %s", line[0], err, strings.TrimSpace(string(said)))
		}
	}
	return ctx.Err()
}

// tlsPort is the engine's, by convention.
const tlsPort = "2376"

// openTLS makes the engine listen on its machine, for clients with a certificate.
func (w *World) openTLS(settings map[string]any) error {
	authority := testcerts.NewCA()
	var errs []error
	write := func(name string, content []byte, owner int) string {
		path := w.file(name)
		errs = append(errs, os.WriteFile(path, content, 0o600), os.Chown(path, owner, owner))
		return path
	}
	settings["tlsverify"] = true
	settings["tlscacert"] = write("ca.pem", authority.PublicKey(), 0)
	server, err := authority.NewKeyPairFromConfig(testcerts.KeyPairConfig{IPAddresses: []string{Address}})
	if err != nil {
		return err
	}
	settings["tlscert"] = write("server.pem", server.PublicKey(), 0)
	settings["tlskey"] = write("server-key.pem", server.PrivateKey(), 0)
	client, err := authority.NewKeyPairFromConfig(testcerts.KeyPairConfig{Domains: []string{"client"}})
	if err != nil {
		return err
	}
	docker := filepath.Join("home", "builder", ".docker")
	write(filepath.Join(docker, "ca.pem"), authority.PublicKey(), userID)
	write(filepath.Join(docker, "cert.pem"), client.PublicKey(), userID)
	write(filepath.Join(docker, "key.pem"), client.PrivateKey(), userID)
	settings["hosts"] = []string{w.engine.Host(), "tcp://" + net.JoinHostPort(Address, tlsPort)}
	return errors.Join(errs...)
}

// forward makes a port of the server reachable from the laptop.
func (w *World) forward(port string) error {
	listener, err := w.laptop.listen(port)
	if err != nil {
		return err
	}
	w.onClose(func(context.Context) error { return listener.Close() })
	go func() {
		for {
			here, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer here.Close()
				there, err := w.server.dial(port)
				if err != nil {
					return
				}
				defer there.Close()
				connect(here, there)
			}()
		}
	}()
	return nil
}

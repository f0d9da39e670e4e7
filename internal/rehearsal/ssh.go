package rehearsal

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"golang.org/x/crypto/ssh"
)

// keys are those of the two sides.
type keys struct {
	host ssh.Signer
	user ssh.PublicKey
}

// writeKeys makes keys and lets the user have theirs, with the server's in known_hosts.
func (w *World) writeKeys() (keys, error) {
	_, hostKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return keys{}, err
	}
	host, err := ssh.NewSignerFromKey(hostKey)
	if err != nil {
		return keys{}, err
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return keys{}, err
	}
	user, err := ssh.NewPublicKey(public)
	if err != nil {
		return keys{}, err
	}
	block, err := ssh.MarshalPrivateKey(private, "builder")
	if err != nil {
		return keys{}, err
	}
	dir := w.file(filepath.Join("home", "builder", ".ssh"))
	known := append([]byte(Address+" "), ssh.MarshalAuthorizedKey(host.PublicKey())...)
	err = errors.Join(
		os.Mkdir(dir, 0o700), os.Chown(dir, userID, userID),
		os.WriteFile(filepath.Join(dir, "id_ed25519"), pem.EncodeToMemory(block), 0o600),
		os.Chown(filepath.Join(dir, "id_ed25519"), userID, userID),
		os.WriteFile(filepath.Join(dir, "known_hosts"), known, 0o644),
	)
	return keys{host, user}, err
}

// openSSH starts the ssh server of the engine's machine.
func (w *World) openSSH(k keys) error {
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, offered ssh.PublicKey) (*ssh.Permissions, error) {
		if string(offered.Marshal()) != string(k.user.Marshal()) {
			return nil, fmt.Errorf("unknown key %s", ssh.FingerprintSHA256(offered))
		}
		return nil, nil
	}}
	config.AddHostKey(k.host)
	listener, err := w.laptop.listen("22")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.onClose(func(context.Context) error { cancel(); return listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go w.welcome(ctx, conn, config)
		}
	}()
	return nil
}

// welcome serves one client.
func (w *World) welcome(ctx context.Context, conn net.Conn, config *ssh.ServerConfig) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	var sessions sync.WaitGroup
	for offered := range channels {
		if offered.ChannelType() != "session" {
			_ = offered.Reject(ssh.UnknownChannelType, "sessions only")
			continue
		}
		channel, asked, err := offered.Accept()
		if err != nil {
			return
		}
		sessions.Go(func() { w.session(ctx, channel, asked) })
	}
	sessions.Wait()
}

// session runs the command that the client asks for.
func (w *World) session(ctx context.Context, channel ssh.Channel, asked <-chan *ssh.Request) {
	defer channel.Close()
	for request := range asked {
		var line struct{ Command string }
		if request.Type != "exec" || ssh.Unmarshal(request.Payload, &line) != nil {
			_ = request.Reply(false, nil)
			continue
		}
		_ = request.Reply(true, nil)
		go ssh.DiscardRequests(asked)
		status := struct{ Code uint32 }{w.login(ctx, channel, line.Command)}
		_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(&status))
		return
	}
}

// login runs a command as the user on the engine's machine, and returns its exit code.
func (w *World) login(ctx context.Context, channel ssh.Channel, line string) uint32 {
	args := append(w.enter(w.server, "login"), "sh", "-c", line)
	command := exec.CommandContext(ctx, args[0], args[1:]...)
	command.Stdout, command.Stderr = channel, channel.Stderr()
	in, err := command.StdinPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		return 255
	}
	go func() {
		_, _ = io.Copy(in, channel)
		_ = in.Close()
	}()
	_ = command.Wait()
	return uint32(command.ProcessState.ExitCode())
}

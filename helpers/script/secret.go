package script

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"builders.test/helpers/image"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// secret NAME: writes a random text into a file and sets $NAME to its path, for
// --secret id=…,src=$NAME.
func (r *runner) secret(ts *testscript.TestScript, _ negation, args []string) error {
	if len(args) != 1 {
		return mistake{errors.New("secret needs the name of a variable, such as `secret TOKEN`")}
	}
	path := filepath.Join(filepath.Dir(r.told), "secret-"+args[0])
	if err := os.WriteFile(path, []byte(rand.Text()), 0o600); err != nil {
		return err
	}
	ts.Setenv(args[0], path)
	return nil
}

// leaks IMAGE FILE: the image on the engine holds the text of a file, such as a secret's: in
// a layer, even if a later one removes it, in its config, history or attestations.
func (r *runner) leaks(ts *testscript.TestScript, not negation, args []string) error {
	if len(args) != 2 {
		return mistake{errors.New("leaks needs an image and a file with a secret, such as `! leaks $APP $TOKEN`")}
	}
	secret, err := os.ReadFile(ts.MkAbs(args[1]))
	if err != nil {
		return mistake{fmt.Errorf("leaks: %w", err)}
	}
	text := strings.TrimSpace(string(secret))
	if text == "" {
		return mistake{fmt.Errorf("leaks: %s is empty", args[1])}
	}
	places := image.FilesContaining(r.t, args[0], text)
	switch {
	case len(places) == 0 && !bool(not):
		return fmt.Errorf("the secret is nowhere in %s", args[0])
	case len(places) > 0 && bool(not):
		return fmt.Errorf("%s holds the secret, in %s", args[0], strings.Join(places, ", "))
	}
	return nil
}

// ssh: starts an agent with one fresh key, for --ssh default. Its public key is standard
// output.
func (r *runner) ssh(ts *testscript.TestScript, _ negation, _ []string) error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	keys := agent.NewKeyring()
	if err := keys.Add(agent.AddedKey{PrivateKey: private}); err != nil {
		return err
	}
	socket := filepath.Join(r.t.Env.Dir, r.t.Env.Name("agent")+".sock")
	listener, err := net.Listen("unix", socket)
	r.t.EnvironmentOK(err, "start an ssh agent")
	r.t.Cleanup(func() { _ = listener.Close() })
	go serveKeys(listener, keys)
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		return err
	}
	ts.Setenv("SSH_AUTH_SOCK", socket)
	output(ts, string(ssh.MarshalAuthorizedKey(key)), "")
	return nil
}

// serveKeys answers until the listener is closed.
func serveKeys(listener net.Listener, keys agent.Agent) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			_ = agent.ServeAgent(keys, connection)
			_ = connection.Close()
		}()
	}
}

package script

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"builders.test/helpers/fixture"
	"builders.test/helpers/image"
	"github.com/rogpeppe/go-internal/testscript"
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

// ssh: starts an agent with one new key, for --ssh default. The public key is standard
// output.
func (r *runner) ssh(ts *testscript.TestScript, _ negation, _ []string) error {
	socket := fixture.SSHAgent(r.t, "builders-"+r.t.Env.Run)
	connection, err := net.Dial("unix", socket)
	r.t.EnvironmentOK(err, "reach the ssh agent")
	defer connection.Close()
	keys, err := agent.NewClient(connection).List()
	r.t.EnvironmentOK(err, "ask the ssh agent for its key")
	ts.Setenv("SSH_AUTH_SOCK", socket)
	for _, key := range keys {
		output(ts, key.String()+"\n", "")
	}
	return nil
}

package script

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"builders.test/helpers/cli"
	"github.com/rogpeppe/go-internal/testscript"
)

// tell runs as one of the script's commands, so it sees what testscript shows no
// one else: the script's variables, and what the next command has to read.
const tell = `/usr/bin/env -0 >"$0.env" && PATH="$PATH:/usr/bin:/bin" cat >"$0.stdin"`

// ofTheShell are the variables that a shell sets for itself.
var ofTheShell = []string{"PWD", "OLDPWD", "SHLVL", "_"}

// surroundings returns the configuration, folder and variables of the script as they are
// for the next command, and what stdin has put on its standard input, which this call
// uses up.
func (r *runner) surroundings(ts *testscript.TestScript) (cli.Config, error) {
	if err := ts.Exec("/bin/sh", "-c", tell, r.told); err != nil {
		return cli.Config{}, fmt.Errorf("cannot read the script's variables: %w", err)
	}
	env, err := os.ReadFile(r.told + ".env")
	if err != nil {
		return cli.Config{}, err
	}
	stdin, err := os.ReadFile(r.told + ".stdin")
	if err != nil {
		return cli.Config{}, err
	}
	return r.config.In(ts.MkAbs(".")).With(changed(r.given, string(env))...).Reading(string(stdin)), nil
}

// changed returns the variables, each ended by a zero byte, that differ from the
// given ones.
func changed(given []string, environ string) []string {
	var set []string
	for kv := range strings.SplitSeq(strings.TrimSuffix(environ, "\x00"), "\x00") {
		name, _, found := strings.Cut(kv, "=")
		if found && !slices.Contains(given, kv) && !slices.Contains(ofTheShell, name) {
			set = append(set, kv)
		}
	}
	return set
}

package script

import (
	"fmt"
	"slices"
	"strings"

	"builders.test/helpers/claim"
)

// builtins are testscript's own commands.
var builtins = []string{
	"cd", "chmod", "cmp", "cmpenv", "cp", "env", "exec", "exists", "grep", "kill", "mkdir", "mv",
	"rm", "skip", "stderr", "stdin", "stdout", "stop", "symlink", "unix2dos", "unquote", "wait",
}

// builtinCondition reports whether a condition is one of testscript's own that
// make sense here. One about a program is checked when the script runs.
func builtinCondition(word string) bool {
	return slices.Contains([]string{"linux", "darwin", "windows", "unix"}, word) ||
		strings.HasPrefix(word, "exec:") || strings.HasPrefix(word, "env:")
}

// check finds what is wrong in one line without running it: an unknown command or
// condition. Everything else shows when it runs.
func check(line string) error {
	if line == "" || strings.HasPrefix(line, "#") {
		return nil
	}
	for strings.HasPrefix(line, "[") {
		word, rest, closed := strings.Cut(line[1:], "]")
		if !closed {
			return fmt.Errorf("the condition %q has no closing bracket", line)
		}
		if err := checkCondition(strings.TrimSpace(word)); err != nil {
			return err
		}
		line = strings.TrimSpace(rest)
	}
	line = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(line, "!"), "?"))
	name, _, _ := strings.Cut(line, " ")
	if name == "" {
		return fmt.Errorf("there is no command on this line")
	}
	if slices.Contains(builtins, name) || commands()[name] != nil {
		return nil
	}
	return fmt.Errorf("unknown command %q; known are %s", name, strings.Join(Commands(), ", "))
}

func checkCondition(word string) error {
	word = strings.TrimSpace(strings.TrimPrefix(word, "!"))
	if builtinCondition(word) {
		return nil
	}
	_, err := claim.ParseNeed(word)
	return err
}

// Commands lists every command of the language.
func Commands() []string {
	names := slices.Clone(builtins)
	for name := range commands() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

package script

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"builders.test/helpers/engine/relay"
	"golang.org/x/tools/txtar"
)

// tellTouched tells what the script did to objects that are not its own, with the line that
// did it. They cannot be made what they were.
func (r *runner) tellTouched(s Script) {
	touched := append(r.relay.Touched(), r.wrote...)
	if len(touched) == 0 {
		return
	}
	source, _ := os.ReadFile(s.Path) // it ran, so it can be read; else the lines are missing
	var all []string
	for _, one := range touched {
		text := one.String()
		if line := lineOf(string(source), one); line > 0 {
			text = fmt.Sprintf("%s (%s:%d)", text, filepath.Base(s.Path), line)
		}
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	r.t.Fact("changed, although it is not the script's", strings.Join(all, ", "))
}

// lineOf returns the line of a script that most likely did something to an object: the first
// command with its name and the verb, or else with one of them; 0 if none has either.
func lineOf(source string, t relay.Touch) int {
	commands := strings.Split(string(txtar.Parse([]byte(source)).Comment), "\n")
	verb := strings.Fields(t.Verb)[0]
	for _, wanted := range [][]string{{t.Name, verb}, {t.Name}, {verb}} {
		for i, line := range commands {
			words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t'\";&|", r) })
			missing := slices.ContainsFunc(wanted, func(word string) bool { return !slices.Contains(words, word) })
			if !strings.HasPrefix(line, "#") && !missing {
				return i + 1
			}
		}
	}
	return 0
}

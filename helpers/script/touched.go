package script

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"builders.test/helpers/engine/relay"
	"golang.org/x/tools/txtar"
)

// tellTouched tells what the script did to objects that are not its own, with the line that
// did it. They cannot be made what they were.
func (r *runner) tellTouched(s Script) {
	touched := slices.DeleteFunc(slices.Concat(r.relay.Touched(), r.pushed(), r.wrote), r.inOwnRegistry)
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

// pushing is what BuildKit reports when it has put an image into a registry.
var pushing = regexp.MustCompile(`pushing manifest for ([^\s"]+?)@sha256:`)

// pushed returns the images that builds put into registries.
func (r *runner) pushed() []relay.Touch {
	refs, err := r.t.Evidence.Matches(pushing)
	r.t.EnvironmentOK(err, "read what builds have pushed")
	var all []relay.Touch
	for _, ref := range refs {
		ref = familiar(ref)
		all = append(all, relay.Touch{Object: "image " + ref, Name: ref, Verb: pushVerb})
	}
	return all
}

const pushVerb = "push"

// inOwnRegistry reports whether an image was put into a registry that ends with the run:
// one that the script asked for, or most likely a container of its own.
func (r *runner) inOwnRegistry(t relay.Touch) bool {
	host, _, _ := strings.Cut(t.Name, "/")
	if t.Verb != pushVerb || slices.Contains(r.registries, host) {
		return t.Verb == pushVerb
	}
	container := func(made relay.Object) bool { return made.Kind == "container" }
	return onThisMachine.MatchString(host) && slices.ContainsFunc(r.relay.Made(), container)
}

var onThisMachine = regexp.MustCompile(`^(localhost|127\.[\d.]+|\[::1\])(:\d+)?$`)

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

package script

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// always are the variables that every script has, or that testscript understands.
var always = []string{"HERE", "RUN", "ARCH", "BUILDKIT", "BUILDKIT_IMAGE", "WORK", "HOME", "TMPDIR", "PATH", "devnull", "exe", "GOTRACEBACK"}

// families begin the names of variables that a run, the machine or a command sets.
var families = []string{"BUILDER_", "DOCKER_", "BUILDX_", "BUILDKIT_", "BUILDERS_", "COMPOSE_", "SSH_"}

var (
	variableName = regexp.MustCompile(`\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))`)
	assigned     = regexp.MustCompile(`(?:^|\s)'?([A-Za-z_][A-Za-z0-9_]*)=`)
)

// setters are the commands whose arguments are names of variables, and the name that they
// set if there is none.
var setters = map[string]string{"image": "", "read": "", "secret": "", "registry": "REGISTRY", "serve": "URL", "slow": "", "refuse": "", "ssh": "SSH_AUTH_SOCK"}

// variables are those that a script has set so far. One that is not set is empty, and an
// empty pattern matches everything: a script must not hold because of a misspelled name.
type variables struct{ set []string }

// read takes what a line sets, and returns the first variable in it that nothing has set.
func (v *variables) read(line string) error {
	for _, found := range variableName.FindAllStringSubmatch(unquoted(line), -1) {
		name := found[1] + found[2]
		known := slices.Contains(always, name) || slices.Contains(v.set, name) ||
			slices.ContainsFunc(families, func(begin string) bool { return strings.HasPrefix(name, begin) })
		if !known {
			return fmt.Errorf("nothing sets $%s before this line", name)
		}
	}
	v.sets(line)
	return nil
}

// sets notes the variables that a line sets.
func (v *variables) sets(line string) {
	for strings.HasPrefix(line, "[") {
		_, line, _ = strings.Cut(line, "]")
		line = strings.TrimSpace(line)
	}
	words := strings.Fields(strings.TrimLeft(line, "!? "))
	if len(words) == 0 {
		return
	}
	if words[0] == "env" {
		for _, found := range assigned.FindAllStringSubmatch(line, -1) {
			v.set = append(v.set, found[1])
		}
	}
	byDefault, is := setters[words[0]]
	if !is {
		return
	}
	v.set = append(v.set, byDefault)
	if last := words[len(words)-1]; len(words) > 1 {
		v.set = append(v.set, last)
	}
}

// unquoted is a line without what stands between apostrophes, where nothing is replaced, and
// without a comment.
func unquoted(line string) string {
	var rest strings.Builder
	quoted := false
	for i, r := range line {
		switch {
		case r == '\'':
			quoted = !quoted
		case r == '#' && !quoted && (i == 0 || line[i-1] == ' '):
			return rest.String()
		case !quoted:
			rest.WriteRune(r)
		}
	}
	return rest.String()
}

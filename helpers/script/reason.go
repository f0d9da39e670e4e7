package script

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gotest.tools/v3/icmd"
)

// refusal matches the words by which the docker command, or buildx, refuses a command line
// that it does not understand. What a container prints may begin in the same way, so bare words
// count only with docker's own exit code; buildx and docker else put their mark before them.
const refusal = `unknown (shorthand )?flag:|flag needs an argument:|invalid argument "|bad flag syntax:`

var (
	refusedBare   = regexp.MustCompile(`^(` + refusal + `)`)
	refusedMarked = regexp.MustCompile(`^(ERROR: |docker: )+(` + refusal + `|unknown command:|failed to find target |could not find any target matching |'docker [^']*' (requires|accepts) )`)
)

// ofDocker is the exit code of a docker command that did not begin.
const ofDocker = 125

// misused returns how a command line was refused, if it was: that is the script's own
// mistake, and so it is after an exclamation mark.
func misused(result *icmd.Result) (complaint string, refused bool) {
	if result.ExitCode == 0 {
		return "", false
	}
	for line := range strings.Lines(result.Stderr()) {
		line = strings.TrimSpace(line)
		if result.ExitCode == ofDocker && refusedBare.MatchString(line) || refusedMarked.MatchString(line) && !ofAFile(line, result.Cmd.Args) {
			return strings.TrimPrefix(strings.TrimPrefix(line, "ERROR: "), "docker: "), true
		}
	}
	return "", false
}

// missingTarget matches bake's complaint about a target that there is not, with its name.
var missingTarget = regexp.MustCompile(`^(?:ERROR: )+(?:failed to find target|could not find any target matching) '?([^'\s]+)'?`)

// ofAFile reports whether a complaint is about a target that no word of the command line
// names: then a bake file does, such as in a group.
func ofAFile(complaint string, args []string) bool {
	match := missingTarget.FindStringSubmatch(complaint)
	return match != nil && !slices.ContainsFunc(args, func(arg string) bool {
		return arg == match[1] || strings.HasPrefix(arg, match[1]+".")
	})
}

// place is a line of a Dockerfile, or of another file, above the lines that buildx shows
// of it.
var place = regexp.MustCompile(`(?m)^(\S+:\d+)\n-{5,}$`)

// seeHelp is how the docker command ends many complaints.
var seeHelp = regexp.MustCompile(`^(Run|See) '.* --help'`)

// decisive returns what a command's standard error says about why it failed: the last
// error of buildx, with the line of the Dockerfile, or else the last line.
func decisive(stderr string) string {
	var last, found string
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		if line != "" && !seeHelp.MatchString(line) {
			last = line
		}
		if why, is := strings.CutPrefix(line, "ERROR: "); is {
			found = why
		}
	}
	if found == "" {
		return last
	}
	if all := place.FindAllStringSubmatch(stderr, -1); len(all) > 0 {
		return all[len(all)-1][1] + ": " + found
	}
	return found
}

// transcript is what testscript writes about a script that fails.
type transcript struct {
	// at is file:line, what testscript's own words about the failure.
	at, what string
	// command is the last line that was executed, as it stands in the script, and note what
	// testscript says about its end: [exit status 3].
	command, note string
	// stdout and stderr are those of the last command that wrote any.
	stdout, stderr string
	// rest is what else was written about the command, such as a difference.
	rest []string
}

var failed = regexp.MustCompile(`^FAIL: (.*` + regexp.QuoteMeta(Suffix) + `:\d+): (.*)$`)

// read reads a transcript; false if nothing failed in it.
func read(text string) (t transcript, ok bool) {
	var into *string
	for line := range strings.Lines(text) {
		bare := strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(bare, "> "):
			t.command, t.note, t.rest, into = bare[len("> "):], "", nil, nil
		case bare == "[stdout]":
			t.stdout, into = "", &t.stdout
		case bare == "[stderr]":
			if into == nil {
				t.stdout = ""
			}
			t.stderr, into = "", &t.stderr
		case strings.HasPrefix(bare, "[exit status "), strings.HasPrefix(bare, "[exec: "), strings.HasPrefix(bare, "[fork/exec "), strings.HasPrefix(bare, "[signal: "):
			t.note, into = strings.Trim(bare, "[]"), nil
		case failed.MatchString(bare):
			match := failed.FindStringSubmatch(bare)
			t.at, t.what = match[1], match[2]
			return t, true
		case into != nil:
			*into += line
		default:
			t.rest = append(t.rest, bare)
		}
	}
	return t, false
}

// ofTestscript matches testscript's complaints about a line that it cannot use.
var ofTestscript = regexp.MustCompile(`^(usage: |unterminated quoted argument|error parsing regexp|missing )`)

const (
	absent    = `executable file not found in $PATH`
	shownText = 200
)

// reason says in a user's words why a script failed, and whether that is its own mistake.
func (t transcript) reason() (why string, mistaken bool) {
	switch {
	case ofTestscript.MatchString(t.what):
		return t.what, true
	case strings.Contains(t.note, absent):
		return fmt.Sprintf("`%s`: there is no such program on this machine's PATH", t.command), true
	case t.what == "unexpected command failure":
		return fmt.Sprintf("`%s` failed (%s)%s", t.command, t.note, because(t.stderr, t.stdout)), false
	case t.what == "unexpected command success":
		return fmt.Sprintf("`%s` succeeded", t.command), false
	case strings.HasSuffix(t.what, "found in stdout"):
		return t.what + printed(t.stdout), false
	case strings.HasSuffix(t.what, "found in stderr"):
		return t.what + printed(t.stderr), false
	case strings.HasSuffix(t.what, " differ"):
		return t.what + difference(t.rest), false
	}
	return t.what, false
}

// because is the decisive line of what a command wrote, if it wrote anything.
func because(stderr, stdout string) string {
	if why := decisive(stderr); why != "" {
		return ": " + why
	}
	if why := decisive(stdout); why != "" {
		return ": " + why
	}
	return ""
}

// printed is the end of what was printed instead, short enough for one line.
func printed(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	switch {
	case text == "":
		return "; nothing was printed"
	case len(text) > shownText:
		return "; it ends with: …" + strings.ToValidUTF8(text[len(text)-shownText:], "")
	}
	return "; it is: " + text
}

// difference is the first line on each side of a unified difference.
func difference(lines []string) string {
	var sides []string
	for _, mark := range []string{"-", "+"} {
		for _, line := range lines {
			if strings.HasPrefix(line, mark) && !strings.HasPrefix(line, mark+mark+mark) {
				sides = append(sides, line)
				break
			}
		}
	}
	if len(sides) == 0 {
		return ""
	}
	return ": " + strings.Join(sides, ", ")
}

// Package evidence records what is done for a claim, as it is done: one folder per
// claim with one folder per command, so that a failure can be understood without a
// second run.
package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Folder collects the evidence of one claim. It is safe for use by several
// goroutines.
type Folder struct {
	out  string
	name string

	mu    sync.Mutex
	count int
}

// Create makes an empty folder for the claim under out, replacing what an
// earlier run left there.
func Create(out, claim string) (*Folder, error) {
	f := &Folder{out: out, name: filepath.Join("evidence", filepath.FromSlash(claim))}
	if err := os.RemoveAll(f.path()); err != nil {
		return nil, fmt.Errorf("clear %s: %w", f.path(), err)
	}
	if err := os.MkdirAll(f.path(), 0o755); err != nil {
		return nil, fmt.Errorf("create %s: %w", f.path(), err)
	}
	return f, nil
}

// Name returns the folder's path relative to the report it belongs to.
func (f *Folder) Name() string { return filepath.ToSlash(f.name) }

func (f *Folder) path() string { return filepath.Join(f.out, f.name) }

// Command is one finished command.
type Command struct {
	// Args is the command line, program first.
	Args []string `json:"args"`
	// Env holds only what differs from a plain shell's environment, as KEY=value.
	Env []string `json:"env,omitempty"`
	// Started is when it began.
	Started time.Time `json:"started"`
	// Seconds is how long it took.
	Seconds float64 `json:"seconds"`
	// CPU is the processor time, in seconds, of the command and of the children that it
	// waited for; zero when it is unknown.
	CPU float64 `json:"cpu,omitempty"`
	// Exit is its exit code; -1 if it was killed.
	Exit int `json:"exit"`
	// TimedOut reports whether the claim's deadline ended it.
	TimedOut bool `json:"timedOut,omitempty"`
	// Line is the command as a person would paste it into a shell after the run,
	// see [Folder.Command].
	Line string `json:"line"`
	// Own is the run's own folder, which is removed after the run; empty if there is none.
	Own string `json:"own,omitempty"`

	// Stdin is what it was given to read; the line to paste reads it from a file.
	Stdin []byte `json:"-"`
	// Stdout and Stderr are the streams, byte for byte; build progress in rawjson,
	// which comes on stderr, is kept in a separate file.
	Stdout, Stderr []byte `json:"-"`
}

// The files of a command's folder, and what a failed claim said.
const (
	CommandFile  = "command.json"
	StdoutFile   = "stdout"
	StderrFile   = "stderr"
	ProgressFile = "progress.rawjson"
	// FailureFile is in the claim's own folder.
	FailureFile = "failure.txt"
	stdinFile   = "stdin"
)

// Command writes down one command. Its line works after the run as far as it can: it
// uses the docker and buildx configuration of the person who pastes it, and it looks
// in this folder, which may have copies as notes, for files of the run's folder.
func (f *Folder) Command(c Command) error {
	dir := f.next(title(c.Args))
	c.Line = f.pasted(c)
	if len(c.Stdin) > 0 {
		c.Line += " <" + quote(filepath.Join(dir, stdinFile))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("create %s: %w", dir, err)
	}
	about, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("describe %s: %w", c.Line, err)
	}
	progress, stderr := SplitProgress(c.Stderr)
	return errors.Join(
		write(dir, CommandFile, append(about, '\n')),
		write(dir, stdinFile, c.Stdin),
		write(dir, StdoutFile, c.Stdout),
		write(dir, StderrFile, stderr),
		write(dir, ProgressFile, progress),
	)
}

// ofTheRun are the variables that point to the run's own configuration.
var ofTheRun = []string{"DOCKER_CONFIG", "BUILDX_CONFIG"}

func (f *Folder) pasted(c Command) string {
	var env, args []string
	for _, kv := range c.Env {
		if name, _, _ := strings.Cut(kv, "="); !slices.Contains(ofTheRun, name) {
			env = append(env, f.moved(kv, c.Own))
		}
	}
	for _, arg := range c.Args {
		args = append(args, f.moved(arg, c.Own))
	}
	return Line(env, args)
}

// moved returns a word that points here instead of into the run's folder.
func (f *Folder) moved(word, own string) string {
	if own == "" {
		return word
	}
	return strings.ReplaceAll(word, own+string(filepath.Separator), f.path()+string(filepath.Separator))
}

// Failure writes down what the assertions of a failed claim said.
func (f *Folder) Failure(reason, text string) error {
	return write(f.path(), FailureFile, []byte(reason+"\n\n"+text+"\n"))
}

// Note writes a text that is evidence but no command's output, such as a
// daemon's log.
func (f *Folder) Note(name, text string) error {
	return write(f.path(), name, []byte(text))
}

// Holds reports whether any file of the evidence so far contains the text.
func (f *Folder) Holds(text string) (bool, error) {
	found := false
	err := filepath.WalkDir(f.path(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || found {
			return err
		}
		content, err := os.ReadFile(path)
		found = bytes.Contains(content, []byte(text))
		return err
	})
	return found, err
}

// Matches returns what the first group of the pattern matches in the evidence so far,
// each text once.
func (f *Folder) Matches(pattern *regexp.Regexp) ([]string, error) {
	var all []string
	err := filepath.WalkDir(f.path(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, match := range pattern.FindAllSubmatch(content, -1) {
			all = append(all, string(match[1]))
		}
		return err
	})
	slices.Sort(all)
	return slices.Compact(all), err
}

func (f *Folder) next(title string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	return filepath.Join(f.path(), fmt.Sprintf("%02d-%s", f.count, title))
}

// write leaves out empty files, so that a folder listing shows at a glance which
// streams said anything.
func write(dir, name string, content []byte) error {
	if len(content) == 0 {
		return nil
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// SplitProgress separates the JSON lines of a build's rawjson progress from
// everything else that came on the same stream.
func SplitProgress(stream []byte) (progress, rest []byte) {
	for line := range bytes.Lines(stream) {
		if bytes.HasPrefix(line, []byte("{")) && json.Valid(line) {
			progress = append(progress, line...)
			continue
		}
		rest = append(rest, line...)
	}
	return progress, rest
}

var unsafeInName = regexp.MustCompile(`[^a-z0-9]+`)

// title names a command by its leading words, without options.
func title(args []string) string {
	var words []string
	for _, arg := range args {
		if strings.HasPrefix(arg, "-") || len(words) == 3 {
			break
		}
		words = append(words, unsafeInName.ReplaceAllString(strings.ToLower(filepath.Base(arg)), "-"))
	}
	return strings.Join(words, "-")
}

var plain = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// Line quotes a command so that a shell reads it back unchanged.
func Line(env, args []string) string {
	words := make([]string, 0, len(env)+len(args))
	for _, kv := range env {
		key, value, _ := strings.Cut(kv, "=")
		words = append(words, key+"="+quote(value))
	}
	for _, arg := range args {
		words = append(words, quote(arg))
	}
	return strings.Join(words, " ")
}

// Make returns a call of make with variables, written NAME=value, as a person
// would paste it into a shell. Variables without a value are left out. Dollar
// signs are doubled, since make itself expands them.
func Make(target string, variables ...string) string {
	var set []string
	for _, variable := range variables {
		if name, value, _ := strings.Cut(variable, "="); value != "" {
			set = append(set, name+"="+strings.ReplaceAll(value, "$", "$$"))
		}
	}
	return strings.TrimSpace(Line(nil, []string{"make", target}) + " " + Line(set, nil))
}

func quote(word string) string {
	if plain.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

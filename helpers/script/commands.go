package script

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/cli"
	"builders.test/helpers/image"
	"builders.test/helpers/registry"
	"github.com/rogpeppe/go-internal/testscript"
	"gotest.tools/v3/icmd"
)

// negation says that the command follows an exclamation mark.
type negation bool

// command runs one line of a script. Its error is the reason for the verdict.
type command func(r *runner, ts *testscript.TestScript, not negation, args []string) error

// commands returns the commands that the language adds to testscript's own.
func commands() map[string]command {
	return map[string]command{
		"builder":   (*runner).builder,
		"build":     (*runner).build,
		"bake":      (*runner).bake,
		"compose":   (*runner).compose,
		"json":      (*runner).json,
		"start":     (*runner).start,
		"finish":    (*runner).finish,
		"cached":    (*runner).cached,
		"executed":  (*runner).executed,
		"sent":      (*runner).sent,
		"image":     (*runner).image,
		"registry":  (*runner).registry,
		"ranges":    (*runner).countRanges,
		"run":       (*runner).run,
		"ask":       (*runner).ask,
		"logs":      (*runner).logs,
		"down":      (*runner).down,
		"daemon":    (*runner).daemon,
		"docker":    (*runner).docker,
		"fact":      (*runner).fact,
		"serve":     (*runner).serve,
		"read":      (*runner).read,
		"slow":      (*runner).slow,
		"refuse":    (*runner).refuse,
		"platforms": (*runner).platforms,
		"digest":    (*runner).digest,
		"size":      (*runner).size,
		"config":    (*runner).imageConfig,
		"history":   (*runner).history,
		"file":      (*runner).file,
		"same":      (*runner).same,
		"describe":  (*runner).describe,
		"secret":    (*runner).secret,
		"leaks":     (*runner).leaks,
		"ssh":       (*runner).ssh,
	}
}

// builder [-flag=value ...] NAME: creates a builder and makes it the one that the following builds
// use, including those of docker commands. The flags are image, platform, driver, network, config
// (a file with lines for buildkitd.toml), engine (its endpoint). With -append=NAME in place of a
// name it adds a node to a builder, without starting it.
func (r *runner) builder(ts *testscript.TestScript, not negation, args []string) error {
	options := []builder.Option{builder.In(r.config)}
	var name, whole, image string
	for _, arg := range args {
		flag, value, isFlag := strings.Cut(arg, "=")
		switch {
		case flag == "-append":
			whole = value
		case !strings.HasPrefix(arg, "-"):
			if name != "" {
				return errors.New("builder takes one name")
			}
			name = arg
		case !isFlag:
			return fmt.Errorf("builder %s: write flags as -flag=value", arg)
		default:
			option, err := builderOption(ts, flag, value)
			if err != nil {
				return err
			}
			options = append(options, option)
			if flag == "-image" {
				image = value
			}
		}
	}
	if whole != "" {
		return r.node(whole, options[1:])
	}
	if name == "" {
		return errors.New("builder needs a name, such as `builder one`")
	}
	if r.builders[name] != nil && !bool(not) {
		return r.use(r.builders[name])
	}
	b, err := builder.Try(r.t, append(options, builder.Bootstrapped())...)
	if bool(not) {
		if err == nil {
			return errors.New("the builder was created")
		}
		return nil
	}
	if err != nil {
		return err
	}
	r.builders[name] = b
	if image != "" {
		r.pinned[b.Name] = image
	}
	ts.Setenv("BUILDER_"+strings.ToUpper(name), b.Name)
	return r.use(b)
}

// node adds a node to a builder. It gets its own endpoint, since two nodes of a
// builder may not share one.
func (r *runner) node(of string, options []builder.Option) error {
	b := r.builders[of]
	if b == nil {
		return fmt.Errorf("there is no builder %q to append a node to", of)
	}
	b.Append(r.t, cli.NewContext(r.t), options...)
	return nil
}

func builderOption(ts *testscript.TestScript, flag, value string) (builder.Option, error) {
	switch strings.TrimLeft(flag, "-") {
	case "image":
		return builder.Pinned(value), nil
	case "platform":
		return builder.Platform(value), nil
	case "driver":
		return builder.Driver(value), nil
	case "network":
		return builder.Network(value), nil
	case "config":
		return builder.DaemonConfig(ts.ReadFile(value)), nil
	case "engine":
		return builder.Endpoint(value), nil
	}
	return nil, fmt.Errorf("builder has no flag %s; it has -image, -platform, -driver, -network, -config, -engine, -append", flag)
}

// build [-on=NAME] [flags of docker buildx build ...] CONTEXT: builds; what the
// steps printed is standard output, progress is standard error.
func (r *runner) build(ts *testscript.TestScript, not negation, args []string) error {
	b, args, err := r.prepare(ts, "build", args)
	if err != nil {
		return err
	}
	options := build.Flags(args[:len(args)-1]...)
	return r.ended(ts, build.TryIn(r.t, b.Config, args[len(args)-1], build.Flags("--builder", b.Name), options), not)
}

// ended notes the last build.
func (r *runner) ended(ts *testscript.TestScript, last *build.Result, not negation) error {
	r.last = last
	output(ts, last.StepLogs(), last.Transcript())
	return outcome("the build", last.Command, not, last.FailureReason)
}

// prepare is for commands that build: the builder as the script reaches it, flags
// and a context.
func (r *runner) prepare(ts *testscript.TestScript, verb string, args []string) (builder.Builder, []string, error) {
	b, args, err := r.chosen(ts, args)
	if err != nil {
		return builder.Builder{}, nil, err
	}
	if len(args) == 0 {
		return *b, nil, fmt.Errorf("%s needs a context, such as `%s .`", verb, verb)
	}
	here := *b
	if here.Config, err = r.surroundings(ts); err != nil {
		return here, nil, err
	}
	if err := present(ts.MkAbs("."), args); err != nil {
		return here, nil, err
	}
	r.expects(ts, verb, inFlags(args))
	return here, args, nil
}

// chosen returns the builder that -on names, or the current one, or a new one. If there are
// several, the transcript says which.
func (r *runner) chosen(ts *testscript.TestScript, args []string) (b *builder.Builder, rest []string, err error) {
	defer func() {
		if err == nil && len(r.builders) > 1 {
			ts.Logf("[builder %s]", b.Name)
		}
	}()
	if len(args) > 0 {
		if name, ok := strings.CutPrefix(args[0], "-on="); ok {
			if r.builders[name] == nil {
				return nil, nil, mistake{fmt.Errorf("there is no builder %q; `builder %s` creates it", name, name)}
			}
			return r.builders[name], args[1:], nil
		}
	}
	if used := r.used(); used != nil {
		return used, args, nil
	}
	if r.current != nil {
		return r.current, args, nil
	}
	made, err := builder.Try(r.t, builder.In(r.config), builder.Bootstrapped())
	if err != nil {
		return nil, nil, err
	}
	return made, args, r.use(made)
}

// image NAME: sets $NAME to a new reference; the image is removed with the
// script.
func (r *runner) image(ts *testscript.TestScript, _ negation, args []string) error {
	if len(args) != 1 {
		return errors.New("image needs the name of a variable, such as `image APP`")
	}
	ts.Setenv(args[0], image.New(r.t, strings.ToLower(args[0])))
	return nil
}

// registry [-count] [NAME]: starts an empty registry and sets $NAME, or
// $REGISTRY, to its host:port. With -count the requests for part of a file are
// counted; that needs an engine on this machine.
func (r *runner) registry(ts *testscript.TestScript, _ negation, args []string) error {
	started := registry.Start(r.t, registry.Lenient)
	if len(args) > 0 && args[0] == "-count" {
		started, args = started.WithProxy(r.t, r.counting), args[1:]
	}
	name := "REGISTRY"
	if len(args) > 0 {
		name = args[0]
	}
	r.registries = append(r.registries, started.Host)
	ts.Setenv(name, started.Host)
	return nil
}

// counting wraps a registry and counts the requests for part of a file.
func (r *runner) counting(behind http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Method == http.MethodGet && request.Header.Get("Range") != "" {
			r.ranges.Add(1)
		}
		behind.ServeHTTP(w, request)
	})
}

// countRanges is the command ranges <N or >N: how many requests for part of a
// file the counting registries have received.
func (r *runner) countRanges(_ *testscript.TestScript, not negation, args []string) error {
	bound, err := parseBound(args)
	if err != nil {
		return fmt.Errorf("ranges: %w", err)
	}
	if got := r.ranges.Load(); bound.holds(got) == bool(not) {
		return fmt.Errorf("the registries got %d range requests", got)
	}
	return nil
}

// bound is <N or >N.
type bound struct {
	than  byte
	limit int64
}

func parseBound(args []string) (bound, error) {
	var b bound
	if len(args) != 1 {
		return bound{}, errors.New("it needs one bound, <N or >N")
	}
	if _, err := fmt.Sscanf(args[0], "%c%d", &b.than, &b.limit); err != nil || b.than != '<' && b.than != '>' {
		return bound{}, fmt.Errorf("%q is not a bound; write <N or >N", args[0])
	}
	return b, nil
}

func (b bound) holds(value int64) bool {
	return b.than == '<' && value < b.limit || b.than == '>' && value > b.limit
}

// run [-platform=P] IMAGE [COMMAND ...]: runs a loaded image without network, until it
// ends. With -d=NAME it goes on in the background; see [runner.launch].
func (r *runner) run(ts *testscript.TestScript, not negation, args []string) error {
	if len(args) > 0 && !bool(not) {
		if name, ok := strings.CutPrefix(args[0], "-d="); ok {
			return r.launch(ts, name, args[1:])
		}
	}
	platform := r.t.Native()
	if len(args) > 0 {
		if value, ok := strings.CutPrefix(args[0], "-platform="); ok {
			platform, args = value, args[1:]
		}
	}
	if len(args) == 0 {
		return mistake{errors.New("run needs an image, such as `run $APP`")}
	}
	if strings.HasPrefix(args[0], "-") {
		return mistake{fmt.Errorf("run has no flag %s; it has -platform=, -d=", args[0])}
	}
	if err := r.loaded(args[0]); err != nil {
		return err
	}
	out := image.TryUntil(r.t, r.almostOver(), args[0], platform, args[1:]...)
	output(ts, out.Stdout+"\n", out.Stderr)
	switch {
	case out.Runs:
		return mistake{fmt.Errorf("the image still ran when the claim's time was nearly over%s; if it is a service, `run -d=NAME` starts it, and `ask` asks it", because(out.Stderr, out.Stdout))}
	case out.Exit == 0 && bool(not):
		return errors.New("the image ran")
	case out.Exit != 0 && !bool(not):
		return fmt.Errorf("the image exited with %d: %s", out.Exit, strings.TrimSpace(out.Stdout+" "+out.Stderr))
	}
	return nil
}

// daemon [-on=NAME] COMMAND ...: runs a command where the builder's BuildKit
// runs.
func (r *runner) daemon(ts *testscript.TestScript, not negation, args []string) error {
	b, args, err := r.chosen(ts, args)
	if err != nil {
		return err
	}
	return r.command(ts, not, append([]string{"exec", b.Container()}, args...))
}

// docker ARGUMENTS ...: the docker command with the run's own configuration.
func (r *runner) docker(ts *testscript.TestScript, not negation, args []string) error {
	return r.command(ts, not, args)
}

func (r *runner) command(ts *testscript.TestScript, not negation, args []string) error {
	config, err := r.surroundings(ts)
	if err != nil {
		return err
	}
	r.expects(ts, "docker", r.makes(config, args))
	result := config.Try(r.t, args...)
	output(ts, result.Stdout(), result.Stderr())
	return outcome("docker "+strings.Join(args, " "), result, not, func() string { return decisive(result.Stderr()) })
}

// almostOver is when a command has to end for the script to say something about it.
func (r *runner) almostOver() time.Time {
	const left = 5 * time.Second
	deadline, _ := r.t.Context().Deadline()
	return deadline.Add(-left)
}

// fact NAME VALUE: notes something that is neither right nor wrong; comparing
// two runs shows when it changes.
func (r *runner) fact(_ *testscript.TestScript, _ negation, args []string) error {
	if len(args) != 2 {
		return errors.New("fact needs a name and a value")
	}
	r.t.Fact(args[0], args[1])
	return nil
}

func output(ts *testscript.TestScript, stdout, stderr string) {
	_, _ = io.WriteString(ts.Stdout(), stdout)
	_, _ = io.WriteString(ts.Stderr(), stderr)
}

func outcome(what string, result *icmd.Result, not negation, complaint func() string) error {
	failed := result.ExitCode != 0 || result.Timeout
	if refusal, is := misused(result); is {
		return mistake{fmt.Errorf("%s was refused: %s", what, refusal)}
	}
	switch {
	case failed && !bool(not):
		return fmt.Errorf("%s failed: %s", what, complaint())
	case !failed && bool(not):
		return fmt.Errorf("%s succeeded", what)
	}
	return nil
}

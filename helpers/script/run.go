package script

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/cli"
	"builders.test/helpers/engine/relay"
	"builders.test/helpers/enginecache"
	"builders.test/helpers/spec"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/tools/txtar"
)

// Run proves the script's claim.
func (s Script) Run(t *spec.T) {
	root := filepath.Join(t.Env.Dir, t.Env.Name("script"))
	t.EnvironmentOK(os.Mkdir(root, 0o700), "create the script's folder")
	r := &runner{
		t: t, here: filepath.Dir(s.Path), config: cli.NewConfig(t).With(asPeopleHaveIt), told: filepath.Join(root, "told"), set: s.set,
		builders: map[string]*builder.Builder{}, pinned: map[string]string{}, running: map[string]*build.Running{}, services: map[string]*service{},
	}
	source, err := os.ReadFile(s.Path)
	t.EnvironmentOK(err, "read the script")
	r.namesDefault = namesDefault.Match(txtar.Parse(source).Comment)
	// What is noted here is undone last, after the builders and everything on them.
	enginecache.Snapshot(t)
	r.images = watchImages(t, s)
	r.relay = relay.Start(t, r.images)
	r.config = r.config.Through(r.relay.Host)
	t.Cleanup(func() {
		r.tellTouched(s)
		t.Undo("what the script made on the engine", r.relay.Remove)
	})
	deadline, _ := t.Context().Deadline()
	testscript.RunT(tester{t, r}, testscript.Params{
		Files: []string{s.Path}, WorkdirRoot: root, Deadline: deadline,
		Setup: r.setup, Condition: r.condition, Cmds: r.commands(),
		RequireExplicitExec: true, RequireUniqueNames: true,
	})
	r.subjectsPart()
}

// runner is what the commands of one script share.
type runner struct {
	t *spec.T
	// here is the script's folder.
	here   string
	config cli.Config
	// given are the variables that the script starts with, and told is the prefix of
	// the files that list its current ones.
	given []string
	told  string
	// set are the variables of the row in the script's table.
	set []string
	// namesDefault reports whether the script names the engine's own builder.
	namesDefault bool
	// builders are the builders by the names that the script gave them.
	builders map[string]*builder.Builder
	// pinned are the images of builders that are not from the BuildKit under test, by
	// the builders' real names.
	pinned map[string]string
	// relay stands between the script's commands and the engine, images are the names of
	// images that it saw change hands.
	relay  *relay.Relay
	images *imageNames
	// outputs are the files that builds were to write, and wrote what of it was there before.
	outputs []string
	wrote   []relay.Touch
	// current is the builder that build uses if it names none.
	current *builder.Builder
	// last is the latest build.
	last *build.Result
	// running are the builds that were started in the background.
	running map[string]*build.Running
	// services are the containers that run in the background, by the script's names.
	services map[string]*service
	// endpoints are the endpoints of engines that the script chose.
	endpoints []string
	// mistaken reports whether the script failed because of its own mistake.
	mistaken bool
	// registries are those that the script started, as host:port.
	registries []string
	// ranges counts requests that the registries got.
	ranges atomic.Int64
}

// asPeopleHaveIt unsets what the run sets for its own commands: a script that
// passes --metadata-file gets everything that buildx writes into it.
const asPeopleHaveIt = "BUILDX_METADATA_PROVENANCE="

// setup gives the script the run's own configuration, so that `exec docker …`
// sees what the other commands see.
func (r *runner) setup(e *testscript.Env) error {
	own := append(cli.Relayed(r.relay.Host), "BUILDX_CONFIG="+r.config.Dir, asPeopleHaveIt)
	for _, kv := range r.t.Env.Environ(own...) {
		name, value, _ := strings.Cut(kv, "=")
		if steersScripts(name) {
			e.Setenv(name, value)
		}
	}
	e.Setenv("HERE", r.here)
	e.Setenv("RUN", r.t.Env.Run)
	e.Setenv("ARCH", r.t.Env.Engine.Arch)
	e.Setenv("BUILDKIT", r.t.BuildKit)
	e.Setenv("BUILDKIT_IMAGE", r.t.Env.BuildKit.Image)
	r.given = slices.Clone(e.Vars)
	for _, kv := range r.set {
		name, value, _ := strings.Cut(kv, "=")
		e.Setenv(name, value)
	}
	return nil
}

func steersScripts(name string) bool {
	return strings.HasPrefix(name, "DOCKER_") || strings.HasPrefix(name, "BUILDX_") || strings.HasPrefix(name, "BUILDERS_")
}

func (r *runner) condition(word string) (bool, error) {
	need, err := claim.ParseNeed(word)
	if err != nil {
		return false, err
	}
	return r.t.Has(need), nil
}

func (r *runner) commands() map[string]func(*testscript.TestScript, bool, []string) {
	all := map[string]func(*testscript.TestScript, bool, []string){}
	for name, run := range commands() {
		all[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			if name != "ask" { // which asks services
				r.noteEndpoints(args)
			}
			err := run(r, ts, negation(neg), args)
			if err != nil && !neg {
				err = r.blameEndpoint(err)
			}
			if err != nil {
				r.mistaken = errors.As(err, new(mistake))
				ts.Fatalf("%v", err)
			}
		}
	}
	return all
}

// tester lets testscript talk to a spec that consists of one script.
type tester struct {
	t *spec.T
	r *runner
}

func (a tester) Run(_ string, script func(testscript.T)) { script(a) }
func (a tester) Parallel()                               {}
func (a tester) Verbose() bool                           { return true }
func (a tester) Fatal(args ...any)                       { a.t.Fatal(args...) }
func (a tester) FailNow()                                { a.t.FailNow() }

func (a tester) Skip(args ...any) {
	a.t.Mistaken("the script skips itself: %s; say in its head what it needs", fmt.Sprint(args...))
}

// Log gets the transcript, the only record of what exec ran. The failure is repeated
// alone, in a user's words: it is the reason for the verdict.
func (a tester) Log(args ...any) {
	text := fmt.Sprint(args...)
	if err := a.t.Evidence.Note("transcript.txt", text); err != nil {
		a.t.Logf("evidence: %v", err)
	}
	found, ok := read(text)
	if !ok {
		return
	}
	a.t.TB.Log(text)
	why, mistaken := found.reason()
	if trouble := a.r.relay.Trouble(); trouble != nil {
		a.t.EnvironmentFailed("%s: %s: %v", shorten(found.at), why, trouble)
	}
	if a.r.mistaken || mistaken {
		a.t.Mistaken("%s: %s", shorten(found.at), why)
	}
	a.t.Errorf("%s: %s", shorten(found.at), why)
}

// shorten reduces a file's path to what people know it by.
func shorten(at string) string { return filepath.Base(at) }

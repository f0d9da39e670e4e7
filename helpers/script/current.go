package script

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"builders.test/helpers/builder"
	"builders.test/helpers/cli"
	"builders.test/helpers/subject"
)

// defaultBuilder is the builder that every engine has.
const defaultBuilder = "default"

// use makes a builder the script's current one, also for its docker commands,
// whether it writes docker or exec docker.
func (r *runner) use(b *builder.Builder) error {
	err := cli.Err(r.config.Try(r.t, "buildx", "use", b.Name))
	if err == nil {
		r.current = b
	}
	return err
}

// used returns the builder that the script made the current one by docker buildx
// use, or by create --use; nil if it did not, or has removed it since.
func (r *runner) used() *builder.Builder {
	var current struct{ Key, Name string }
	if content, err := os.ReadFile(filepath.Join(r.config.Dir, "current")); err != nil || json.Unmarshal(content, &current) != nil {
		return nil
	}
	name := current.Name
	if name == "" {
		name = defaultBuilder
	}
	if r.current != nil && r.current.Name == name {
		return nil
	}
	for _, b := range r.builders {
		if b.Name == name {
			return b
		}
	}
	if name == defaultBuilder {
		return &builder.Builder{Name: name, Config: r.config, Driver: subject.DriverDocker}
	}
	if driver, ok := r.recorded(name); ok {
		return &builder.Builder{Name: name, Config: r.config, Driver: driver}
	}
	return nil
}

// recorded returns the driver of a builder that the script's configuration knows.
func (r *runner) recorded(name string) (driver string, ok bool) {
	var instance struct{ Driver string }
	content, err := os.ReadFile(filepath.Join(r.config.Dir, "instances", name))
	if err != nil || json.Unmarshal(content, &instance) != nil {
		return "", false
	}
	return instance.Driver, true
}

// built returns the builders that the script built on, as buildx noted in its
// configuration.
func (r *runner) built() []string {
	// The pattern is well-formed, which is all that could go wrong.
	builds, _ := filepath.Glob(filepath.Join(r.config.Dir, "refs", "*", "*", "*"))
	var names []string
	for _, build := range builds {
		names = append(names, filepath.Base(filepath.Dir(filepath.Dir(build))))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// subjectsPart makes sure that a script which holds says something about the
// BuildKit under test.
func (r *runner) subjectsPart() {
	if r.t.Failed() || r.t.Driver == subject.DriverDocker {
		return
	}
	built := r.built()
	if slices.Contains(built, defaultBuilder) && !r.namesDefault {
		r.t.Mistaken("%s ran on the engine's own BuildKit, so the script says nothing, or less than it seems, about BuildKit %s: "+
			"`builder NAME` before `docker buildx` chooses that, `docker build` never does; a claim about the engine's needs docker-driver, "+
			"and a script that wants both names the builder \"default\"", builds(len(built)), r.t.BuildKit)
	}
	if about := r.absence(built); about != "" {
		r.t.Fact("BuildKit under test", "took no part: "+about)
	}
}

// builds names the builds of a script that used some builders.
func builds(builders int) string {
	if builders == 1 {
		return "every build"
	}
	return "a build"
}

// namesDefault matches a script that names the engine's own builder, and so wants it.
var namesDefault = regexp.MustCompile(`(?m)^[^#\n]*\bdefault\b`)

// absence says why the BuildKit under test took no part; empty if it did. The
// script decides which image the builders have that it creates itself.
func (r *runner) absence(built []string) string {
	instances, _ := filepath.Glob(filepath.Join(r.config.Dir, "instances", "*"))
	if len(built) == 0 && r.last == nil && len(r.builders) == 0 && len(instances) == 0 {
		return "the script neither built anything nor made a builder"
	}
	if len(built) == 0 || slices.ContainsFunc(built, func(name string) bool { return r.pinned[name] == "" && name != defaultBuilder }) {
		return ""
	}
	var images []string
	for _, name := range built {
		if image := r.pinned[name]; image != "" {
			images = append(images, image)
		}
	}
	return "the script built on " + strings.Join(images, ", ")
}

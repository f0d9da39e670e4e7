package build

import (
	"slices"
	"strings"

	"builders.test/helpers/cli"
	"builders.test/helpers/env"
	"builders.test/helpers/progress"
	"builders.test/helpers/spec"
	"builders.test/helpers/subject"
	"builders.test/helpers/upstream"
)

// tell records the registries that a build had trouble with, so that they are
// asked if the claim fails.
func (r *Result) tell(t *spec.T) {
	a := asker{args: r.args, builder: cli.ValueOf(r.args, "--builder")}
	if a.builder == "" {
		a.builder = current
	}
	if t.Driver == subject.DriverDocker && !t.Env.IsConfigured(a.builder) || a.builder == "default" {
		a.builder, a.local = "", !slices.Contains(r.args, "--pull")
	}
	if r.succeeded() {
		t.Succeeds()
		t.Doubts(a.about(r.troubled())...)
		return
	}
	t.Stumbles(append(a.about(r.troubled()), a.about(r.needed())...)...)
}

// current is the builder of builds that name none.
const current = "(the current one)"

// troubled returns the steps that failed or never ended. A build may end before
// it reports the step that failed, which may then be any step that never ended.
func (r *Result) troubled() []progress.Vertex {
	var found []progress.Vertex
	for _, v := range r.Vertices {
		if v.Error != "" && !v.Canceled() || !r.succeeded() && v.Executing() {
			found = append(found, v)
		}
	}
	if len(found) == 0 && !r.succeeded() {
		return r.Vertices
	}
	return found
}

// needed returns the images of the build. Layers are fetched only when a step
// needs them, and if that fails, so does the step.
func (r *Result) needed() []progress.Vertex {
	return slices.DeleteFunc(slices.Clone(r.Vertices), func(v progress.Vertex) bool { return v.Cached || !strings.Contains(v.Name, "FROM ") })
}

// asker turns steps into questions.
type asker struct {
	args    []string
	builder string
	// local says that an image of the engine will do, too.
	local bool
}

func (a asker) about(steps []progress.Vertex) []env.Question {
	var all []env.Question
	for _, v := range steps {
		if image := upstream.PulledBy(v.Name); image != "" && !a.contextNamed(image) {
			all = append(all, env.Question{Image: image, Builder: a.builder, Local: a.local})
		}
		for _, image := range a.pushedBy(v.Name) {
			all = append(all, env.Question{Image: image, Builder: a.builder, Push: true})
		}
	}
	return all
}

// contextNamed reports whether an image has the name of a context that the build
// was given. If a registry is asked for it, the context was lost on the way.
func (a asker) contextNamed(image string) bool {
	return slices.ContainsFunc(cli.ValuesOf(a.args, "--build-context"), func(context string) bool {
		name, _, _ := strings.Cut(context, "=")
		return upstream.SameRepository(name, image)
	})
}

// pushedBy returns what a step pushes.
func (a asker) pushedBy(step string) []string {
	switch {
	case strings.HasPrefix(step, "exporting cache"):
		return attributes(cli.ValuesOf(a.args, "--cache-to"), "ref")
	case strings.HasPrefix(step, "exporting to image"), strings.HasPrefix(step, "pushing "), strings.HasPrefix(step, "merging manifest list"):
		return a.pushed()
	}
	return nil
}

func (a asker) pushed() []string {
	var pushing []string
	for _, output := range cli.ValuesOf(a.args, "--output", "-o") {
		if strings.Contains(output, "push=true") || strings.Contains(output, "type=registry") {
			pushing = append(pushing, output)
		}
	}
	named := attributes(pushing, "name")
	if len(pushing) > 0 || slices.Contains(a.args, "--push") {
		named = append(named, cli.ValuesOf(a.args, "--tag", "-t")...)
	}
	return named
}

// attributes returns the values of one key in texts such as "type=registry,ref=x".
func attributes(texts []string, key string) []string {
	var all []string
	for _, text := range texts {
		for part := range strings.SplitSeq(text, ",") {
			if value, ok := strings.CutPrefix(part, key+"="); ok {
				all = append(all, value)
			}
		}
	}
	return all
}

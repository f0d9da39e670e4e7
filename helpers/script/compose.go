package script

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"builders.test/helpers/claim"
	"builders.test/helpers/engine"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/rogpeppe/go-internal/testscript"
)

// The labels by which compose knows its containers.
const (
	composeProject = "com.docker.compose.project"
	composeService = "com.docker.compose.service"
)

// compose [-on=NAME] ARGUMENTS ...: docker compose with a project of the script's own. Its
// builds are the current builder's. What it starts are services for ask, logs and down.
func (r *runner) compose(ts *testscript.TestScript, not negation, args []string) error {
	b, args, err := r.chosen(ts, args)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return mistake{errors.New("compose needs a command, such as `compose build`")}
	}
	config, err := r.surroundings(ts)
	if err != nil {
		return err
	}
	project := ts.Getenv("COMPOSE_PROJECT_NAME")
	if project == "" {
		project = r.t.Env.Name("compose")
		ts.Setenv("COMPOSE_PROJECT_NAME", project)
	}
	line := append([]string{"compose"}, args...)
	result := config.With("COMPOSE_PROJECT_NAME="+project, "BUILDX_BUILDER="+b.Name).Try(r.t, line...)
	output(ts, result.Stdout(), result.Stderr())
	if match := miscomposed.FindString(result.Stderr()); match != "" && result.ExitCode != 0 {
		return mistake{fmt.Errorf("docker %s was refused: %s", strings.Join(line, " "), match)}
	}
	said := func() string { return decisive(result.Stderr()) + r.ofDead(project) }
	if err := outcome("docker "+strings.Join(line, " "), result, not, said); err != nil {
		return err
	}
	return r.noteServices(project)
}

// ofDead is what the containers of a project said last that have failed.
func (r *runner) ofDead(project string) string {
	all, err := r.ofProject(project)
	if err != nil {
		return "" // compose has said enough
	}
	var text strings.Builder
	for _, one := range all {
		state := engine.Container(r.t, one.ID).State
		if state == nil || state.Running || state.ExitCode == 0 {
			continue
		}
		log := r.config.Try(r.t, "logs", one.ID)
		fmt.Fprintf(&text, "; %s%s", one.Labels[composeService], because(log.Stderr(), log.Stdout()))
	}
	return text.String()
}

// ofProject lists the containers of a compose project.
func (r *runner) ofProject(project string) ([]container.Summary, error) {
	return r.t.Env.Client.ContainerList(r.t.Context(), container.ListOptions{
		All: true, Filters: filters.NewArgs(filters.Arg("label", composeProject+"="+project)),
	})
}

// miscomposed matches how compose refuses a command line, or a name that its file lacks.
var miscomposed = regexp.MustCompile(`(?m)^(unknown (shorthand )?flag: .*|no such service: .*|unknown docker command: .*|no configuration file provided: .*)$`)

// noteServices makes the containers of a compose project services of the script, by the names
// that the compose file gives them.
func (r *runner) noteServices(project string) error {
	all, err := r.ofProject(project)
	if err != nil {
		return err
	}
	for _, one := range all {
		name := one.Labels[composeService]
		if known := r.services[name]; known == nil || known.composed {
			r.services[name] = &service{name: name, container: one.ID, composed: true}
		}
	}
	return nil
}

// usesCompose matches a line with the command compose, behind conditions and negation.
var usesCompose = regexp.MustCompile(`(?m)^\s*(\[[^\]]*\]\s*)*!?\s*compose(\s|$)`)

// needsCompose adds the need to a script that has the command.
func (s *Script) needsCompose(commands []byte) {
	known := slices.ContainsFunc(s.Claim.Needs, func(n claim.Need) bool { return n.Word() == claim.Compose.Word() })
	if !known && usesCompose.Match(commands) {
		s.Claim.Needs = append(s.Claim.Needs, claim.Compose)
	}
}

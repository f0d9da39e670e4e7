package cli

import (
	"os"
	"regexp"
	"slices"
	"strings"

	"builders.test/helpers/env"
	"builders.test/helpers/spec"
	"builders.test/helpers/upstream"
	"gotest.tools/v3/icmd"
)

// tell records the registries over which a docker command may have failed, so that
// they are asked if the claim fails.
func tell(t *spec.T, args []string, result *icmd.Result) {
	create := len(args) > 1 && args[0] == "buildx" && args[1] == "create"
	if create {
		noteConfig(t, args)
	}
	if result.ExitCode == 0 && !result.Timeout {
		return
	}
	if questions := append(asked(args), planned(args, result.Stderr())...); len(questions) > 0 {
		t.Stumbles(questions...)
	}
}

// asked returns the images named in a command's arguments.
func asked(args []string) []env.Question {
	var all []env.Question
	if len(args) > 1 && (args[0] == "pull" || args[0] == "push") {
		all = append(all, env.Question{Image: args[len(args)-1], Push: args[0] == "push"})
	}
	if len(args) > 2 && args[0] == "buildx" && args[1] == "imagetools" {
		for _, arg := range args[3:] {
			if !strings.HasPrefix(arg, "-") {
				all = append(all, env.Question{Image: arg})
			}
		}
	}
	for _, arg := range args {
		// docker buildx create --driver-opt image=…
		if ref, ok := strings.CutPrefix(arg, "image="); ok {
			all = append(all, env.Question{Image: ref, Local: true})
		}
	}
	return all
}

// step is a line of progress as people read it.
var step = regexp.MustCompile(`(?m)^#\d+ (.+)$`)

// planned returns the images of a build, from the steps in its progress.
func planned(args []string, progress string) []env.Question {
	var all []env.Question
	builder := ValueOf(args, "--builder")
	if builder == "default" {
		builder = ""
	}
	for _, line := range step.FindAllStringSubmatch(progress, -1) {
		q := env.Question{Image: upstream.PulledBy(line[1]), Builder: builder, Local: builder == ""}
		if q.Image != "" && !slices.Contains(all, q) {
			all = append(all, q)
		}
	}
	return all
}

// noteConfig records how a builder that a spec creates itself reaches registries.
func noteConfig(t *spec.T, args []string) {
	name := ValueOf(args, "--name")
	if name == "" || t.Env.IsConfigured(name) {
		return
	}
	content := ""
	if file := ValueOf(args, "--config", "--buildkitd-config"); file != "" {
		text, _ := os.ReadFile(file) // buildx reports a missing file
		content = string(text)
	}
	t.Env.Configured(name, content)
}

// ValuesOf returns the values of flags, each given as one word or as two.
func ValuesOf(args []string, flags ...string) []string {
	var all []string
	for i, arg := range args {
		flag, value, joined := strings.Cut(arg, "=")
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		if slices.Contains(flags, flag) && (joined || i+1 < len(args)) {
			all = append(all, value)
		}
	}
	return all
}

// ValueOf returns the last of [ValuesOf], or empty.
func ValueOf(args []string, flags ...string) string {
	all := append([]string{""}, ValuesOf(args, flags...)...)
	return all[len(all)-1]
}

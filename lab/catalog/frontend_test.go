package catalog

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"builders.test/internal/versions"
	"builders.test/lab/problem"
)

func TestFrontendTags(t *testing.T) {
	got, err := Frontends([]string{"1.10", "docker/dockerfile:1.7", "v1.9"})
	if want := []string{"1.4", "1.5", "1.7", "1.9", "1.10", "1.28"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("tags %q, %v, want %q", got, err, want)
	}
	for _, text := range []string{"", "1", "1.3", "1.4.3", "1.10-labs", "newest"} {
		_, err := Frontends([]string{text})
		var p *problem.Problem
		if err == nil || !errors.As(err, &p) || !strings.Contains(p.Next, "1.4, 1.5, 1.6, ") {
			t.Errorf("frontend %q: %v", text, err)
		}
	}
}

func TestLabelsOf(t *testing.T) {
	got := labelsOf(`FROM scratch AS release
LABEL moby.buildkit.frontend.network.none="true"
LABEL moby.buildkit.frontend.caps="a.inputs,a.contexts"
# LABEL not="this"
COPY --from=build /x /bin/x
`)
	want := map[string]string{
		"moby.buildkit.frontend.network.none": "true",
		"moby.buildkit.frontend.caps":         "a.inputs,a.contexts",
	}
	if !maps.Equal(got, want) {
		t.Errorf("labels %v, want %v", got, want)
	}
}

func TestFrontendRecipes(t *testing.T) {
	c := catalog(t)
	var names []string
	for _, tag := range versions.FrontendsAlways {
		names = append(names, c.frontend(tag, nil).Names()...)
	}
	want := []string{
		"docker/dockerfile:1.4", "docker/dockerfile:1.5", "docker/dockerfile:1.7",
		"docker/dockerfile:1", "docker/dockerfile:latest", "docker/dockerfile:1.28",
	}
	if !slices.Equal(names, want) {
		t.Errorf("names %q, want %q", names, want)
	}
	labels := map[string]string{"caps": "more"}
	if c.frontend("1.5", nil).Key() == c.frontend("1.5", labels).Key() {
		t.Error("other labels, the same image")
	}
}

package scaffold

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// service is what a compose file says about a container, beyond how its image is built.
type service struct {
	ports []string
	// env are the variables that have a value there, as NAME=value.
	env []string
	// needs are other services, and what else a container of its own would lack.
	needs []string
	// command replaces the image's.
	command bool
}

// composed is the part of a compose file that is read here.
type composed struct {
	Services map[string]struct {
		Build       any
		Ports       []any
		Expose      []any
		Environment any
		EnvFile     any `yaml:"env_file"`
		DependsOn   any `yaml:"depends_on"`
		Volumes     []any
		Command     any
		Entrypoint  any
	}
}

// servicesIn returns the services of a compose file that are built.
func servicesIn(content []byte) (map[string]service, error) {
	var file composed
	if err := yaml.Unmarshal(content, &file); err != nil {
		return nil, err
	}
	all := map[string]service{}
	for name, of := range file.Services {
		if of.Build == nil {
			continue
		}
		s := service{env: variables(of.Environment), command: of.Command != nil || of.Entrypoint != nil}
		for _, port := range slices.Concat(of.Ports, of.Expose) {
			if inside := insidePort(port); inside != "" && !slices.Contains(s.ports, inside) {
				s.ports = append(s.ports, inside)
			}
		}
		s.needs = keys(of.DependsOn)
		if len(of.Volumes) > 0 {
			s.needs = append(s.needs, "volumes")
		}
		if of.EnvFile != nil {
			s.needs = append(s.needs, "env_file")
		}
		all[name] = s
	}
	return all, nil
}

// insidePort returns the port in the container, from "127.0.0.1:8080:80/tcp" or its long form.
func insidePort(port any) string {
	if long, ok := port.(map[string]any); ok {
		port = long["target"]
	}
	text, protocol, _ := strings.Cut(fmt.Sprint(port), "/")
	text = text[strings.LastIndex(text, ":")+1:]
	if protocol == "udp" || strings.ContainsAny(text, "-$<") {
		return ""
	}
	return text
}

// variables returns those that have a plain value, from either form.
func variables(of any) []string {
	var all []string
	switch of := of.(type) {
	case []any:
		for _, one := range of {
			all = append(all, fmt.Sprint(one))
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(of)) {
			if of[key] != nil {
				all = append(all, fmt.Sprintf("%s=%v", key, of[key]))
			}
		}
	}
	return slices.DeleteFunc(all, func(kv string) bool { return !strings.Contains(kv, "=") || strings.ContainsAny(kv, "$\n") })
}

// keys returns the names in a list or a mapping.
func keys(of any) []string {
	var all []string
	switch of := of.(type) {
	case []any:
		for _, one := range of {
			all = append(all, fmt.Sprint(one))
		}
	case map[string]any:
		all = slices.Sorted(maps.Keys(of))
	}
	return all
}

package sabotage

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Args are the arguments of buildx as the docker command passes them to its
// plugin: "buildx", the subcommand, and what belongs to it.
type Args []string

// byDocker is set by the docker command for its plugins. Without it buildx is a command
// of its own, whose first argument is the subcommand.
const byDocker = "DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND"

// asByDocker returns the arguments as the docker command would have passed them.
func asByDocker(args []string) Args {
	if os.Getenv(byDocker) != "" {
		return args
	}
	return append(Args{"buildx"}, args...)
}

// line returns the command line for the real plugin, started as this one was.
func (a Args) line(real string) []string {
	if os.Getenv(byDocker) == "" {
		a = a[1:]
	}
	return append([]string{real}, a...)
}

// Is reports whether the subcommand is one of the names.
func (a Args) Is(names ...string) bool {
	for i, arg := range a {
		if i == 0 || strings.HasPrefix(arg, "-") || i > 1 && a[i-1] == "--builder" {
			continue
		}
		return slices.Contains(names, arg)
	}
	return false
}

// Has reports whether a flag is given.
func (a Args) Has(flag string) bool {
	return slices.ContainsFunc(a, func(arg string) bool { return arg == flag || strings.HasPrefix(arg, flag+"=") })
}

// With adds arguments after the subcommand.
func (a Args) With(more ...string) Args {
	for i, arg := range a {
		if i > 0 && !strings.HasPrefix(arg, "-") && a[i-1] != "--builder" {
			return slices.Concat(a[:i+1], more, a[i+1:])
		}
	}
	return a
}

// Without drops flags that have no value.
func (a Args) Without(flags ...string) Args {
	return slices.DeleteFunc(slices.Clone(a), func(arg string) bool {
		name, _, _ := strings.Cut(arg, "=")
		return slices.Contains(flags, name)
	})
}

// Map changes the values of a flag, written --flag value or --flag=value. A
// value that change refuses is dropped together with its flag.
func (a Args) Map(flag string, change func(value string) (string, bool)) Args {
	var out Args
	for i := 0; i < len(a); i++ {
		switch {
		case a[i] == flag && i+1 < len(a):
			if value, keep := change(a[i+1]); keep {
				out = append(out, flag, value)
			}
			i++
		case strings.HasPrefix(a[i], flag+"="):
			if value, keep := change(strings.TrimPrefix(a[i], flag+"=")); keep {
				out = append(out, flag+"="+value)
			}
		default:
			out = append(out, a[i])
		}
	}
	return out
}

// Drop drops a flag and its values.
func (a Args) Drop(flags ...string) Args {
	for _, flag := range flags {
		a = a.Map(flag, func(string) (string, bool) { return "", false })
	}
	return a
}

// Values returns the values of a flag.
func (a Args) Values(flag string) []string {
	var values []string
	a.Map(flag, func(value string) (string, bool) {
		values = append(values, value)
		return value, true
	})
	return values
}

// named gives the result of a build a name of the run's, if it has none and goes nowhere.
// The default builder makes an image even of that, which no one could tell from a user's.
func (a Args) named(run string) Args {
	given := []string{"--tag", "-t", "--output", "-o", "--push", "--call", "--check"}
	if run == "" || !a.Is("build") || slices.ContainsFunc(given, a.Has) {
		return a
	}
	return a.With("--tag", fmt.Sprintf("images.invalid/builders-%s/the-shared-unnamed:%d", run, os.Getpid()))
}

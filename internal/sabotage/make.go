package sabotage

import (
	"slices"
	"strings"
)

// building are the subcommands that build.
var building = []string{"build", "bake"}

// kills names the claims that a sabotage must turn broken.
func (s Sabotage) kills(ids ...string) Sabotage {
	s.Kills = ids
	return s
}

// arguments sabotages buildx's arguments.
func arguments(name, does string, change func(Args) Args) Sabotage {
	return Sabotage{Name: name, Does: does, Plugin: Plugin{Args: change}}
}

// dropping sabotages a flag with values, of building.
func dropping(flag string) Sabotage {
	return arguments("drop-"+strings.TrimLeft(flag, "-"), "drops "+flag, func(a Args) Args {
		if !a.Is(building...) {
			return a
		}
		return a.Drop(flag)
	})
}

// forgetting sabotages a flag without a value.
func forgetting(flag string) Sabotage {
	return arguments("drop-"+strings.TrimLeft(flag, "-"), "drops "+flag, func(a Args) Args { return a.Without(flag) })
}

// forgettingToLoad drops what makes a build load its result: --load, and the output that
// it stands for.
func forgettingToLoad() Sabotage {
	loads := func(output string) bool {
		return strings.HasPrefix(output, "type=docker") && !strings.Contains(output, "dest=")
	}
	return arguments("drop-load", "drops --load", func(a Args) Args {
		return a.Without("--load").Map("--output", func(value string) (string, bool) { return value, !loads(value) })
	})
}

// adding sabotages a subcommand by adding a flag.
func adding(name, does, command string, more ...string) Sabotage {
	return arguments(name, does, func(a Args) Args {
		if !a.Is(command) || a.Has(more[0]) {
			return a
		}
		return a.With(more...)
	})
}

// values sabotages what a flag is given; a value that change refuses is
// dropped together with its flag.
func values(name, does, flag string, change func(string) (string, bool)) Sabotage {
	return arguments(name, does, func(a Args) Args { return a.Map(flag, change) })
}

// replacing sabotages what a flag is given, word by word.
func replacing(name, does, flag string, pairs ...string) Sabotage {
	replacer := strings.NewReplacer(pairs...)
	return values(name, does, flag, func(value string) (string, bool) { return replacer.Replace(value), true })
}

// buildArgs sabotages build arguments by dropping some.
func buildArgs(name, does string, drop func(name string) bool) Sabotage {
	return values(name, does, "--build-arg", func(value string) (string, bool) {
		key, _, _ := strings.Cut(value, "=")
		return value, !drop(key)
	})
}

// driverOptions sabotages options of drivers by dropping those with a prefix.
func driverOptions(name, does, prefix string) Sabotage {
	return values(name, does, "--driver-opt", func(value string) (string, bool) {
		return value, !strings.HasPrefix(value, prefix)
	})
}

// ignoring sabotages a subcommand.
func ignoring(command string) Sabotage {
	return Sabotage{
		Name: "ignore-" + command, Does: "does nothing at `" + command + "` and reports success",
		Plugin: Plugin{Ignores: func(a Args) bool { return a.Is(command) }},
	}
}

// lying sabotages exit codes.
func lying(name, does string, commands ...string) Sabotage {
	return Sabotage{Name: name, Does: does, Plugin: Plugin{Lies: func(a Args) bool { return a.Is(commands...) }}}
}

// saying sabotages what a subcommand prints.
func saying(name, does, command string, replace func(string) string) Sabotage {
	return Sabotage{Name: name, Does: does, Plugin: Plugin{Replaces: func(a Args, line string) string {
		if !a.Is(command) {
			return line
		}
		return replace(line)
	}}}
}

// swallowing sabotages what buildx prints by holding back lines with a word.
func swallowing(name, does, word string) Sabotage {
	return Sabotage{Name: name, Does: does, Plugin: Plugin{Swallows: func(line string) bool { return strings.Contains(line, word) }}}
}

// configured sabotages the configuration of BuildKits.
func configured(name, does string, change func(Config)) Sabotage {
	return Sabotage{Name: name, Does: does, Plugin: Plugin{Config: change}}
}

// forgetful sabotages buildx by unsetting a variable.
func forgetful(name, does, variable string) Sabotage {
	return Sabotage{Name: name, Does: does, Plugin: Plugin{Environ: func(environ []string) []string {
		return slices.DeleteFunc(environ, func(kv string) bool { return strings.HasPrefix(kv, variable+"=") })
	}}}
}

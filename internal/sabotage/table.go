package sabotage

import "strings"

// building are the subcommands that build.
var building = []string{"build", "bake"}

// dropping sabotages a flag with values, of building unless said otherwise.
func dropping(flag string, kills ...string) Sabotage {
	return Sabotage{
		Name: "drop-" + strings.TrimLeft(flag, "-"), Does: "drops " + flag,
		Args: func(a Args) Args {
			if !a.Is(building...) {
				return a
			}
			return a.Drop(flag)
		},
		Kills: kills,
	}
}

// forgetting sabotages a flag without a value.
func forgetting(flag string, kills ...string) Sabotage {
	return Sabotage{
		Name: "drop-" + strings.TrimLeft(flag, "-"), Does: "drops " + flag,
		Args:  func(a Args) Args { return a.Without(flag) },
		Kills: kills,
	}
}

// ignoring sabotages a subcommand.
func ignoring(name string, kills ...string) Sabotage {
	return Sabotage{
		Name: "ignore-" + name, Does: "does nothing at `" + name + "` and reports success",
		Ignores: func(a Args) bool { return a.Is(name) },
		Kills:   kills,
	}
}

// adding sabotages a subcommand by a flag that nobody gave.
func adding(name, does, command string, more []string, kills ...string) Sabotage {
	return Sabotage{
		Name: name, Does: does,
		Args: func(a Args) Args {
			if !a.Is(command) || a.Has(more[0]) {
				return a
			}
			return a.With(more...)
		},
		Kills: kills,
	}
}

// buildArg sabotages a build argument.
func buildArg(name, does string, drop func(name string) bool, kills ...string) Sabotage {
	return Sabotage{
		Name: name, Does: does,
		Args: func(a Args) Args {
			return a.Map("--build-arg", func(value string) (string, bool) {
				key, _, _ := strings.Cut(value, "=")
				return value, !drop(key)
			})
		},
		Kills: kills,
	}
}

// replacing sabotages what a flag is given.
func replacing(name, does, flag string, replacer *strings.Replacer, kills ...string) Sabotage {
	return Sabotage{
		Name: name, Does: does,
		Args: func(a Args) Args {
			return a.Map(flag, func(value string) (string, bool) { return replacer.Replace(value), true })
		},
		Kills: kills,
	}
}

// Package sabotage breaks a toolchain on purpose, in places where a real fault could
// be: a buildx plugin that does one thing it must not, a BuildKit that is configured or
// compiled differently, a mirror that serves the wrong image, an engine that forgets.
// What the specs say about it shows whether they can fail.
package sabotage

import "slices"

// Sabotage is one wrong thing.
type Sabotage struct {
	Name string
	// Does says it in words, such as "drops --load".
	Does string

	// Plugin is what stands in front of buildx.
	Plugin
	// World is what stands around buildx; empty leaves the world as it is.
	World

	// Kills are the ids of the claims that it must turn broken. All other claims must
	// hold.
	Kills []string
	// Stops are the ids of the claims that it must turn into errors, since it is not
	// BuildKit's fault.
	Stops []string
	// Unsteady are the ids of the claims that it must make unsteady: they fail at
	// first, but not each time they are retried.
	Unsteady []string
	// Counted is what the count of their tries must say, such as "only beside other
	// builds"; empty leaves that open.
	Counted string
	// Chance are the ids of claims that fail by chance: each may hold, be unsteady or
	// be broken, and at least one of them must be unsteady.
	Chance []string
	// Beside are the ids of claims that build meanwhile and must hold.
	Beside []string
}

// Claims returns the ids of all claims that the sabotage must not leave alone.
func (s Sabotage) Claims() []string {
	return slices.Concat(s.Kills, s.Stops, s.Unsteady, s.Chance)
}

// Killers returns the sabotages that break a claim: the name of each, and what it does.
func Killers(id string) [][2]string {
	var found [][2]string
	for _, s := range All() {
		if slices.Contains(s.Kills, id) {
			found = append(found, [2]string{s.Name, s.Does})
		}
	}
	return found
}

// Wavers reports whether the sabotage acts only some of the time, so that it takes
// several tries to see.
func (s Sabotage) Wavers() bool { return len(s.Unsteady)+len(s.Chance) > 0 }

// Plugin is a wrong buildx; what is nil is left as it is.
type Plugin struct {
	// When reports whether a command is sabotaged at all; nil means every command.
	When func(Args) (bool, error)
	// Before is called before buildx is.
	Before func(Args) error
	// Args changes the arguments that buildx gets.
	Args func(Args) Args
	// Environ changes the variables that buildx gets.
	Environ func([]string) []string
	// Config changes the configuration that `create` gives a BuildKit.
	Config func(Config)
	// Context changes a copy of the folder to build, which is then built in its
	// place.
	Context func(folder string) error
	// Ignores reports whether to report success without calling buildx.
	Ignores func(Args) bool
	// Swallows reports whether to drop a line that buildx prints.
	Swallows func(line string) bool
	// Replaces changes a line that buildx prints.
	Replaces func(Args, string) string
	// Lies reports whether the plugin always reports success.
	Lies func(Args) bool
	// After is called when buildx is done.
	After func(Args) error
}

// Find returns the sabotage with a name, and whether there is one.
func Find(name string) (Sabotage, bool) {
	i := slices.IndexFunc(All(), func(s Sabotage) bool { return s.Name == name })
	if i < 0 {
		return Sabotage{}, false
	}
	return All()[i], true
}

// OfBuildx reports whether buildx itself is wrong.
func (s Sabotage) OfBuildx() bool {
	p := s.Plugin
	return p.Before != nil || p.Args != nil || p.Environ != nil || p.Config != nil || p.Context != nil || p.Ignores != nil || p.stays()
}

// stays reports whether the plugin has something to do while buildx runs, or after.
func (p Plugin) stays() bool {
	return p.Swallows != nil || p.Replaces != nil || p.Lies != nil || p.After != nil
}

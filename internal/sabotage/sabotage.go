// Package sabotage makes buildx wrong on purpose: a plugin that stands before
// the real one does one thing that it must not. What the specs say to that
// shows whether they can fail.
package sabotage

import "slices"

// Sabotage is one wrong thing.
type Sabotage struct {
	Name string
	// Does says it in words, such as "drops --load".
	Does string
	// Args changes the arguments that buildx gets; nil leaves them.
	Args func(Args) Args
	// Ignores tells that buildx is not called at all and success is claimed.
	Ignores func(Args) bool
	// Swallows tells that a line which buildx prints is not passed on.
	Swallows func(line string) bool
	// Replaces changes a line that buildx prints; nil leaves it.
	Replaces func(Args, string) string
	// Lies tells that success is claimed whatever happens.
	Lies func(Args) bool
	// Kills are the ids of the claims that must turn broken by it. All other
	// claims have to hold.
	Kills []string
}

// Find returns the sabotage of a name, and whether there is one.
func Find(name string) (Sabotage, bool) {
	i := slices.IndexFunc(All(), func(s Sabotage) bool { return s.Name == name })
	if i < 0 {
		return Sabotage{}, false
	}
	return All()[i], true
}

// pipes tells that what buildx prints has to be looked at.
func (s Sabotage) pipes() bool { return s.Swallows != nil || s.Replaces != nil || s.Lies != nil }

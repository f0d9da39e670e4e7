package progress

// Reading is what the progress says about one fact. It comes last, after results,
// exit codes and errors: progress loses some facts.
type Reading int

const (
	// Untold: the progress leaves it open.
	Untold Reading = iota
	// No: the progress reports that it did not happen.
	No
	// Yes: the progress reports that it happened.
	Yes
)

// String returns the word used in messages.
func (r Reading) String() string { return [...]string{"untold", "no", "yes"}[r] }

func reading(told, so bool) Reading {
	switch {
	case !told:
		return Untold
	case so:
		return Yes
	}
	return No
}

// Cached reports whether the cache answered the first step whose name contains
// the text.
func (p Progress) Cached(text string) Reading {
	v, found := p.Find(text)
	return reading(found && v.Told(), v.Cached)
}

// Executed reports whether the first step whose name contains the text really ran.
func (p Progress) Executed(text string) Reading {
	v, found := p.Find(text)
	return reading(found && v.Told(), v.Executed())
}

// Overlap reports whether two steps, given by a text in their names, ran at the
// same time.
func (p Progress) Overlap(one, other string) Reading {
	v, found := p.Find(one)
	w, too := p.Find(other)
	told := found && too && v.Told() && w.Told() && v.ended() && w.ended()
	return reading(told, v.Overlaps(w))
}

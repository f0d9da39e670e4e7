package env

// Cut notes that a command or a request of the run was ended before it was answered: what
// it asked for may still take effect.
func (e *Environment) Cut() { e.cut.Store(true) }

// WasCut reports whether [Environment.Cut] was called, on any engine of the run.
func (e *Environment) WasCut() bool {
	e.others.mu.Lock()
	defer e.others.mu.Unlock()
	cut := e.cut.Load()
	for _, other := range e.others.byStore {
		cut = cut || other.cut.Load()
	}
	return cut
}

package janitor

// A change is what happened to an object without a run's id between the beginning
// and the end of a run.
type change string

const (
	gone     change = "is gone"
	changed  change = "is not as it was"
	appeared change = "appeared"
)

// A judgement is what a run makes of such a change.
type judgement int

const (
	// nothing: it is not worth mentioning.
	nothing judgement = iota
	// note: the run or something else did it; which one is unknown.
	note
	// fault: the run is to blame.
	fault
)

// rules are the rows of the table in the package documentation about objects
// without a run's id. A kind or a change that is not listed is nothing.
var rules = map[string]map[change]judgement{
	"container":            {gone: note, changed: note, appeared: note},
	"volume":               {gone: note, appeared: note},
	"network":              {gone: note, appeared: note},
	"image":                {gone: note, changed: note},
	"docker configuration": {gone: fault, changed: fault, appeared: note},
	"docker context":       {gone: fault, changed: fault, appeared: note},
	"builder":              {gone: fault, changed: fault, appeared: note},
	"choice of builder":    {gone: fault, changed: fault, appeared: note},
	"emulator":             {gone: note, changed: note},
	"mount":                {gone: note},
}

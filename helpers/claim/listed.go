package claim

// Listed is a claim as listed by the suite that proves it.
type Listed struct {
	Claim
	// Test is the name that `go test -run` knows the proof by.
	Test string
	// Where is the file and line of the proof, or the script.
	Where string
	// Digest changes with the proof if that is a script; empty otherwise.
	Digest string `json:",omitempty"`
}

// List is what a suite's test binary writes instead of proving its claims, if
// [ListVariable] names a file.
type List struct {
	// Claims are in the order in which they are proven.
	Claims []Listed
	// Mistakes are what keeps the suite from proving them, a line each.
	Mistakes []string `json:",omitempty"`
}

// ListVariable is the variable that names the file for the [List].
const ListVariable = "BUILDERS_LIST"

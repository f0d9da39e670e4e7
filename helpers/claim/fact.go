package claim

import "strings"

// Fact is something about a result that is neither right nor wrong, such as a
// media type. Runs are compared by it.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// factSeparator cannot be part of a fact's name, which is one line without tabs.
const factSeparator = "\t"

// String returns the fact as it appears in the test stream.
func (f Fact) String() string { return f.Name + factSeparator + f.Value }

// ParseFact reads a fact from the test stream.
func ParseFact(text string) Fact {
	name, value, _ := strings.Cut(text, factSeparator)
	return Fact{Name: name, Value: value}
}

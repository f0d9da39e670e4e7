package script

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// row is one line `# for: NAME KEY=VALUE …` of a script's head. The script is proven once
// for each, as a claim of its own.
type row struct {
	name string
	set  []string
}

func parseRow(text string) (row, error) {
	words := strings.Fields(text)
	if len(words) < 2 {
		return row{}, errors.New("for needs a name and at least one variable, such as `for: arm64 PLATFORM=linux/arm64`")
	}
	for _, word := range words[1:] {
		if key, _, found := strings.Cut(word, "="); !found || key == "" {
			return row{}, fmt.Errorf("for: %q sets no variable; write NAME=value, without spaces", word)
		}
	}
	if Slug(words[0]) != words[0] {
		return row{}, fmt.Errorf("for: the name %q is not made of a-z, 0-9, dots, dashes and underscores", words[0])
	}
	return row{words[0], words[1:]}, nil
}

// addRow adds a row to a head, which has each name once.
func (s *Script) addRow(text string) error {
	added, err := parseRow(text)
	if err != nil {
		return err
	}
	for _, one := range s.rows {
		if one.name == added.name {
			return fmt.Errorf("for: there are two rows with the name %q", added.name)
		}
	}
	if len(s.rows) > 0 && !slices.Equal(s.rows[0].names(), added.names()) {
		return fmt.Errorf("for: the row %s sets %s, but %s sets %s; all rows set the same variables", added.name, strings.Join(added.names(), " "), s.rows[0].name, strings.Join(s.rows[0].names(), " "))
	}
	s.rows = append(s.rows, added)
	return nil
}

// names are the variables that a row sets, in order.
func (r row) names() []string {
	var names []string
	for _, kv := range r.set {
		name, _, _ := strings.Cut(kv, "=")
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// tabled are the variables that the rows of a script set.
func (s Script) tabled() []string {
	if len(s.rows) == 0 {
		return nil
	}
	return s.rows[0].names()
}

// each returns the script once for every row; itself, if it has none.
func (s Script) each() []Script {
	if len(s.rows) == 0 {
		return []Script{s}
	}
	var all []Script
	for _, one := range s.rows {
		claimed := s
		claimed.set = one.set
		claimed.Claim.ID += "-" + one.name
		claimed.Claim.Text = one.inText(s.Claim.Text)
		all = append(all, claimed)
	}
	return all
}

// inText returns a claim's sentence for the row: with its values where the sentence has the
// variables, else with its name.
func (r row) inText(text string) string {
	values := map[string]string{}
	for _, kv := range r.set {
		key, value, _ := strings.Cut(kv, "=")
		values[key] = value
	}
	expanded := os.Expand(text, func(key string) string {
		if value, known := values[key]; known {
			return value
		}
		return "$" + key
	})
	if expanded == text {
		return text + " (" + r.name + ")"
	}
	return expanded
}

package run

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"builders.test/helpers/claim"
	"builders.test/internal/claims"
)

// Selection is the part of the book that a run puts to the test.
type Selection struct {
	// Pattern is what `go test -run` is given.
	Pattern string
	// Claims are the selected ones in the order of the book.
	Claims []claim.Claim
	// Tests maps a claim's id to the full name of its test.
	Tests map[string]string
}

// Select finds the claims that choice means: nothing or "all" is the whole
// book, otherwise a chapter, a claim's id, or a pattern as `go test -run`
// takes it. A choice without any claim is an error: it would be green.
func Select(choice string, book []claim.Claim, specs []claims.Spec) (Selection, error) {
	tests := testNames(specs)
	switch {
	case choice == "", strings.EqualFold(choice, "all"):
		return selection(everyTest(specs), book, tests)
	case isChapter(choice, book):
		return selection(everyTest(slices.DeleteFunc(slices.Clone(specs), func(s claims.Spec) bool {
			return !strings.EqualFold(claim.Claim{ID: s.Claim}.Chapter(), choice)
		})), book, tests)
	case isID(choice, book):
		function, name, _ := strings.Cut(testOf(choice, tests), "/")
		pattern := fmt.Sprintf("^%s$/^%s$", regexp.QuoteMeta(function), regexp.QuoteMeta(name))
		return selection(pattern, book, tests)
	}
	s, err := selection(choice, book, tests)
	if err != nil {
		return Selection{}, fmt.Errorf("RUN=%s: %w", choice, err)
	}
	return s, nil
}

// Deadline is the longest that the selected claims may take together, one
// after the other, each tried as often as a failure asks for, and some time to
// open the environment and close it.
func (s Selection) Deadline(confirm int) time.Duration {
	const around = 5 * time.Minute
	total := around
	for _, c := range s.Claims {
		total += max(c.Deadline, claim.DefaultDeadline) * time.Duration(1+confirm)
	}
	return total
}

// Only narrows the selection to the claims that keep accepts. Where that is
// all of them, the pattern stays as it is; where it is none, that is an error:
// it would be green.
func (s Selection) Only(keep func(claim.Claim) bool) (Selection, error) {
	narrow := Selection{Tests: map[string]string{}}
	names := map[string][]string{} // of subtests, by test function
	var functions []string
	for _, c := range s.Claims {
		if !keep(c) {
			continue
		}
		narrow.Claims = append(narrow.Claims, c)
		narrow.Tests[c.ID] = s.Tests[c.ID]
		function, name, _ := strings.Cut(s.Tests[c.ID], "/")
		if names[function] == nil {
			functions = append(functions, function)
		}
		names[function] = append(names[function], regexp.QuoteMeta(name))
	}
	switch len(narrow.Claims) {
	case 0:
		return Selection{}, fmt.Errorf("none of the %d selected claims applies", len(s.Claims))
	case len(s.Claims):
		return s, nil
	}
	var alternatives []string
	for _, function := range functions {
		alternatives = append(alternatives, fmt.Sprintf("^%s$/^(%s)$", function, strings.Join(names[function], "|")))
	}
	narrow.Pattern = strings.Join(alternatives, "|")
	return narrow, nil
}

func selection(pattern string, book []claim.Claim, tests map[string]string) (Selection, error) {
	matches, err := matcher(pattern)
	if err != nil {
		return Selection{}, fmt.Errorf("this is no chapter, no claim and no pattern: %w; `builders claims` lists what there is", err)
	}
	s := Selection{Pattern: pattern, Tests: map[string]string{}}
	for _, c := range book {
		test, ok := tests[c.ID]
		if ok && matches(test) {
			s.Claims = append(s.Claims, c)
			s.Tests[c.ID] = test
		}
	}
	if len(s.Claims) == 0 {
		return Selection{}, fmt.Errorf("no claim matches; `builders claims` lists what there is")
	}
	return s, nil
}

func testNames(specs []claims.Spec) map[string]string {
	names := map[string]string{}
	for _, s := range specs {
		names[s.Claim] = s.Test + "/" + claim.Claim{ID: s.Claim}.Name()
	}
	return names
}

// testOf is the test of a claim, whose id may be written in any case.
func testOf(id string, tests map[string]string) string {
	for known, test := range tests {
		if strings.EqualFold(known, id) {
			return test
		}
	}
	return id
}

// everyTest matches the test functions that hold specs, and no others.
func everyTest(specs []claims.Spec) string {
	var functions []string
	seen := map[string]bool{}
	for _, s := range specs {
		if !seen[s.Test] {
			functions = append(functions, s.Test)
		}
		seen[s.Test] = true
	}
	return "^(" + strings.Join(functions, "|") + ")$"
}

func isChapter(choice string, book []claim.Claim) bool {
	for _, c := range book {
		if strings.EqualFold(c.Chapter(), choice) {
			return true
		}
	}
	return false
}

func isID(choice string, book []claim.Claim) bool {
	for _, c := range book {
		if strings.EqualFold(c.ID, choice) {
			return true
		}
	}
	return false
}

// matcher tells whether `go test -run pattern` would run a test with the given
// full name: alternatives are separated by bars, and each has one expression
// per level of the name, separated by slashes.
func matcher(pattern string) (func(test string) bool, error) {
	var alternatives [][]*regexp.Regexp
	for _, alternative := range splitOutside(pattern, '|') {
		var levels []*regexp.Regexp
		for _, level := range splitOutside(alternative, '/') {
			expression, err := regexp.Compile(level)
			if err != nil {
				return nil, err
			}
			levels = append(levels, expression)
		}
		alternatives = append(alternatives, levels)
	}
	return func(test string) bool {
		names := strings.Split(test, "/")
		for _, levels := range alternatives {
			if matchesLevels(levels, names) {
				return true
			}
		}
		return false
	}, nil
}

func matchesLevels(levels []*regexp.Regexp, names []string) bool {
	for i, name := range names {
		if i < len(levels) && !levels[i].MatchString(name) {
			return false
		}
	}
	return true
}

// splitOutside cuts a pattern at separators that stand outside of brackets and
// parentheses and are not escaped.
func splitOutside(pattern string, separator byte) []string {
	var parts []string
	start, square, round := 0, 0, 0
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
		case c == '[':
			square++
		case c == ']':
			square = max(0, square-1)
		case c == '(' && square == 0:
			round++
		case c == ')' && square == 0:
			round--
		case c == separator && square == 0 && round == 0:
			parts = append(parts, pattern[start:i])
			start = i + 1
		}
	}
	return append(parts, pattern[start:])
}

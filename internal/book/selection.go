package book

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"builders.test/helpers/claim"
	"builders.test/internal/text"
)

// Select returns the claims that a choice stands for. Nothing and all are the
// whole book; otherwise it is a list of words ([text.Words]), each a chapter, a
// claim's id, or a glob of ids such as images/prune*. A word that no claim
// matches is an error, since it would be green, and so is a list without words.
func (b Book) Select(choice string) (Book, error) {
	words := text.Words(choice)
	if choice != "" && len(words) == 0 {
		return Book{}, fmt.Errorf("RUN=%q names no claim; leave it empty for all, or see `builders claims`", choice)
	}
	if choice == "" || len(words) == 1 && strings.EqualFold(words[0], "all") {
		return b.Only(func(claim.Listed) bool { return true })
	}
	for _, word := range words {
		if !slices.ContainsFunc(b.Claims, func(c claim.Listed) bool { return means(word, c) }) {
			return Book{}, fmt.Errorf("RUN=%s: %s is not a chapter, a claim's id or a matching glob of ids; `builders claims` lists them", choice, word)
		}
	}
	return b.Only(func(c claim.Listed) bool {
		return slices.ContainsFunc(words, func(word string) bool { return means(word, c) })
	})
}

// Find returns the only claim that a word stands for, as in a choice.
func (b Book) Find(word string) (claim.Listed, error) {
	word = strings.TrimSpace(word)
	if word == "" {
		return claim.Listed{}, errors.New("no claim is named; give an id such as builders/arch")
	}
	var found []claim.Listed
	var near []string
	for _, c := range b.Claims {
		if means(word, c) {
			found = append(found, c)
		}
		if strings.HasSuffix(strings.ToLower(c.ID), "/"+strings.ToLower(word)) {
			near = append(near, c.ID)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return claim.Listed{}, fmt.Errorf("%s is %d claims; name one by its id", word, len(found))
	case len(near) > 0:
		return claim.Listed{}, fmt.Errorf("no claim has the id %s, but there is %s", word, strings.Join(near, ", "))
	}
	return claim.Listed{}, fmt.Errorf("no claim has the id %s", word)
}

// means reports whether a word of a choice, in any case, stands for a claim.
func means(word string, c claim.Listed) bool {
	word = strings.ToLower(word)
	id := strings.ToLower(c.ID)
	matches, err := path.Match(word, id)
	return word == strings.ToLower(c.Chapter()) || word == id || err == nil && matches
}

// Only returns the part of the book that keep accepts. An empty part is an error,
// since it would be green.
func (b Book) Only(keep func(claim.Listed) bool) (Book, error) {
	part := b
	part.Claims = slices.DeleteFunc(slices.Clone(b.Claims), func(c claim.Listed) bool { return !keep(c) })
	switch {
	case len(b.Claims) == 0:
		return Book{}, errors.New("the specs have no claims")
	case len(part.Claims) == 0:
		return Book{}, fmt.Errorf("none of the %d selected claims applies", len(b.Claims))
	}
	return part, nil
}

// Pattern returns the pattern for `-test.run` that matches exactly the claims of the
// book.
func (b Book) Pattern() string {
	names := map[string][]string{} // of subtests, by test function
	var functions []string
	for _, c := range b.Claims {
		function, name, _ := strings.Cut(c.Test, "/")
		if names[function] == nil {
			functions = append(functions, function)
		}
		names[function] = append(names[function], regexp.QuoteMeta(name))
	}
	var alternatives []string
	for _, function := range functions {
		alternatives = append(alternatives, fmt.Sprintf("^%s$/^(%s)$", function, strings.Join(names[function], "|")))
	}
	return strings.Join(alternatives, "|")
}

// Deadline returns the longest that the claims may take together, one after the
// other and each tried as often as a failure asks for, plus some time to open and
// close the environment.
func (b Book) Deadline(confirm int) time.Duration {
	const around = 5 * time.Minute
	total := around
	for _, c := range b.Claims {
		total += max(c.Claim.Deadline, claim.DefaultDeadline) * time.Duration(1+confirm)
	}
	return total
}

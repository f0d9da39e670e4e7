// Package text fits text to the width of a line, and puts numbers into words.
package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// narrowest is the least room, in characters, in which wrapping still helps.
const narrowest = 20

// Wrap breaks s between words so that, after an indent of the given number of
// characters, no line is longer than width; the lines after the first carry the indent
// themselves. The text stays whole if width is zero, which means unknown, or if too
// little room is left.
func Wrap(s string, width, indent int) string {
	room := width - indent
	if room < narrowest {
		return s
	}
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(s) {
		size := utf8.RuneCountInString(word)
		switch {
		case column == 0:
		case column+1+size > room:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += size
	}
	return b.String()
}

// Words returns the words of a list that a person wrote: blanks, line breaks and
// commas separate them.
func Words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}

// Count returns a number of things in words: "1 claim", "2 claims".
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Cut shortens s to at most size characters, including an ellipsis.
func Cut(s string, size int) string {
	runes := []rune(s)
	if len(runes) <= size {
		return s
	}
	if size < 1 {
		return ""
	}
	return string(runes[:size-1]) + "…"
}

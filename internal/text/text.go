// Package text makes text that others wrote fit for a terminal and for pages.
package text

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// escapes are the sequences that a terminal takes as orders: CSI (colours,
// cursor), the string kinds (titles, clipboard) and the short ones.
var escapes = regexp.MustCompile(`(?s)[\x1b]\[[0-?]*[ -/]*[@-~]` +
	`|\x{9b}[0-?]*[ -/]*[@-~]` +
	`|\x1b[\]PX^_].*?(?:\x07|\x1b\\)` +
	`|\x1b[ -/]*[0-~]`)

// Line turns text of unknown origin into one line that is safe to print:
// valid UTF-8 without escape sequences, control characters or marks that
// change the direction of writing. White space is folded.
func Line(s string) string {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	s = escapes.ReplaceAllLiteralString(s, "")
	return strings.Join(strings.Fields(strings.Map(harmless, s)), " ")
}

// Block does the same for text of several lines: ends of lines and tabs stay,
// and so do the blanks that lines begin with. A carriage return, with which
// programs write over a line, begins a new one.
func Block(s string) string {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	s = escapes.ReplaceAllLiteralString(s, "")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch r {
		case '\n', '\t':
			return r
		case '\r':
			return '\n'
		}
		return harmless(r)
	}, s)
}

func harmless(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
		return -1
	}
	return r
}

// narrowest is the least room, in characters, in which wrapping still helps.
const narrowest = 20

// Wrap breaks s between words so that, behind an indent of the given number of
// characters, no line is longer than width; the lines after the first carry
// the indent themselves. A width of zero means that nobody knows it, and the
// text stays whole, as it does where too little room is left.
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

// Cut shortens s to at most size characters, an ellipsis included.
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

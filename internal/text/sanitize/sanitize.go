// Package sanitize is the door for text from outside: what builds, engines, and files
// say is made fit for a terminal and for pages where it comes in, so that what shows it
// need not care.
package sanitize

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Unmarshal decodes JSON from outside; every string in it becomes a [Line].
func Unmarshal(content []byte, value any) error {
	if err := json.Unmarshal(content, value); err != nil {
		return err
	}
	Strings(value)
	return nil
}

// Strings makes a [Line] of every exported string in what value points to, however
// deep, including the keys of maps.
func Strings(value any) { walk(reflect.ValueOf(value)) }

func walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			v.SetString(Line(v.String()))
		}
	case reflect.Pointer:
		walk(v.Elem())
	case reflect.Struct:
		for _, field := range v.Fields() {
			walk(field)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			walk(v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			value := walked(v.MapIndex(key))
			v.SetMapIndex(key, reflect.Value{})
			v.SetMapIndex(walked(key), value)
		}
	}
}

// walked returns a value of a map, which cannot be changed in place.
func walked(v reflect.Value) reflect.Value {
	clean := reflect.New(v.Type()).Elem()
	clean.Set(v)
	walk(clean)
	return clean
}

// escapes are the sequences that a terminal obeys: CSI (colors, cursor), the
// string kinds (titles, clipboard) and the short ones.
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

// Block does the same for text of several lines: line breaks and tabs stay, and
// so do leading spaces. A carriage return, with which programs overwrite a line,
// begins a new one.
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

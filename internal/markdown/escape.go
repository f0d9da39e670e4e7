package markdown

import (
	"strings"
)

// special are the characters that mean something in GitHub's Markdown, in a
// table or outside of one.
var special = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;",
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "~", `\~`, "|", `\|`,
	"[", `\[`, "]", `\]`, "#", `\#`, "!", `\!`, "$", `\$`,
	// What looks like an address or a name becomes a link even without markup.
	"://", "&#58;//", "@", "&#64;", "www.", "www&#46;",
)

// plain makes text of unknown origin show as it is written.
func plain(s string) string { return special.Replace(s) }

// sentence does the same, but keeps the code in a sentence whose backticks come
// in pairs.
func sentence(s string) string {
	pieces := strings.Split(s, "`")
	if len(pieces)%2 == 0 {
		return plain(s)
	}
	var b strings.Builder
	for i, piece := range pieces {
		switch {
		case i%2 == 0:
			b.WriteString(special.Replace(piece))
		case strings.TrimSpace(piece) != "":
			b.WriteString(code(piece))
		}
	}
	return b.String()
}

// code shows text as code in a table, whatever backticks and bars it has.
func code(s string) string {
	if s == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + strings.ReplaceAll(s, "|", `\|`) + fence
}

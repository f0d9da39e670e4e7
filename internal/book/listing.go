package book

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"builders.test/internal/text"
)

// entry is a claim as programs read it.
type entry struct {
	ID      string   `json:"id"`
	Chapter string   `json:"chapter"`
	Text    string   `json:"text"`
	Source  string   `json:"source"`
	Needs   []string `json:"needs"`
	History string   `json:"history"`
}

// Encode prints the claims as a JSON array.
func (b Book) Encode(out io.Writer) error {
	entries := make([]entry, 0, len(b.Claims))
	for _, c := range b.Claims {
		entries = append(entries, entry{
			ID: c.ID, Chapter: c.Chapter(), Text: c.Text, Source: c.Source, Needs: c.Words(), History: c.History,
		})
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(entries)
}

// List prints the claims under their chapters, for lines of the given width; zero
// means any.
func (b Book) List(out io.Writer, width int) error {
	var page strings.Builder
	chapter, chapters := "", 0
	for _, c := range b.Claims {
		if c.Chapter() != chapter {
			if chapters > 0 {
				page.WriteByte('\n')
			}
			chapter = c.Chapter()
			chapters++
			fmt.Fprintf(&page, "%s\n", chapter)
		}
		fmt.Fprintf(&page, "\n  %s\n", c.ID)
		fmt.Fprintf(&page, "    %s\n", text.Wrap(c.Text, width, 4))
		field(&page, "source", c.Source, 0)
		field(&page, "needs", strings.Join(c.Words(), ", "), width)
		field(&page, "history", c.History, width)
	}
	fmt.Fprintf(&page, "\n%d claims in %d chapters\n", len(b.Claims), chapters)
	_, err := io.WriteString(out, page.String())
	return err
}

// field prints one labeled line of a claim, if there is anything to print.
func field(page *strings.Builder, label, value string, width int) {
	if value == "" {
		return
	}
	const indent = 13
	fmt.Fprintf(page, "    %-7s  %s\n", label, text.Wrap(value, width, indent))
}

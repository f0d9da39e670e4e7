package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"builders.test/helpers/claim"
	"builders.test/internal/console"
	"builders.test/internal/text"
	"github.com/spf13/cobra"
)

func newClaimsCommand() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "claims",
		Short: "Lists every claim with where it comes from and what it needs",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			out := command.OutOrStdout()
			in := ownWorkspace()
			in.Stderr = command.ErrOrStderr()
			project, err := in.Open(command.Context())
			if err != nil {
				return err
			}
			all := project.Book.WithoutRegressions().Claims
			if asJSON {
				return encodeClaims(out, all)
			}
			width, _ := console.Width(out)
			return listClaims(out, all, width)
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print a JSON array instead")
	return command
}

// claimEntry is a claim as `builders claims --json` prints it.
type claimEntry struct {
	ID      string   `json:"id"`
	Chapter string   `json:"chapter"`
	Text    string   `json:"text"`
	Source  string   `json:"source"`
	Needs   []string `json:"needs"`
	History string   `json:"history"`
}

func encodeClaims(out io.Writer, book []claim.Listed) error {
	entries := make([]claimEntry, 0, len(book))
	for _, c := range book {
		entries = append(entries, claimEntry{
			ID: c.ID, Chapter: c.Chapter(), Text: c.Text, Source: c.Source, Needs: c.Words(), History: c.History,
		})
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(entries)
}

// listClaims prints the claims under their chapters, for lines of the given
// width; zero means any.
func listClaims(out io.Writer, book []claim.Listed, width int) error {
	var b strings.Builder
	chapter := ""
	for i, c := range book {
		if c.Chapter() != chapter {
			chapter = c.Chapter()
			if i > 0 {
				b.WriteByte('\n')
			}
			fmt.Fprintf(&b, "%s\n", chapter)
		}
		fmt.Fprintf(&b, "\n  %s\n", c.ID)
		fmt.Fprintf(&b, "    %s\n", text.Wrap(c.Text, width, 4))
		field(&b, "source", c.Source, 0)
		field(&b, "needs", strings.Join(c.Words(), ", "), width)
		field(&b, "history", c.History, width)
	}
	fmt.Fprintf(&b, "\n%d claims in %d chapters\n", len(book), chapters(book))
	_, err := io.WriteString(out, b.String())
	return err
}

// field prints one labelled line of a claim, if there is anything to print.
func field(b *strings.Builder, label, value string, width int) {
	if value == "" {
		return
	}
	const indent = 13
	fmt.Fprintf(b, "    %-7s  %s\n", label, text.Wrap(value, width, indent))
}

func chapters(book []claim.Listed) int {
	seen := map[string]bool{}
	for _, c := range book {
		seen[c.Chapter()] = true
	}
	return len(seen)
}

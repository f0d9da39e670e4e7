package views

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"builders.test/internal/markdown"
	"builders.test/internal/page"
	"builders.test/internal/soak"
	"github.com/moby/sys/atomicwriter"
)

// WriteSoak leaves the tables of a soak in its folder, for programs, for people, and
// for documents.
func WriteSoak(out string, all soak.Soak) error {
	content, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", soak.File, err)
	}
	var text bytes.Buffer
	if err := markdown.WriteSoak(&text, all); err != nil {
		return err
	}
	html, err := page.RenderSoak(all)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("OUT=%s cannot be created: %w; name a writable folder", out, err)
	}
	for name, content := range map[string][]byte{
		soak.File: append(content, '\n'), soak.Markdown: text.Bytes(), soak.Page: html,
	} {
		if err := atomicwriter.WriteFile(filepath.Join(out, name), content, 0o644); err != nil {
			return fmt.Errorf("OUT=%s cannot be written: %w; name a writable folder", out, err)
		}
	}
	return nil
}

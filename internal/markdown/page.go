package markdown

import (
	"fmt"
	"strings"
)

// limit bounds a page, in bytes. GitHub refuses more than 1 MiB for everything
// that one step writes.
const limit = 600_000

// page collects what is written.
type page struct{ b strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

func (p *page) paragraph(format string, args ...any) { p.line("\n"+format, args...) }

// table writes rows until the page is full. A table without rows is left out.
func (p *page) table(head []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	p.line("\n| %s |\n|%s", strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	for i, row := range rows {
		line := "| " + strings.Join(row, " | ") + " |"
		if p.b.Len()+len(line) > limit {
			p.paragraph("%d more are in the report.", len(rows)-i)
			return
		}
		p.line("%s", line)
	}
}

// folded writes a part that is initially closed.
func (p *page) folded(title string, body func()) {
	p.line("\n<details><summary>%s</summary>", title)
	body()
	p.line("\n</details>")
}

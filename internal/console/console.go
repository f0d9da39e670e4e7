// Package console prints a run for the person who waits for it: claims of all chapters
// as they end, and a summary. On a terminal it uses color and shows
// what is being proven at the moment; elsewhere it prints plain lines. Its input
// is safe to print, see package sanitize.
package console

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"builders.test/internal/text"
	"golang.org/x/term"
)

// Console prints to two streams. It is not safe for concurrent use.
type Console struct {
	out, err io.Writer
	// folder is where the report goes, as shown to people.
	folder string
	// live reports whether out is a terminal of the given width, in characters.
	live  bool
	width int
	color bool

	begun   bool
	running []string
	status  bool
}

// New returns a console. It shows evidence as being in folder.
func New(out, err io.Writer, folder string) *Console {
	c := &Console{out: out, err: err, folder: folder}
	if width, ok := Width(out); ok && os.Getenv("TERM") != "dumb" {
		c.live, c.width = true, width
		c.color = os.Getenv("NO_COLOR") == ""
	}
	return c
}

// Width returns the number of characters in a line of the terminal w; false if w
// is not a terminal.
func Width(w io.Writer) (int, bool) {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(file.Fd()))
	return width, err == nil && width > 0
}

// colors are how verdicts look.
var colors = map[claim.Verdict]string{
	claim.Holds:         "32",
	claim.Broken:        "31",
	claim.Error:         "33",
	claim.NotApplicable: "2",
	claim.Unsteady:      "35",
}

// colorOf returns the color of a claim's verdict: a known fault is not an alarm.
func colorOf(one report.Claim) string {
	if one.Known != "" {
		return colors[claim.NotApplicable]
	}
	return colors[one.Verdict]
}

// failed is the mark of what went wrong outside of all claims.
var failed = report.Mark(claim.Error)

// Started shows a claim as being proven.
func (c *Console) Started(one report.Claim) {
	c.running = append(c.running, one.ID)
	c.showStatus()
}

// Claims are printed in columns: the chapter begins after the verdict and the time, and the
// sentence after the chapter.
const (
	chapterWidth = 11
	textColumn   = 29 + chapterWidth + 1
)

// Finished prints a claim with its verdict. Unless the verdict is holds, the
// reason follows, and for a failure where its evidence is.
func (c *Console) Finished(one report.Claim) {
	c.clearStatus()
	c.running = slices.DeleteFunc(c.running, func(id string) bool { return id == one.ID })
	c.begin()
	color := colorOf(one)
	fmt.Fprintf(c.out, "  %s %s %6.1f s  %s %s\n",
		c.paint(color, one.Mark()), c.paint(color, pad(one.Word(), 14)), one.Seconds,
		c.paint("1", pad(one.Chapter, chapterWidth)), c.wrap(one.Text))
	if why := one.Why(); why != "" {
		c.detail(why)
	}
	if one.Evidence != "" && one.Verdict > claim.NotApplicable {
		// A path gets copied, so it stays in one piece.
		fmt.Fprintf(c.out, "%s%s\n", strings.Repeat(" ", textColumn), c.paint("2", c.folder+"/"+one.Evidence))
	}
	c.showStatus()
}

// Line prints a line that did not come from the specs.
func (c *Console) Line(line string) {
	c.clearStatus()
	fmt.Fprintln(c.err, line)
	c.showStatus()
}

// Note prints a labeled line.
func (c *Console) Note(label, line string) {
	c.clearStatus()
	fmt.Fprintf(c.out, "%s  %s\n", c.paint("2", pad(label, 9)), line)
}

// Failure prints a test that failed outside of all claims.
func (c *Console) Failure(test string, output []string) {
	c.clearStatus()
	fmt.Fprintf(c.out, "  %s %s failed outside of its claims\n", c.paint(colors[claim.Error], failed), test)
	for _, line := range output {
		fmt.Fprintf(c.out, "    %s\n", line)
	}
}

// Unreached prints that the proof of some claims never began.
func (c *Console) Unreached(count int, why string) {
	if count == 0 {
		return
	}
	c.clearStatus()
	line := fmt.Sprintf("%s %s not reached: %s", failed, claims(count), why)
	fmt.Fprintf(c.out, "\n%s\n", c.paint(colors[claim.Error], line))
}

func claims(count int) string {
	if count == 1 {
		return "1 claim was"
	}
	return fmt.Sprintf("%d claims were", count)
}

// begin sets the claims apart from what precedes them.
func (c *Console) begin() {
	if !c.begun {
		fmt.Fprintln(c.out)
	}
	c.begun = true
}

func (c *Console) detail(line string) {
	fmt.Fprintf(c.out, "%s%s\n", strings.Repeat(" ", textColumn), c.wrap(line))
}

func (c *Console) wrap(line string) string {
	return text.Wrap(line, c.width, textColumn)
}

// paint colors text that is already safe.
func (c *Console) paint(color, s string) string {
	if !c.color {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

// showStatus keeps one line at the bottom of a terminal up to date.
func (c *Console) showStatus() {
	if !c.live {
		return
	}
	c.clearStatus()
	if len(c.running) == 0 {
		return
	}
	line := "… " + strings.Join(c.running, ", ")
	fmt.Fprint(c.out, c.paint("2", text.Cut(line, c.width-1)))
	c.status = true
}

func (c *Console) clearStatus() {
	if c.status {
		fmt.Fprint(c.out, "\r\x1b[K")
	}
	c.status = false
}

func pad(s string, size int) string {
	return s + strings.Repeat(" ", max(0, size-utf8.RuneCountInString(s)))
}

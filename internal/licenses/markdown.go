package licenses

import (
	"fmt"
	"strings"
)

const head = `# Third-party licences

The modules that the command and the specs are built from, tests and other operating systems
included, and the licences that their own files state. ` + "`make licenses`" + ` writes this page; a test fails
when it is stale, or when a licence is none of those that ` + "`internal/licenses`" + ` agrees to.

Nothing else is part of what the project hands on. The programs and images of the lab, such as
dockerd, BuildKit and Debian's packages, are fetched and compiled on the machine that uses them,
each under its own licence.

| module | version | licence |
|---|---|---|
`

// Markdown is the page that lists the modules with their licences.
func Markdown(modules []Module) string {
	var page strings.Builder
	page.WriteString(head)
	for _, m := range modules {
		fmt.Fprintf(&page, "| %s | %s | %s |\n", m.Path, m.Version, strings.Join(m.Licenses, " and "))
	}
	return page.String()
}

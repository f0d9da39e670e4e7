package licenses

import (
	"fmt"
	"strings"
)

const head = `# Third-party licenses

The modules that the command and the specs are built from, tests and other operating systems
included, and the licenses in their own files. ` + "`make licenses`" + ` writes this page; a test fails
if it is stale, or if a license is not one of those that ` + "`internal/licenses`" + ` approves.

The project distributes nothing else. The programs and images of the lab, such as
dockerd, BuildKit and Debian's packages, are fetched and compiled on the machine that uses them,
each under its own license.

| module | version | license |
|---|---|---|
`

// Markdown returns the page that lists the modules with their licenses.
func Markdown(modules []Module) string {
	var page strings.Builder
	page.WriteString(head)
	for _, m := range modules {
		fmt.Fprintf(&page, "| %s | %s | %s |\n", m.Path, m.Version, strings.Join(m.Licenses, " and "))
	}
	return page.String()
}

//go:build faults

package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/helpers/subject"
	"builders.test/helpers/testbed"
	"builders.test/internal/report"
	"github.com/stretchr/testify/require"
)

// cell is one script: what a registry does wrong at which moment of a build.
type cell struct {
	kind   kind
	moment moment
}

func (c cell) name() string { return slug(c.kind.name) + "-" + slug(c.moment.name) }

func slug(words string) string {
	return strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(words), "-"), "-")
}

// cells returns the cells of one driver.
func cells(kinds []kind, driver string) []cell {
	var all []cell
	for _, k := range kinds {
		for _, m := range moments {
			if m.script(driver) != "" && (!k.passes || m.name == "base image") {
				all = append(all, cell{k, m})
			}
		}
	}
	return all
}

// TestAttribution makes a registry do everything wrong that registries do wrong,
// at each moment and with each driver, and writes a table of the verdicts. No
// claim may be called broken because of it, and each error must name the host.
func TestAttribution(t *testing.T) {
	var kinds []kind
	table, proven := map[string]report.Claim{}, map[string]bool{}
	for _, driver := range subject.Drivers {
		t.Run(driver, func(t *testing.T) {
			// Faults that pass occur only once, so each driver gets its own.
			kinds = kindsOfFaults(t)
			for name, one := range attributed(t, driver, cells(kinds, driver)) {
				table[driver+" "+name] = one
			}
			proven[driver] = true
		})
	}
	if t.Failed() || len(proven) < len(subject.Drivers) {
		return // the table needs all drivers
	}
	path := filepath.Join(root, "docs", "attribution.md")
	require.NoError(t, os.WriteFile(path, []byte(tableOf(kinds, table)), 0o644))
	t.Logf("the table is in %s", path)
}

// attributed proves all cells of a driver in one run, on a given engine, so that
// nothing that was pulled stays.
func attributed(t *testing.T, driver string, all []cell) map[string]report.Claim {
	t.Helper()
	scripts := t.TempDir()
	for _, c := range all {
		text := "# claim: It works while a registry has the fault " + c.kind.name + " at the moment " + c.moment.name + "\n# deadline: " + c.kind.deadline() + "\n\n" +
			strings.NewReplacer("HOST", c.kind.host, "GOOD", c.kind.good, "CELL", c.name()).Replace(c.moment.script(driver))
		require.NoError(t, os.WriteFile(filepath.Join(scripts, c.name()+".txtar"), []byte(text), 0o600))
	}
	t.Cleanup(func() { removePushed(t) })
	lab := access(t)
	mirror := lab.Testbed.Mirror
	mirror.Push = ""
	r := begin(t, commandOn(map[string]string{
		"DOCKER_HOST": lab.DockerHost, "DOCKER_CONFIG": lab.DockerConfig, testbed.Variable: withMirror(t, mirror),
	}, program, "check", "--buildkit", buildKit, "--driver", driver, "--specs", scripts))
	r.wait(t)
	found := map[string]report.Claim{}
	for _, one := range r.report(t).Claims {
		_, name, _ := strings.Cut(one.ID, "/")
		found[name] = one
	}
	for _, c := range all {
		one, ran := found[c.name()]
		require.True(t, ran, "%s: no verdict: %s", c.name(), r.said)
		t.Logf("%-14s %5.1f s  %s  %s", one.Verdict, one.Seconds, c.name(), one.Reason)
		c.judge(t, one)
	}
	return found
}

// removePushed removes what the docker driver keeps of what it is to push.
func removePushed(t *testing.T) {
	t.Helper()
	for _, image := range strings.Fields(docker(t, "images", "--filter", "reference=*/pushed/*:*-push", "--format", "{{.Repository}}:{{.Tag}}")) {
		docker(t, "rmi", image)
	}
}

// judge requires the verdict to be about the registry.
func (c cell) judge(t *testing.T, one report.Claim) {
	t.Helper()
	if c.kind.sound {
		require.Equal(t, claim.Holds, one.Verdict, "%s: the script fails with a registry that has no fault, so it proves nothing: %s", c.name(), one.Reason)
		return
	}
	if one.Verdict == claim.Broken {
		t.Errorf("%s is called broken: %s", c.name(), one.Reason)
		return
	}
	if c.kind.passes {
		return // it may hold, since clients ask again
	}
	if one.Verdict != claim.Error {
		t.Errorf("%s: the verdict is %s, so the fault was none: %s", c.name(), one.Verdict, one.Reason)
		return
	}
	for _, want := range append([]string{c.kind.host}, c.kind.says...) {
		if !strings.Contains(one.Reason, want) {
			t.Errorf("%s: the reason does not say %q: %s", c.name(), want, one.Reason)
		}
	}
}

var port = regexp.MustCompile(`(\d+\.\d+\.\d+\.\d+):\d+`)

// tableOf writes the verdicts as Markdown.
func tableOf(kinds []kind, table map[string]report.Claim) string {
	var text strings.Builder
	text.WriteString(tableHead)
	fmt.Fprintf(&text, "| fault | moment | %s |\n|---|---|%s\n", strings.Join(subject.Drivers, " | "), strings.Repeat("---|", len(subject.Drivers)))
	for _, k := range kinds {
		for _, m := range moments {
			c, row, told := cell{k, m}, "", false
			for _, driver := range subject.Drivers {
				one, ran := table[driver+" "+c.name()]
				word := "–"
				if ran {
					word, told = one.Verdict.String(), true
				}
				row += " " + word + " |"
			}
			if told {
				fmt.Fprintf(&text, "| %s | %s |%s\n", k.name, m.name, row)
			}
		}
	}
	text.WriteString("\nWhat the reasons say, of one cell each:\n\n")
	for _, k := range kinds {
		one := table[subject.DriverContainer+" "+cell{k, moments[1]}.name()]
		if one.Verdict == claim.Error {
			fmt.Fprintf(&text, "- %s: %s\n", k.name, port.ReplaceAllString(one.Reason, "$1:…"))
		}
	}
	return text.String()
}

const tableHead = `# Whose fault it is when a registry fails

Written by ` + "`make attribution`" + `. For each fault, a registry of the test's own had it while a
script needed it, at each moment and with each driver. *error* says that the environment failed
and names the host; *broken*, which blames BuildKit, must not appear here. A temporary fault may
be over when the registry is checked: the claim is then retried, and is *unsteady* at worst; it
*holds* if the client retried on its own, or already had the content.

`

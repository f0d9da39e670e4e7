package debian

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// hostSources returns the part of the host's package sources that belongs to its
// distribution: the suites named after the codename. Other sources (clouds,
// databases) are not the lab's business and may be unreachable. If the host names
// its suites differently, it returns all sources.
func hostSources(etc, codename string) (oneLine, stanzas string, err error) {
	files, err := sourceFiles(etc)
	if err != nil {
		return "", "", err
	}
	for _, wanted := range []string{codename, ""} {
		var lines, blocks strings.Builder
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return "", "", err
			}
			if strings.HasSuffix(file, ".sources") {
				blocks.WriteString(filterStanzas(string(text), wanted))
			} else {
				lines.WriteString(filterLines(string(text), wanted))
			}
		}
		if lines.Len()+blocks.Len() > 0 {
			return lines.String(), blocks.String(), nil
		}
	}
	return "", "", nil
}

func sourceFiles(etc string) ([]string, error) {
	files := []string{}
	main := filepath.Join(etc, "sources.list")
	if _, err := os.Stat(main); err == nil {
		files = append(files, main)
	}
	for _, pattern := range []string{"*.list", "*.sources"} {
		found, err := filepath.Glob(filepath.Join(etc, "sources.list.d", pattern))
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	return files, nil
}

// ofRelease reports whether a suite belongs to the release: "bookworm",
// "bookworm-updates". An empty codename accepts every suite.
func ofRelease(suite, codename string) bool {
	return codename == "" || suite == codename || strings.HasPrefix(suite, codename+"-")
}

// filterLines keeps the binary sources of a release in the one-line format.
func filterLines(text, codename string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		rest, ok := strings.CutPrefix(line, "deb ")
		if !ok {
			continue
		}
		rest = strings.TrimSpace(rest)
		if strings.HasPrefix(rest, "[") {
			_, rest, _ = strings.Cut(rest, "]")
		}
		fields := strings.Fields(rest)
		if len(fields) < 2 || strings.HasPrefix(fields[0], "cdrom:") || !ofRelease(fields[1], codename) {
			continue
		}
		kept.WriteString(line + "\n")
	}
	return kept.String()
}

// filterStanzas keeps the binary sources of a release in the deb822 format. It
// drops restrictions to some architectures: the lab asks for its own.
func filterStanzas(text, codename string) string {
	var kept strings.Builder
	for _, stanza := range splitStanzas(text) {
		var out strings.Builder
		usable := false
		for _, f := range stanza {
			switch strings.ToLower(f.name) {
			case "architectures":
				continue
			case "enabled":
				if v := strings.ToLower(strings.TrimSpace(f.value)); v == "no" || v == "false" || v == "0" {
					usable = false
					out.Reset()
					stanza = nil
				}
			case "types":
				if !slices.Contains(strings.Fields(f.value), "deb") {
					stanza = nil
				}
				f.value = " deb"
			case "suites":
				suites := slices.DeleteFunc(strings.Fields(f.value), func(s string) bool { return !ofRelease(s, codename) })
				usable = len(suites) > 0
				f.value = " " + strings.Join(suites, " ")
			}
			out.WriteString(f.name + ":" + f.value + "\n")
		}
		if usable && stanza != nil {
			kept.WriteString(out.String() + "\n")
		}
	}
	return kept.String()
}

// field is one field of a control stanza; the value keeps its leading blank
// and its continuation lines.
type field struct{ name, value string }

func splitStanzas(text string) [][]field {
	var all [][]field
	var now []field
	end := func() {
		if len(now) > 0 {
			all = append(all, now)
		}
		now = nil
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.TrimSpace(line) == "":
			end()
		case line[0] == ' ' || line[0] == '\t':
			if len(now) > 0 {
				now[len(now)-1].value += "\n" + line
			}
		default:
			name, value, ok := strings.Cut(line, ":")
			if ok {
				now = append(now, field{name, value})
			}
		}
	}
	end()
	return all
}

// HostSources returns the host's package sources for its own release, in apt's
// one-line and deb822 formats; either may be empty.
func HostSources() (oneLine, stanzas string, err error) {
	release, err := HostRelease()
	if err != nil {
		return "", "", err
	}
	return hostSources("/etc/apt", release.Codename)
}

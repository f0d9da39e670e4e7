package debian

import (
	"strings"
)

// made is a file, or with link a symbolic link, that a package's script would
// have made.
type made struct {
	name, text, link string
	mode             int64
}

// finisher makes files when a path is in the layer.
type finisher struct {
	when string
	make func(*Tree) []made
}

func (f finisher) applies(t *Tree) bool {
	if strings.HasSuffix(f.when, "/") {
		return len(t.keptUnder(f.when)) > 0
	}
	return t.names[f.when]
}

// finishers stand in for the scripts of the packages that the lab uses. If one
// layer is on top of another, each is finished on its own.
var finishers = []finisher{
	{passwdMaster, users},
	{certificates, certificateBundle},
	{"usr/bin/mawk", link("usr/bin/awk", "mawk")},
	{"usr/bin/which.debianutils", link("usr/bin/which", "which.debianutils")},
	{"usr/bin/gcc", link("usr/bin/cc", "gcc")},
	{"usr/bin/g++", link("usr/bin/c++", "g++")},
}

const (
	passwdMaster = "usr/share/base-passwd/passwd.master"
	groupMaster  = "usr/share/base-passwd/group.master"
	certificates = "usr/share/ca-certificates/"
)

// wanted reports whether finishers read the contents of a file.
func wanted(name string) bool {
	return name == passwdMaster || name == groupMaster || strings.HasPrefix(name, certificates)
}

func users(t *Tree) []made {
	// The master file locks every account; real systems keep passwords in shadow.
	passwd := strings.ReplaceAll(string(t.kept[passwdMaster]), ":*:", ":x:")
	group := string(t.kept[groupMaster])
	return []made{
		{name: "etc/passwd", text: passwd, mode: 0o644},
		{name: "etc/group", text: group, mode: 0o644},
		{name: "etc/shadow", text: shadow(passwd), mode: 0o640},
	}
}

// shadow locks every account's password.
func shadow(passwd string) string {
	var text strings.Builder
	for line := range strings.Lines(passwd) {
		name, _, _ := strings.Cut(line, ":")
		text.WriteString(name + ":*:19000:0:99999:7:::\n")
	}
	return text.String()
}

func certificateBundle(t *Tree) []made {
	var bundle strings.Builder
	for _, name := range t.keptUnder(certificates) {
		if text := string(t.kept[name]); strings.HasSuffix(name, ".crt") {
			bundle.WriteString(strings.TrimSpace(text) + "\n")
		}
	}
	return []made{{name: "etc/ssl/certs/ca-certificates.crt", text: bundle.String(), mode: 0o644}}
}

func link(name, target string) func(*Tree) []made {
	return func(*Tree) []made { return []made{{name: name, link: target}} }
}

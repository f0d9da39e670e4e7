package emulation

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"builders.test/lab/site"
)

func TestEmulationEntries(t *testing.T) {
	f := foreignTo("amd64")
	want := `:name:M:0:\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:/q:PF`
	if got := f.registration("name", "/q"); got != want {
		t.Errorf("registration\n%s, want\n%s", got, want)
	}
	entry := "enabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: PF\noffset 0\nmagic 7f454c460201010000000000000000000200b700\nmask ffffffffffffff00fffffffffffffffffeffffff\n"
	for name, test := range map[string]struct {
		entry string
		want  bool
	}{
		"the same":     {entry, true},
		"disabled":     {strings.Replace(entry, "enabled", "disabled", 1), false},
		"not in jails": {strings.Replace(entry, "flags: PF", "flags: OC", 1), false},
		"32 bit arm":   {strings.Replace(entry, "7f454c46020101", "7f454c46010101", 1), false},
		"another":      {strings.Replace(entry, "b700", "f300", 1), false},
		"by extension": {"enabled\ninterpreter /x\nflags: F\nextension .exe\n", false},
	} {
		if got := f.handles(test.entry); got != test.want {
			t.Errorf("%s: handles = %v", name, got)
		}
	}
}

func TestHandlerSkipsOtherLabs(t *testing.T) {
	e := New(site.At(t.TempDir(), nil), "amd64", nil)
	root := t.TempDir()
	entry := "enabled\ninterpreter /q\nflags: PF\noffset 0\nmagic 7f454c460201010000000000000000000200b700\n"
	for _, step := range []struct{ add, want string }{
		{"register", ""}, {entryPrefix + "aarch64-00000000", ""}, {e.name, e.name}, {"aarch64-of-the-host", "aarch64-of-the-host"},
	} {
		if err := os.WriteFile(filepath.Join(root, step.add), []byte(entry), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, _ := e.handler(root, e.another); got != step.want {
			t.Errorf("with %s the handler is %q, want %q", step.add, got, step.want)
		}
	}
}

package subject

import (
	"testing"

	"gotest.tools/v3/assert"
)

func TestParseCell(t *testing.T) {
	for _, tc := range []struct{ driver, store, text string }{
		{"", "", ""},
		{"docker", "", "DRIVER=docker"},
		{"", "overlay2", "STORE=overlay2"},
		{"remote", "containerd", "DRIVER=remote STORE=containerd"},
	} {
		got, err := ParseCell(tc.driver, tc.store)
		assert.NilError(t, err)
		assert.Equal(t, got, Cell{tc.driver, tc.store})
		assert.Equal(t, got.String(), tc.text)
		assert.Equal(t, got.Chosen(), tc.text != "")
	}
	for _, tc := range []struct{ driver, store, want string }{
		{"kubernetes", "", "DRIVER=kubernetes is none of docker-container, docker, remote; choose one, or leave it out"},
		{"docker", "vfs", "STORE=vfs is none of containerd, overlay2; choose one, or leave it out"},
	} {
		_, err := ParseCell(tc.driver, tc.store)
		assert.Error(t, err, tc.want)
	}
}

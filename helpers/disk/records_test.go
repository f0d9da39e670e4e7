package disk

import (
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
)

func TestParse(t *testing.T) {
	for file, want := range map[string]Record{
		// buildx du --verbose as v0.38.2 prints it, and as v0.12.0 did.
		"buildx-v0.38.2.txt": {
			ID: "rvyq3mynq3y2uvsol36685pne", Type: "exec.cachemount", Bytes: 4_202_000,
			Description: "cached mount /cache from exec /bin/sh -c if ! test -e /cache/id; then       dd if=/dev/urandom of=/cache/fill bs=1M count=4 2>/dev/null && cat /proc/sys/kernel/random/uuid > /cache/id;     fi && cp /cache/id \"/$READ\" with id \"/xyz\"",
		},
	} {
		t.Run(file, func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join("testdata", file))
			assert.NilError(t, err)
			records, err := Parse(string(content))
			assert.NilError(t, err)
			assert.Equal(t, len(records), 12, "records: %s", records)
			mounts := records.Of("exec.cachemount")
			assert.DeepEqual(t, mounts, Records{want})
			assert.Equal(t, len(records.Of("source.local")), 3)
			assert.Equal(t, len(records.About("pulled from docker.io/library/busybox")), 2)
			assert.Equal(t, len(records.InUse()), 0)
		})
	}
}

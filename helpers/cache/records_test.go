package cache

import (
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
)

// What buildx du --verbose printed for a cache, and for an empty one.
func TestParse(t *testing.T) {
	mount := Record{
		ID: "rvyq3mynq3y2uvsol36685pne", Type: "exec.cachemount", Bytes: 4_202_000, Used: true,
		Description: `cached mount /cache from exec /bin/sh -c if ! test -e /cache/id; then       dd if=/dev/urandom of=/cache/fill bs=1M count=4 2>/dev/null && cat /proc/sys/kernel/random/uuid > /cache/id;     fi && cp /cache/id "/$READ" with id "/xyz"`,
	}
	for file, want := range map[string]struct {
		records, sources int
		mounts           Records
		bytes            int64
	}{
		"buildx-v0.38.2.txt": {records: 12, sources: 3, mounts: Records{mount}, bytes: 15_880_104},
		"buildx-v0.12.0.txt": {records: 10, sources: 3, mounts: Records{mount}, bytes: 11_652_912},
		"empty.txt":          {},
	} {
		t.Run(file, func(t *testing.T) {
			records := parsed(t, file)
			assert.Equal(t, len(records), want.records, "%s", records)
			assert.Equal(t, len(records.Of("source.local")), want.sources)
			assert.DeepEqual(t, records.Of("exec.cachemount"), want.mounts)
			assert.Equal(t, records.Bytes(), want.bytes)
			assert.Equal(t, len(records.InUse()), 0)
			assert.Equal(t, len(records.Used()), want.records)
		})
	}
}

func parsed(t *testing.T, file string) Records {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", file))
	assert.NilError(t, err)
	records, err := Parse(string(content))
	assert.NilError(t, err)
	return records
}

func TestParseTellsWhatIsInUseAndShared(t *testing.T) {
	records, err := Parse("ID:\t\ta\nReclaimable:\tfalse\nShared:\t\ttrue\nSize:\t\t1.5kB\nType:\t\tregular\n\nReclaimable:\t0B\n")
	assert.NilError(t, err)
	assert.DeepEqual(t, records, Records{{ID: "a", Type: "regular", Bytes: 1500, InUse: true, Shared: true}})
	assert.Equal(t, records.Bytes(), int64(0), "what is shared is not the cache's alone")
}

func TestParseRefuses(t *testing.T) {
	_, err := Parse("ID:\ta\nSize:\tlarge\n")
	assert.ErrorContains(t, err, "the size of record a")
}

func TestRecordsNarrow(t *testing.T) {
	records := parsed(t, "buildx-v0.38.2.txt")
	assert.Equal(t, len(records.About("pulled from docker.io/library/busybox")), 2)
	big := records.Of("regular").AtLeast(4 << 20)
	assert.DeepEqual(t, big.IDs(), []string{"i66sbw3fq4frksnn86so7k22j"})
	assert.Equal(t, Records(nil).String(), "nothing")
	assert.Equal(t, big.String(), `regular "mount / from exec /bin/sh -c : \"$SALT\" && dd if=/dev/urandom…" (4.219MB)`)
}

// On a file system that does not count folders, a layer with a file of 4 MiB is 4.194MB
// large, which is a little less.
func TestAtLeastAllowsForDigits(t *testing.T) {
	held := Records{{ID: "four", Bytes: 4_194_000}, {ID: "less", Bytes: 4_180_000}}
	assert.DeepEqual(t, held.AtLeast(4<<20).IDs(), []string{"four"})
}

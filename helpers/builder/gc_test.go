package builder

import (
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

func TestGCWritesAPolicy(t *testing.T) {
	var s settings
	GC(
		Rule{Filters: []string{"type==source.local", "type==exec.cachemount"}, Limit: 5_000_000},
		Rule{Recent: time.Hour, MinFree: "20GB", Reserved: "30%"},
	)(&s)
	assert.Equal(t, s.toml, `[[worker.oci.gcpolicy]]
  filters = ["type==source.local", "type==exec.cachemount"]
  keepBytes = 5000000
  maxUsedSpace = 5000000
[[worker.oci.gcpolicy]]
  keepDuration = 3600
  minFreeSpace = "20GB"
  reservedSpace = "30%"
`)
}

package builder

import (
	"fmt"
	"strings"
	"time"
)

// Rule is one rule of the policy by which a BuildKit prunes its own cache. Zero
// values are left out.
type Rule struct {
	// Filters select the records that the rule is for: those that match any filter,
	// or every record if there are none.
	Filters []string
	// Limit is how many bytes the whole cache may take before the rule prunes.
	Limit int64
	// Recent spares what was used within this duration, which is truncated to seconds.
	Recent time.Duration
	// MinFree and Reserved are disk space in BuildKit's notation, such as 20GB or
	// 30%: how much of the disk the rule tries to keep free, and how much it always
	// leaves to the cache. They need BuildKit v0.17.
	MinFree, Reserved string
}

// GC makes the builder's BuildKit prune by these rules, in this order, instead of its
// defaults.
func GC(rules ...Rule) Option {
	var text strings.Builder
	for _, rule := range rules {
		text.WriteString(rule.toml())
	}
	return DaemonConfig(text.String())
}

// DefaultGC makes the builder's BuildKit prune by its own policy.
func DefaultGC() Option { return DaemonConfig("") }

// noGC keeps a BuildKit from pruning on its own. Before it prunes, it counts what its
// cache takes, a minute after a build, and a build that asks just then for a cache mount
// or a local source that is being counted gets a new one.
const noGC = "[worker.oci]\n  gc = false\n"

func (r Rule) toml() string {
	var text strings.Builder
	text.WriteString("[[worker.oci.gcpolicy]]\n")
	if len(r.Filters) > 0 {
		fmt.Fprintf(&text, "  filters = [\"%s\"]\n", strings.Join(r.Filters, `", "`))
	}
	if r.Limit > 0 {
		// Releases before v0.17 call it keepBytes. A release ignores the name that it
		// does not know, and takes both for the same if it knows both.
		fmt.Fprintf(&text, "  keepBytes = %d\n  maxUsedSpace = %d\n", r.Limit, r.Limit)
	}
	if r.Recent > 0 {
		fmt.Fprintf(&text, "  keepDuration = %d\n", int64(r.Recent.Seconds()))
	}
	if r.MinFree != "" {
		fmt.Fprintf(&text, "  minFreeSpace = %q\n", r.MinFree)
	}
	if r.Reserved != "" {
		fmt.Fprintf(&text, "  reservedSpace = %q\n", r.Reserved)
	}
	return text.String()
}

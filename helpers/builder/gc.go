package builder

import (
	"fmt"
	"strings"
	"time"
)

// Rule is one rule of the policy by which a BuildKit prunes its cache of its
// own accord. What is zero is left out.
type Rule struct {
	// Filters say which records the rule is for: those that match any of them;
	// without filters it is for every record.
	Filters []string
	// Limit is how many bytes the whole cache may take before the rule prunes.
	Limit int64
	// Recent spares what was used within it; it is cut to seconds.
	Recent time.Duration
	// MinFree and Reserved are disk space as BuildKit writes it, such as 20GB
	// or 30%: how much of the disk the rule tries to keep free, and how much
	// it leaves to the cache whatever happens. BuildKit knows them since v0.17.
	MinFree, Reserved string
}

// GC lets the builder's BuildKit prune by these rules, one after the other, in place of
// its defaults.
func GC(rules ...Rule) Option {
	var text strings.Builder
	for _, rule := range rules {
		text.WriteString(rule.toml())
	}
	return DaemonConfig(text.String())
}

// NoGC keeps the builder's BuildKit from pruning of its own accord.
func NoGC() Option { return DaemonConfig("[worker.oci]\n  gc = false\n") }

func (r Rule) toml() string {
	var text strings.Builder
	text.WriteString("[[worker.oci.gcpolicy]]\n")
	if len(r.Filters) > 0 {
		fmt.Fprintf(&text, "  filters = [\"%s\"]\n", strings.Join(r.Filters, `", "`))
	}
	if r.Limit > 0 {
		// keepBytes is what releases before v0.17 call it; each ignores the
		// name that it does not know, and takes both for the same.
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

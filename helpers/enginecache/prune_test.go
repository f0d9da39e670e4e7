package enginecache

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/client"
	"github.com/stretchr/testify/require"
)

func TestABeginningIsNoOtherRecords(t *testing.T) {
	held := []string{
		"2rvuae5dafyi1e8nam9s94jg8", "ncm0735q7wftz7adn4b48flw0", "ncm0735q7wftz7xxxxxxxxxxx",
		"076bthmoz56gbwhvfgl36rk39", "short", "shorter",
	}
	require.Equal(t,
		[]string{"2rvuae5d", "ncm0735q7wftz7a", "short$", "shorter$"},
		distinct([]string{"2rvuae5dafyi1e8nam9s94jg8", "ncm0735q7wftz7adn4b48flw0", "short", "shorter"}, held))
	require.Equal(t, []string{"gone$"}, distinct([]string{"gone"}, held))
	require.Empty(t, distinct(nil, held))
}

// cache is an engine's build cache, as far as it can be pruned.
type cache struct {
	records []string
	// on says which record each one was built on.
	on map[string]string
	// requests counts the prunes.
	requests int
}

// ServeHTTP removes the records that a pattern selects, unless others were built on them.
func (c *cache) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.requests++
	var given map[string]map[string]bool
	if err := json.Unmarshal([]byte(r.URL.Query().Get("filters")), &given); err != nil || len(given["id"]) != 1 {
		http.Error(w, "filters expect only one value", http.StatusInternalServerError)
		return
	}
	var report build.CachePruneReport
	for pattern := range given["id"] {
		ids := regexp.MustCompile(strings.Trim(pattern, "/"))
		report.CachesDeleted = slices.DeleteFunc(slices.Clone(c.records), func(id string) bool { return !ids.MatchString(id) || c.inUse(id) })
	}
	c.records = without(c.records, report.CachesDeleted)
	_ = json.NewEncoder(w).Encode(report)
}

func (c *cache) inUse(id string) bool {
	return slices.ContainsFunc(c.records, func(other string) bool { return c.on[other] == id })
}

func (c *cache) engine(t *testing.T) *client.Client {
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	engine, err := client.NewClientWithOpts(client.WithHost("tcp://"+server.Listener.Addr().String()), client.WithVersion("1.51"))
	require.NoError(t, err)
	return engine
}

// thirtySix returns ids that begin with the same letters.
func thirtySix(begin string) []string {
	var ids []string
	for _, c := range "0123456789abcdefghijklmnopqrstuvwxyz" {
		ids = append(ids, begin+string(c)+"ajt0shw4e19xl2mvn83c")
	}
	return ids
}

func TestOnlyTheGivenRecordsArePruned(t *testing.T) {
	mine, others := thirtySix("mine"), thirtySix("other")
	c := cache{records: slices.Concat(others, mine)}
	require.NoError(t, prune(t.Context(), c.engine(t), mine, c.records))
	require.Equal(t, others, c.records)
	require.Equal(t, 4, c.requests, "36 records, ten at a time")
}

func TestARecordInUseIsAskedForAgain(t *testing.T) {
	mine := thirtySix("mine")
	first, last, user := mine[0], mine[35], "theuserscutiy1ky3t6qz9wkh"
	c := cache{records: append(mine, user), on: map[string]string{last: first, user: mine[1]}}
	require.NoError(t, prune(t.Context(), c.engine(t), mine, c.records))
	require.Equal(t, []string{mine[1], user}, c.records, "what the user's record was built on stays")
	require.Equal(t, 6, c.requests)
}

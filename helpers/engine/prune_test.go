package engine_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"builders.test/helpers/engine"
	"builders.test/helpers/env"
	"builders.test/helpers/spec"
	"github.com/docker/docker/client"
	"github.com/stretchr/testify/require"
)

// TestAPruneWaitsForItsTurn checks that a prune waits for that of another run: an
// engine refuses the second of two.
func TestAPruneWaitsForItsTurn(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Query().Get("filters"))
		w.Header().Set("Content-Type", "application/json")
		if len(asked)%3 != 0 {
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"message":"a prune operation is already running"}`)
			return
		}
		fmt.Fprint(w, `{}`)
	}))
	t.Cleanup(server.Close)
	asking, err := client.NewClientWithOpts(client.WithHost("tcp://"+strings.TrimPrefix(server.URL, "http://")), client.WithVersion("1.48"))
	require.NoError(t, err)
	try := &spec.T{TB: t, Env: &env.Environment{Client: asking}}

	engine.PruneContainers(try, "a=b")
	engine.PruneAllVolumes(try, "a=b")

	require.Len(t, asked, 6, "each is asked for until the engine takes it")
	require.NotContains(t, asked[2], `"all"`)
	require.Contains(t, asked[5], `"all"`)
}

package janitor

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"builders.test/helpers/internal/toyengine"
	"github.com/docker/docker/client"
	"github.com/stretchr/testify/require"
)

func TestASweepThatRanOutOfTimeSaysWhatItWasAbout(t *testing.T) {
	s := sweeper{run: "0a1b2c3d", found: []Object{{Kind: "container", Name: "x"}, {Kind: "volume", Name: "y"}}}
	require.EqualError(t, s.unfinished(context.DeadlineExceeded),
		"the leftovers of run 0a1b2c3d are not gone yet (container x, volume y): context deadline exceeded")
	s.failed = errors.New("the engine is busy")
	require.ErrorContains(t, s.unfinished(context.DeadlineExceeded), "the engine is busy")
}

// busy is an engine with images of the run mine, and images that are not.
func busy(t *testing.T) (engine *toyengine.Engine, lists *atomic.Int32) {
	t.Setenv("TMPDIR", t.TempDir())
	engine, lists = toyengine.New(t), new(atomic.Int32)
	engine.Name("sha256:a", "images.invalid/builders-"+mine+"/app:1")
	engine.Name("sha256:b", "127.0.0.1:5000/builders-"+mine+"/some/app:2")
	engine.Name("sha256:c", "images.invalid/builders-11112222/app:1")
	engine.Name("sha256:d", "busybox:latest")
	engine.Before(func(request string) {
		if request == "GET /containers/json" {
			lists.Add(1)
		}
	})
	return engine, lists
}

func TestARunThatEndsInOrderIsSweptOnce(t *testing.T) {
	engine, lists := busy(t)
	found, err := sweep(t.Context(), []*client.Client{engine.Client(t)}, mine, inOrder)
	require.NoError(t, err)
	require.Len(t, found, 2)
	require.Empty(t, engine.ID("sha256:a"))
	require.Empty(t, engine.ID("sha256:b"))
	require.NotEmpty(t, engine.ID("sha256:c"))
	require.NotEmpty(t, engine.ID("sha256:d"))
	require.EqualValues(t, 2, lists.Load(), "one pass that removes, one that finds nothing")
}

func TestWhatADeadRunAskedForMayComeLate(t *testing.T) {
	engine, lists := busy(t)
	engine.Before(func(request string) {
		// The last but one of the empty passes.
		if request == "GET /containers/json" && lists.Add(1) == afterDeath {
			engine.Name("sha256:late", "images.invalid/builders-"+mine+"/late:1")
		}
	})
	_, err := sweep(t.Context(), []*client.Client{engine.Client(t)}, mine, afterDeath)
	require.NoError(t, err)
	require.Empty(t, engine.ID("sha256:late"))
	// The pass may have asked for images before the late one came: the next one finds it.
	require.Contains(t, []int32{2 * afterDeath, 2*afterDeath + 1}, lists.Load())
}

// What a sweep asks for must be what an inventory would show of the run.
func TestTheListOfOneRunIsPartOfTheListOfAll(t *testing.T) {
	engine, _ := busy(t)
	engine.Name("sha256:e", "127.0.0.1:5000/builders-"+mine+"/a/b/c:2")
	all, err := images(t.Context(), engine.Client(t))
	require.NoError(t, err)
	some, err := imagesOf(mine)(t.Context(), engine.Client(t))
	require.NoError(t, err)
	require.ElementsMatch(t, Of(mine, all), some)
	require.Len(t, some, 3)
}

func TestContainersAreRemovedBeforeWhatTheyUse(t *testing.T) {
	var requests []string
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v"), "/")
		requests = append(requests, path)
		if path == "containers/c2" || path == "volumes/v1" {
			http.Error(w, "busy", http.StatusInternalServerError)
			return
		}
		_, _ = w.Write([]byte("[]"))
	}))
	t.Cleanup(server.Close)
	engine, err := client.NewClientWithOpts(client.WithHost("tcp://"+server.Listener.Addr().String()), client.WithVersion("1.51"))
	require.NoError(t, err)
	var objects []Object
	for _, kind := range []string{"image", "volume", "container"} {
		for _, n := range []string{"1", "2", "3"} {
			objects = append(objects, Object{Kind: kind, Name: kind[:1] + n, ID: kind[:1] + n, engine: engine})
		}
	}
	folder := t.TempDir()
	err = Remove(t.Context(), append(objects, Object{Kind: "folder", Name: folder, ID: folder}))
	require.EqualError(t, err, "remove container c2: Error response from daemon: busy\nremove volume v1: Error response from daemon: busy")
	require.ElementsMatch(t, []string{"containers/c1", "containers/c2", "containers/c3"}, requests[:3])
	require.ElementsMatch(t, []string{"volumes/v1", "volumes/v2", "volumes/v3", "images/i1", "images/i2", "images/i3"}, requests[3:])
	require.DirExists(t, folder, "it shows whose the rest is")
}

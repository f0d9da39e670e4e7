package spec

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"builders.test/helpers/claim"
	"builders.test/helpers/env"
	"builders.test/helpers/subject"
	"github.com/docker/docker/client"
	"github.com/stretchr/testify/require"
)

// These variables tell a test process that it is a child, what its claims are to
// do, and which file takes its notes.
const (
	moodVariable  = "BUILDERS_TEST_MOOD"
	notesVariable = "BUILDERS_TEST_NOTES"
)

// childPlaces is how many claims a child tests at the same time.
var childPlaces int

func TestMain(m *testing.M) {
	if os.Getenv(moodVariable) != "" {
		childPlaces = TakePlaces()
	}
	os.Exit(m.Run())
}

// TestMood is the child's only test. Its claims behave as the mood says.
func TestMood(t *testing.T) {
	play, ok := moods[os.Getenv(moodVariable)]
	if !ok {
		t.Skip("only for the test processes that TestProve starts")
	}
	play(newScene(t))
}

// scene is what the child's claims share.
type scene struct {
	t      *testing.T
	env    *env.Environment
	engine *httptest.Server
	// down makes the engine refuse to answer.
	down atomic.Bool
	// inside counts the bodies that are under way.
	inside atomic.Int32

	mu    sync.Mutex
	notes *os.File
}

func newScene(t *testing.T) *scene {
	s := &scene{t: t, env: env.New()}
	s.engine = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.engine.Close)
	host := "tcp://" + s.engine.Listener.Addr().String()
	c, err := client.NewClientWithOpts(client.WithHost(host), client.WithVersion("1.47"))
	require.NoError(t, err)
	s.notes, err = os.OpenFile(os.Getenv(notesVariable), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)

	s.env.Places = childPlaces
	s.env.Run, s.env.Dir, s.env.Out = "0a1b2c3d", t.TempDir(), os.Getenv("OUT")
	s.env.Client, s.env.Driver = c, subject.DriverContainer
	s.env.Engine = env.Engine{Host: host, Store: subject.StoreContainerd, OS: "linux", Arch: "amd64"}
	s.env.BuildKit = subject.BuildKit{Image: "moby/buildkit:v0.11.5", Version: "v0.11.5"}
	s.env.Confirm, err = subject.Confirm(os.Getenv("CONFIRM"))
	require.NoError(t, err)
	s.env.Strict, err = subject.Strict(os.Getenv("STRICT"))
	require.NoError(t, err)
	return s
}

// serve is just enough of an engine to ask whether one is there.
func (s *scene) serve(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.down.Load():
		http.Error(w, `{"message":"the engine is ill"}`, http.StatusInternalServerError)
	case strings.HasSuffix(r.URL.Path, "/networks/bridge"):
		fmt.Fprint(w, `{"Id":"the-only-start"}`)
	case strings.HasSuffix(r.URL.Path, "/events"):
		w.WriteHeader(http.StatusOK)
	default:
		fmt.Fprint(w, `{}`)
	}
}

func (s *scene) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.notes, format+"\n", args...)
}

// prove proves a claim of the scene; change may be nil. A first try need not be
// quiet; a later one that should be but is not is noted.
func (s *scene) prove(name string, change func(*claim.Claim), body func(t *T)) {
	c := claim.Claim{ID: "moods/" + name, Text: "it does", Source: "https://github.com/moby/buildkit/issues/1"}
	if change != nil {
		change(&c)
	}
	Prove(s.t, s.env, c, func(t *T) {
		inside := s.inside.Add(1)
		defer s.inside.Add(-1)
		if t.number > 1 && len(t.beside) == 0 && inside != 1 {
			s.note("NOT QUIET: %d bodies in try %d of %s", inside, t.number, name)
		}
		body(t)
	})
}

// moods are what the claims of a child process do.
var moods = map[string]func(*scene){
	"holds":       func(s *scene) { s.prove("holds", nil, func(t *T) { t.Fact("size", "1") }) },
	"fails":       func(s *scene) { s.prove("fails", nil, func(t *T) { t.Fatalf("try %d went wrong", t.number) }) },
	"fails-once":  failsOnce,
	"beside":      failsBeside,
	"neighbours":  besideTheIdle,
	"company":     inCompany,
	"hangs":       hangs,
	"known":       known,
	"not-here":    func(s *scene) { s.prove("not-here", needNewer, func(*T) { s.note("the body ran") }) },
	"panics":      func(s *scene) { s.prove("panics", nil, func(*T) { panic("oh\nno") }) },
	"panics-then": panicsThen,
	"engine-dies": engineDies,
	"many-voices": manyVoices,
	"cleans-up":   cleansUp,
	"panics-out":  panicsOut,
	"crowd":       crowd,
	"skips":       func(s *scene) { s.prove("skips", nil, func(t *T) { t.Skip("no wish to") }) },
	"first-error": firstError,
	"ends-early":  func(s *scene) { s.prove("ends-early", nil, func(*T) { s.t.SkipNow() }) },
	"goes-away":   func(s *scene) { s.prove("goes-away", nil, func(*T) { runtime.Goexit() }) },
	"no-check": func(s *scene) {
		s.prove("no-check", func(c *claim.Claim) { c.Needs = []claim.Need{claim.Custom("tpu")} }, func(*T) { s.note("the body ran") })
	},
}

func needNewer(c *claim.Claim) { c.Needs = []claim.Need{claim.BuildKit(">=0.13")} }

func failsOnce(s *scene) {
	s.prove("fails-once", nil, func(t *T) {
		t.Fact("try", fmt.Sprint(t.number))
		t.Fact("shared", t.SharedKey("builder"))
		if t.number == 1 {
			require.Equal(t, "a", "b", "the builder lost its cache")
		}
	})
}

// failsBeside has a claim that meets another one, and therefore fails, in its
// first and in its last try. The other one waits to be met.
func failsBeside(s *scene) {
	meet, over := make(chan struct{}), make(chan struct{})
	s.prove("victim", nil, func(t *T) {
		if t.number == 2 || t.number == 3 {
			select {
			case <-meet:
				s.note("NOT QUIET: somebody was met in try %d", t.number)
			default:
			}
			return
		}
		if t.number == 4 {
			defer close(over)
		}
		select {
		case <-meet:
			t.Errorf("somebody was met")
		case <-t.Context().Done():
			t.Errorf("nobody was met in try %d", t.number)
		}
	})
	s.prove("neighbour", nil, func(t *T) {
		select {
		case meet <- struct{}{}:
			s.note("the neighbour met in try %d", t.number)
		case <-over:
		case <-t.Context().Done():
		}
	})
}

// inCompany has a claim that fails alongside two others. While it is tried for the last
// time they are proven over and over; one of them takes two turns of the other.
func inCompany(s *scene) {
	met, steps, turns, over := make(chan struct{}, 2), make(chan struct{}), make(chan struct{}), make(chan struct{})
	put := func(t *T, into chan<- struct{}) {
		select {
		case into <- struct{}{}:
		case <-over:
		case <-t.Context().Done():
		}
	}
	guest := func(name string, takesTurn func(t *T)) {
		var inside atomic.Int32
		s.prove(name, nil, func(t *T) {
			defer inside.Add(-1)
			switch twice := inside.Add(1) > 1; {
			case twice:
				s.note("%s is proven twice at a time", name)
			case t.number == 1:
				met <- struct{}{}
			default:
				takesTurn(t)
			}
		})
	}
	s.prove("host", nil, func(t *T) {
		switch t.number {
		case 1:
			<-met
			<-met
			t.Errorf("there is company")
		case 4:
			defer close(over)
			for range 20 {
				<-turns
			}
		}
	})
	guest("fast", func(t *T) { put(t, steps) })
	guest("slow", func(t *T) {
		for range 2 {
			select {
			case <-steps:
			case <-over:
				return
			}
		}
		put(t, turns)
	})
}

// besideTheIdle has a claim that fails alongside one that does not apply.
func besideTheIdle(s *scene) {
	s.prove("idle", needNewer, func(*T) { s.note("the body ran") })
	s.prove("fails", nil, func(t *T) { t.Errorf("it failed") })
	s.prove("idle-too", needNewer, func(*T) { s.note("the body ran") })
}

func hangs(s *scene) {
	s.prove("hangs", func(c *claim.Claim) { c.Deadline = 50 * time.Millisecond }, func(t *T) {
		<-t.Context().Done()
		t.Fatalf("the command did not end")
	})
}

func known(s *scene) {
	older := func(c *claim.Claim) {
		c.Known = &claim.Known{Component: "buildkit", Range: "<0.12", Fixed: []string{"v0.12.0"}}
	}
	s.prove("broken", older, func(t *T) { t.Errorf("as known") })
	s.prove("fixed", older, func(*T) {})
	s.prove("news", func(c *claim.Claim) { c.Known = &claim.Known{Component: "buildkit", Range: ">=0.12"} }, func(t *T) { t.Errorf("unheard of") })
}

func panicsThen(s *scene) {
	s.prove("panics-then", nil, func(t *T) {
		if t.number == 2 {
			panic("at last")
		}
		t.Errorf("it failed")
	})
}

func engineDies(s *scene) {
	s.prove("engine-dies", nil, func(t *T) {
		s.down.Store(t.number == 2)
		t.Errorf("try %d went wrong", t.number)
	})
}

func manyVoices(s *scene) {
	s.prove("many-voices", nil, func(t *T) {
		var voices sync.WaitGroup
		for i := range 8 {
			voices.Go(func() {
				t.Logf("voice %d", i)
				t.Log("voice", i)
				t.Errorf("voice %d failed", i)
				t.Error("voice", i)
				t.Cleanup(func() {})
				t.Fact(fmt.Sprint("voice ", i), "heard")
				t.Uses("busybox")
			})
		}
		voices.Wait()
	})
}

func cleansUp(s *scene) {
	s.prove("cleans-up", nil, func(t *T) {
		dir := t.TempDir()
		t.Cleanup(func() {
			if _, err := os.Stat(dir); err != nil {
				s.note("the folder went too early: %v", err)
			}
			s.note("%d: registered first", t.number)
		})
		t.Cleanup(func() {
			t.Cleanup(func() { s.note("%d: registered meanwhile", t.number) })
			s.note("%d: registered last", t.number)
			t.Errorf("the clean-up of try %d went wrong", t.number)
			t.FailNow()
		})
		s.note("%d: body in %t", t.number, filepath.Dir(dir) == t.Env.Dir)
		t.FailNow()
	})
}

func panicsOut(s *scene) {
	s.prove("panics-out", nil, func(t *T) {
		t.Cleanup(func() { s.note("registered first") })
		t.Cleanup(func() { panic("last") })
	})
}

// crowd has many claims, half of which fail each time.
func crowd(s *scene) {
	for i := range 8 {
		s.prove(fmt.Sprint("claim-", i), nil, func(t *T) {
			t.Cleanup(func() { s.note("%s", t.Claim.Name()) })
			if i%2 == 0 {
				t.Errorf("it failed")
			}
		})
	}
}

func firstError(s *scene) {
	s.prove("first-error", nil, func(t *T) {
		t.Cleanup(func() { t.EnvironmentFailed("nothing could be cleaned up") })
		t.EnvironmentFailed("the registry went away")
	})
}

package env

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTroubleIsRemembered(t *testing.T) {
	var w watch
	at := time.Now()
	w.note("the engine did not answer", at, at.Add(time.Second))
	w.note("the engine did not answer", at.Add(2*time.Second), at.Add(3*time.Second))
	w.note("disk full", at.Add(time.Hour), at.Add(time.Hour))

	require.NoError(t, w.between(at.Add(-time.Minute), at.Add(-time.Second)), "it was not so yet")
	require.ErrorContains(t, w.between(at.Add(-time.Minute), at), "the engine did not answer, at ")
	require.ErrorContains(t, w.between(at.Add(2500*time.Millisecond), at.Add(time.Minute)), "the engine did not answer")
	require.NoError(t, w.between(at.Add(4*time.Second), at.Add(time.Minute)), "it was over")
	require.ErrorContains(t, w.between(at, at.Add(2*time.Hour)), "the engine did not answer", "the first comes first")
	require.Len(t, w.seen, 2, "what goes on is one trouble")
}

func TestAWatchSeesWhatIsOverSoon(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := watch{stop: cancel}
	seen := make(chan struct{})
	asked := 0
	w.look(ctx, time.Millisecond, func(context.Context) error {
		asked++
		switch asked {
		case 3:
			return errors.New("disk full")
		case 5:
			close(seen)
		}
		return nil
	})
	<-seen
	w.end()
	require.ErrorContains(t, w.between(time.Now().Add(-time.Minute), time.Now()), "disk full")
}

func TestParseFree(t *testing.T) {
	free, err := parseFree("Filesystem     1024-blocks Used Available Capacity Mounted on\ntmpfs                 1024    4      1020       1% /var/lib/buildkit\n")
	require.NoError(t, err)
	require.Equal(t, uint64(1020<<10), free)
	require.ErrorContains(t, enough(free, "/var/lib/buildkit of the container one"), "disk full: 0 MiB left in /var/lib/buildkit of the container one")
	require.NoError(t, enough(1<<30, "/"))
	for _, text := range []string{"", "df: /var/lib/buildkit: No such file or directory", "a b c d e"} {
		_, err := parseFree(text)
		require.Error(t, err, text)
	}
}

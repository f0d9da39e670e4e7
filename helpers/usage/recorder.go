package usage

import (
	"context"
	"encoding/json"
	"os"
	"sync"
	"time"
)

// Pause is the time between two samples. One takes about a millisecond.
const Pause = time.Second

// Recorder writes samples to a file until it is stopped.
type Recorder struct {
	stop context.CancelFunc
	done sync.WaitGroup
}

// Record starts to write the samples of a meter to a file, which it replaces. The meter
// is made beside the work that it measures. Recording ends with the first sample that
// cannot be written.
func Record(meter func(context.Context) (*Meter, error), path string) (*Recorder, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &Recorder{stop: cancel}
	r.done.Go(func() {
		defer file.Close()
		if m, err := meter(ctx); err == nil {
			record(ctx, m, json.NewEncoder(file))
		}
	})
	return r, nil
}

func record(ctx context.Context, meter *Meter, to *json.Encoder) {
	tick := time.NewTicker(Pause)
	defer tick.Stop()
	for to.Encode(meter.Read()) == nil {
		select {
		case <-ctx.Done():
			_ = to.Encode(meter.Read())
			return
		case <-tick.C:
		}
	}
}

// Stop writes the last sample. It may be called on a nil Recorder.
func (r *Recorder) Stop() {
	if r == nil {
		return
	}
	r.stop()
	r.done.Wait()
}

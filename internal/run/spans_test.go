package run

import (
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

func TestSpansAreFromATestsTurnToItsEnd(t *testing.T) {
	second := func(s int) time.Time { return time.Date(2026, 11, 28, 12, 0, s, 0, time.UTC) }
	process, tests := Spans([]byte(`{"Time":"2026-11-28T12:00:00Z","Action":"start"}
{"Time":"2026-11-28T12:00:01Z","Action":"run","Test":"TestX/a"}
{"Time":"2026-11-28T12:00:01Z","Action":"pause","Test":"TestX/a"}
not a line of the stream
{"Time":"2026-11-28T12:00:04Z","Action":"cont","Test":"TestX/a"}
{"Time":"2026-11-28T12:00:05Z","Action":"attr","Test":"TestX/a","Key":"claim","Value":"x/a"}
{"Time":"2026-11-28T12:00:08Z","Action":"attr","Test":"TestX/a","Key":"verdict","Value":"holds"}
{"Time":"2026-11-28T12:00:08Z","Action":"output","Test":"TestX/a","Output":"--- PASS: TestX/a (3.00s)\n"}
{"Time":"2026-11-28T12:00:09Z","Action":"pass","Test":"TestX/a","Elapsed":3}
{"Time":"2026-11-28T12:00:09Z","Action":"run","Test":"TestX/cut-off"}
{"Time":"2026-11-28T12:00:10Z","Action":"pass","Elapsed":10}
`))
	assert.Equal(t, process, Span{From: second(0), To: second(10)})
	assert.DeepEqual(t, tests, map[string]Span{"TestX/a": {From: second(5), To: second(8)}})
	assert.Equal(t, process.Length(), 10*time.Second)
}

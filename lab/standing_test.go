package lab

import (
	"os"
	"testing"

	"gotest.tools/v3/assert"
)

func TestStandingIsOfOneProgram(t *testing.T) {
	l := &Lab{run: t.TempDir()}
	assert.Equal(t, len(l.readStanding().BuildKits), 0)
	l.writeStanding([]string{"v0.34.2", "v0.11.5"}, []string{"1.7"})
	l.writeStanding([]string{"v0.25.2", "v0.34.2"}, nil)
	s := l.readStanding()
	assert.DeepEqual(t, s.BuildKits, []string{"v0.11.5", "v0.25.2", "v0.34.2"})
	assert.DeepEqual(t, s.Frontends, []string{"1.7"})

	assert.NilError(t, os.WriteFile(l.standingNote(), []byte(`{"program":"another","buildkits":["v0.1.0"]}`), 0o644))
	assert.Equal(t, len(l.readStanding().BuildKits), 0)
	assert.NilError(t, os.WriteFile(l.standingNote(), []byte(`no JSON`), 0o644))
	assert.Equal(t, len(l.readStanding().BuildKits), 0)
}

func TestWhatWasNotMadeDoesNotStand(t *testing.T) {
	l := &Lab{run: t.TempDir()}
	l.writeStanding([]string{"v0.11.5"}, nil)
	assert.Assert(t, !l.stands(t.Context(), []string{"v0.34.2"}, nil))
	assert.Assert(t, !l.stands(t.Context(), nil, []string{"1.10"}))
}

package spec

import (
	"testing"
	"time"

	"builders.test/helpers/claim"
	"builders.test/helpers/env"
	"github.com/docker/docker/api/types/events"
	"github.com/stretchr/testify/require"
)

func TestVictim(t *testing.T) {
	const prefix = "buildx_buildkit_builders-0a1b2c3d-"
	spec := &T{Env: &env.Environment{Run: "0a1b2c3d"}, Claim: claim.Claim{ID: "caching/no-cache"}}
	die := func(name, code string) events.Message {
		return events.Message{Action: events.ActionDie, Actor: events.Actor{ID: name, Attributes: map[string]string{"name": name, "exitCode": code}}}
	}
	gone := func(name string) events.Message {
		return events.Message{Action: events.ActionDestroy, Actor: events.Actor{ID: name}}
	}
	own, shared, others, foreign := prefix+"no-cache-10", prefix+"shared-20", prefix+"stop-10", "buildx_buildkit_team0"
	require.Contains(t, spec.victim([]events.Message{die(own, "137")}), own)
	require.Contains(t, spec.victim([]events.Message{die(shared, "137")}), shared)
	for what, happened := range map[string][]events.Message{
		"it ended well":      {die(own, "0")},
		"it crashed":         {die(own, "2")},
		"the spec removed":   {die(own, "137"), gone(own)},
		"another claim's":    {die(others, "137")},
		"somebody else's":    {die(foreign, "137")},
		"nothing whatsoever": nil,
	} {
		require.Empty(t, spec.victim(happened), what)
	}
}

func TestStamp(t *testing.T) {
	require.Equal(t, "1700000000.000000042", stamp(time.Unix(1700000000, 42)))
}

func TestJumped(t *testing.T) {
	const passed = 3 * time.Second
	require.Empty(t, jumped(passed, passed))
	require.Empty(t, jumped(passed-time.Second, passed), "clocks are set right in small steps")
	require.Equal(t, "the clock of this machine jumped ahead by 2h0m0s while the claim was being tested", jumped(passed+2*time.Hour, passed))
	require.Equal(t, "the clock of this machine jumped back by 1m0s while the claim was being tested", jumped(passed-time.Minute, passed))
}

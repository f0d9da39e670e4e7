package env

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAdviceIsOneWayMore(t *testing.T) {
	e := New()
	require.Equal(t, "start Docker, or point DOCKER_HOST at an engine", e.howToGetAnEngine())
	e.settings = decided([]Option{WithAdvice(Advice{Engine: "run `make engine`"})})
	require.Equal(t, "start Docker, point DOCKER_HOST at an engine, or run `make engine`", e.howToGetAnEngine())
	require.Contains(t, e.settings.advice.CleanUp, "BUILDERS_CLEAN=1 go test")
	require.Equal(t, "`make clean`", AdviceAmong([]Option{WithAdvice(Advice{CleanUp: "`make clean`"})}).CleanUp)
	require.Equal(t, "the path of a plugin", anyOf("the path of a plugin", ""))
}

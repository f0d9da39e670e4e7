package claim

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnIDNamesAFolder(t *testing.T) {
	for id, valid := range map[string]bool{
		"caching/second-build": true, "images/dive-0.12-overlay2": true, "own/App_2": true, "specs/größe": true, "specs/a+b": true,
		"": false, "caching": false, "/a": false, "a/": false, "a/b/c": false, "../a": false, "a/..": false, "../../precious": false,
		"*/*": false, "a/b c": false, "a/\x1b[31m": false, "a/b.try-2": false, "a/-b": false,
	} {
		require.Equal(t, valid, ValidID(id), "%q", id)
	}
}

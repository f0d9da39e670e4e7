package text

import (
	"testing"

	"gotest.tools/v3/assert"
)

func TestWrap(t *testing.T) {
	const sentence = "the state volume of a removed builder is gone"
	assert.Equal(t, Wrap(sentence, 0, 4), sentence, "an unknown width wraps nothing")
	assert.Equal(t, Wrap(sentence, 22, 10), sentence, "too little room wraps nothing")
	assert.Equal(t, Wrap(sentence, 28, 4),
		"the state volume of a\n    removed builder is gone")
	assert.Equal(t, Wrap("https://example.com/a/long/address is whole", 24, 2),
		"https://example.com/a/long/address\n  is whole")
}

func TestCount(t *testing.T) {
	assert.Equal(t, Count(1, "claim"), "1 claim")
	assert.Equal(t, Count(0, "claim"), "0 claims")
}

func TestCut(t *testing.T) {
	assert.Equal(t, Cut("größer", 6), "größer")
	assert.Equal(t, Cut("größer", 4), "grö…")
	assert.Equal(t, Cut("a", 0), "")
}

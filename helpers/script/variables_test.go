package script

import (
	"testing"

	"gotest.tools/v3/assert"
)

func TestVariablesAreSetBeforeTheyAreUsed(t *testing.T) {
	for text, want := range map[string]string{
		"image APP\nrun $APP\n":                                  "",
		"env A=1 B=2\nexec echo $A ${B}\n":                       "",
		"env 'A=b c'\nexec echo $A\n":                            "",
		"registry\nregistry OTHER\nexec echo $REGISTRY $OTHER\n": "",
		"builder one\nexec echo $BUILDER_ONE $HERE $WORK\n":      "",
		"exec sh -c 'for i in 1; do echo $i; done'\n":            "",
		"stdout ^hello$\n":                                       "",
		"exec echo a # of $b\n":                                  "",
		"# $COMMENT\n[arm64] image A\nexec echo $A\n":            "",
		"exec echo hallo\nstdout ^$MACHIN\n":                     "x.txtar:3: nothing sets $MACHIN before this line",
		"run $APP\nimage APP\n":                                  "x.txtar:2: nothing sets $APP before this line",
	} {
		_, err := parse("x.txtar", []byte("# claim: a\n"+text))
		if want == "" {
			assert.NilError(t, err, text)
			continue
		}
		assert.Error(t, err, want)
	}
	_, err := parse("x.txtar", []byte("# claim: a\n# for: one A=1\nexec echo $A\n"))
	assert.NilError(t, err)
}

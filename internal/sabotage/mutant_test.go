package sabotage

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/fs"
)

const program = `package main

import "fmt"

type adder struct{}

func (adder) add(a, b int) (sum int) {
	sum = a + b
	return sum
}

func main() { fmt.Println(adder{}.add(1, 2)) }
`

func TestOverlayChangesWhatIsCompiled(t *testing.T) {
	tree := fs.NewDir(t, "tree", fs.WithFile("go.mod", "module example.test\n"), fs.WithFile("main.go", program))
	run := func(flags ...string) string {
		command := exec.Command("go", append(append([]string{"run"}, flags...), ".")...)
		command.Dir = tree.Path()
		out, err := command.CombinedOutput()
		assert.NilError(t, err, string(out))
		return strings.TrimSpace(string(out))
	}
	overlay, err := Mutation{File: "main.go", Function: "add", Begin: "a = forty()", Declare: "func forty() int { return 40 }"}.Overlay(tree.Path(), t.TempDir())
	assert.NilError(t, err)
	assert.Equal(t, run("-overlay="+overlay), "42")
	assert.Equal(t, run(), "3")
	left, err := os.ReadFile(filepath.Join(tree.Path(), "main.go"))
	assert.NilError(t, err)
	assert.Equal(t, string(left), program)
}

func TestLinesStay(t *testing.T) {
	changed, err := Mutation{File: "main.go", Function: "add", Begin: "return 0"}.apply([]byte(program))
	assert.NilError(t, err)
	assert.Assert(t, strings.HasPrefix(string(changed), strings.Replace(program, "(sum int) {", "(sum int) { return 0;", 1)))
}

func TestRefused(t *testing.T) {
	_, err := Mutation{File: "main.go", Function: "subtract"}.apply([]byte(program))
	assert.ErrorIs(t, err, errNoFunction)
	_, err = Mutation{File: "main.go", Function: "add"}.apply([]byte("no Go"))
	assert.ErrorContains(t, err, "expected 'package'")
	_, err = Mutation{File: "missing.go"}.Overlay(t.TempDir(), t.TempDir())
	assert.ErrorIs(t, err, os.ErrNotExist)
}

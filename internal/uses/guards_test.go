package uses

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"builders.test/helpers/evidence"
	"gotest.tools/v3/assert"
)

func proof(id, text string, commands ...string) Proof {
	p := Proof{ID: id, Text: text}
	for _, c := range commands {
		p.Commands = append(p.Commands, evidence.Stored{Command: evidence.Command{Args: strings.Fields(c), Env: []string{"BUILDX_CONFIG=/tmp/x", "MINE=1"}}})
	}
	return p
}

func TestAClaimGuardsWhatItUses(t *testing.T) {
	tree := fstest.MapFS{
		"fixtures/own/Dockerfile":  {Data: []byte("FROM a\nRUN --mount=type=cache,target=/c true\n")},
		"fixtures/all/Dockerfile":  {Data: []byte("FROM a\nRUN --mount=type=ssh true\n")},
		"fixtures/bake/app.hcl":    {Data: []byte("target \"a\" { tags = [\"b\"] }\n")},
		"fixtures/own/broken.file": {Data: []byte("")},
	}
	proofs := []Proof{
		proof("a/own", "It is so", "docker buildx build --push --output type=local,dest=x fixtures/own"),
		proof("a/bake", "It is so", "docker buildx bake --file fixtures/bake/app.hcl", "docker buildx bake -f fixtures/absent.hcl"),
		proof("a/output", "`--output` writes", "docker buildx build --output type=local,dest=x -f fixtures/own/broken.file fixtures/own", "docker exec x buildctl du"),
	}
	for i := range 40 {
		proofs = append(proofs, proof(fmt.Sprintf("b/%02d", i), "It is so", "docker buildx build --output type=local,dest=x fixtures/all"))
	}
	guards := FromRun(tree, proofs)
	for item, want := range map[Item]string{
		{Flag, "build --push"}:                  "a/own",
		{Flag, "build --output"}:                "a/output",
		{Instruction, "RUN --mount=type=cache"}: "a/own",
		{Instruction, "RUN --mount=type=ssh"}:   "",
		{Bake, "target.tags"}:                   "a/bake",
		{Command, "bake"}:                       "a/bake",
		{Daemon, "debug"}:                       "",
	} {
		assert.Equal(t, strings.Join(guards.Of(item), " "), want, item.String())
	}
	_, err := guards.Encode()
	assert.NilError(t, err)
}

func TestTheListingSaysWhatNoClaimGuards(t *testing.T) {
	found := []Use{
		{Item{Flag, "build --push"}, "a.sh", 1}, {Item{Flag, "build --push"}, "b.sh", 2}, {Item{Flag, "build --push"}, "b.sh", 3}, {Item{Flag, "build --push"}, "b.sh", 4},
		{Item{Flag, "build --load"}, "b.sh", 2},
	}
	listing := List(found, Guards{"flag build --push": {"output/push", "output/push-nodes"}})
	var text, coded bytes.Buffer
	assert.NilError(t, listing.Write(&text))
	assert.Equal(t, text.String(), `USED               WHERE                              GUARDED BY
flag build --push  a.sh:1, b.sh:2 and more, 4 places  output/push, output/push-nodes
flag build --load  b.sh:2                             no claim

2 used: 1 guarded by claims, 1 by none
`)
	assert.NilError(t, listing.JSON(&coded))
	assert.Assert(t, strings.Contains(coded.String(), `"claims": []`), coded.String())
}

func TestTheKeptGuardsCanBeRead(t *testing.T) {
	guards, err := Kept()
	assert.NilError(t, err)
	assert.Assert(t, len(guards.Of(Item{Flag, "build --push"})) > 0)
}

func TestGuardsOfSeveralRuns(t *testing.T) {
	one := Guards{"flag build --load": {"output/load"}, "flag build --push": {"output/gone"}}
	other := Guards{"flag build --load": {"caching/loaded-image", "output/load"}}
	exists := func(id string) bool { return id != "output/gone" }
	assert.DeepEqual(t, one.And(other, exists), Guards{"flag build --load": {"caching/loaded-image", "output/load"}})
}

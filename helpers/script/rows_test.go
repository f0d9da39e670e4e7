package script

import (
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/fs"
)

func TestATableIsAClaimForEachRow(t *testing.T) {
	dir := fs.NewDir(t, "specs", fs.WithFile("app.txtar", "# claim: it builds for $PLATFORM, costs $5\n# for: amd64 PLATFORM=linux/amd64 X=\n# for: arm64 PLATFORM=linux/arm64 X=a=b\nbuild --platform $PLATFORM .\n"),
		fs.WithFile("plain.txtar", "# claim: it builds\n# for: one A=1\nbuild .\n"))
	all, err := Folder(dir.Path())
	assert.NilError(t, err)
	var names, texts []string
	for _, one := range all {
		names = append(names, one.Claim.Name())
		texts = append(texts, one.Claim.Text)
	}
	assert.DeepEqual(t, names, []string{"app-amd64", "app-arm64", "plain-one"})
	assert.DeepEqual(t, texts, []string{"it builds for linux/amd64, costs $5", "it builds for linux/arm64, costs $5", "it builds (one)"})
	assert.DeepEqual(t, all[1].set, []string{"PLATFORM=linux/arm64", "X=a=b"})
}

func TestMistakesInATable(t *testing.T) {
	for line, want := range map[string]string{
		"":                    "for needs a name and at least one variable",
		"amd64":               "for needs a name and at least one variable",
		"amd64 PLATFORM":      `for: "PLATFORM" sets no variable`,
		"Amd64 A=1":           `for: the name "Amd64" is not made of`,
		"a A=1\n# for: a A=2": `for: there are two rows with the name "a"`,
		"a A=1\n# for: b B=2": "for: the row b sets B, but a sets A",
	} {
		_, err := parse("x.txtar", []byte("# claim: a\n# for: "+line+"\nbuild .\n"))
		assert.ErrorContains(t, err, want)
	}
}

func TestTakesTurns(t *testing.T) {
	for line, turns := range map[string]bool{
		"build --load -t app:1 .":             true,
		"build --load -t $APP .":              false,
		"build .":                             false,
		"bake --load":                         true,
		"exec docker buildx bake app":         true,
		"bake --print":                        false,
		"bake --set app.tags=$APP --load app": false,
		"exec docker compose up -d":           true,
		"# bake":                              false,
		"build -o type=docker,name=app:1 .":   true,
		"run app:1":                           false,
	} {
		assert.Equal(t, takesTurns([]byte("# claim: a\n"+line+"\n")) != "", turns, line)
	}
}

package gobuild

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"builders.test/lab/problem"
	"golang.org/x/mod/module"
)

//go:embed sums.txt
var sumsText string

// knownSum is the checksum of a module that this release of the lab knows.
func knownSum(path, version string) (string, bool) {
	for line := range strings.Lines(sumsText) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == path && fields[1] == version {
			return fields[2], true
		}
	}
	return "", false
}

// verifiable refuses a module that nobody would verify: the lab has no checksum
// of it, and the go command was told not to ask the checksum database.
func verifiable(ctx context.Context, path, version string) error {
	if _, ok := knownSum(path, version); ok {
		return nil
	}
	out, err := goCommand(ctx, "env", "-json", "GOSUMDB", "GONOSUMDB")
	if err != nil {
		return err
	}
	var set struct{ GOSUMDB, GONOSUMDB string }
	if err := json.Unmarshal([]byte(out), &set); err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	how := ""
	switch {
	case set.GOSUMDB == "off":
		how = "GOSUMDB=off"
	case module.MatchPrefixPatterns(set.GONOSUMDB, path):
		how = "GONOSUMDB=" + set.GONOSUMDB
	default:
		return nil
	}
	return problem.New("verifying "+path+"@"+version,
		"the lab has no checksum of it, and "+how+" keeps the go command from asking the checksum database",
		"set GOSUMDB=sum.golang.org and GONOSUMDB= for this command")
}

// verify compares a module with what the lab knows of it.
func verify(path, version, sum string) error {
	known, ok := knownSum(path, version)
	if !ok || known == sum {
		return nil
	}
	return problem.New("verifying "+path+"@"+version,
		fmt.Sprintf("its checksum is %s and should be %s: it is another one than was published", sum, known),
		"see where the go command gets modules from (go env GOPROXY), run `go clean -modcache` and try again")
}

package script

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"builders.test/helpers/cli"
)

// elsewhere are contexts that are no folder: standard input, and what BuildKit fetches.
var elsewhere = regexp.MustCompile(`^-$|://|^git@|^github\.com/|\.git(#.*)?$`)

// present returns a mistake if a build's context, or the Dockerfile that it names, is not
// there: nothing would be built, on any BuildKit.
func present(dir string, args []string) error {
	context := args[len(args)-1]
	if elsewhere.MatchString(context) {
		return nil
	}
	if err := there(dir, context); err != nil {
		return mistake{fmt.Errorf("the build's context %w", err)}
	}
	files := cli.ValuesOf(args, "-f", "--file")
	// Without -f either spelling will do.
	if len(files) == 0 && there(dir, filepath.Join(context, "dockerfile")) != nil {
		files = []string{filepath.Join(context, "Dockerfile")}
	}
	for _, file := range files {
		if elsewhere.MatchString(file) {
			continue
		}
		if err := there(dir, file); err != nil {
			return mistake{fmt.Errorf("the Dockerfile %w", err)}
		}
	}
	for _, secret := range cli.ValuesOf(args, "--secret") {
		fields := fieldsOf(secret)
		if source := cmp.Or(fields["src"], fields["source"]); source != "" {
			if err := there(dir, source); err != nil {
				return mistake{fmt.Errorf("the secret %w", err)}
			}
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func there(dir, path string) error {
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s does not exist", path)
	}
	return nil
}

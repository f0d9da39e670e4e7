package script

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

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
	if len(files) == 1 {
		if err := stageThere(dir, files[0], cli.ValuesOf(args, "--target")); err != nil {
			return mistake{err}
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

// stage matches the beginning of a stage of a Dockerfile, with its name if it has one.
var stage = regexp.MustCompile(`(?im)^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*\S+(?:[ \t]+AS[ \t]+(\S+))?`)

// unfinished matches the beginning of a stage that goes on in the next line.
var unfinished = regexp.MustCompile("(?im)^[ \\t]*FROM\\b.*[\\\\`][ \\t]*$")

// stageThere returns an error if a Dockerfile has no stage of the name that a build asks
// for. A Dockerfile that cannot be read here, or that some other frontend reads, may
// have any.
func stageThere(dir, file string, targets []string) error {
	if len(targets) == 0 || elsewhere.MatchString(file) {
		return nil
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(dir, file)
	}
	content, err := os.ReadFile(file)
	found := stage.FindAllStringSubmatch(string(content), -1)
	if err != nil || len(found) == 0 || unfinished.Match(content) {
		return nil
	}
	var names []string
	for number, one := range found {
		if one[1] != "" {
			names = append(names, one[1])
		}
		if target := targets[len(targets)-1]; strings.EqualFold(one[1], target) || strconv.Itoa(number) == target {
			return nil
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("%s has no stage %s: none has a name", filepath.Base(file), targets[len(targets)-1])
	}
	return fmt.Errorf("%s has no stage %s, only %s", filepath.Base(file), targets[len(targets)-1], strings.Join(names, ", "))
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

package evidence

import (
	"cmp"
	"encoding/json"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Stored is a command as stored in a claim's folder, without its output.
type Stored struct {
	Command
	// Dir is its folder, relative to the report's; see [StdoutFile] and the like.
	Dir string
}

// Commands reads the commands that were run for a claim, in order, from a folder of
// evidence within the report's. It leaves out whatever it cannot read: evidence is
// useful even in part, and the verdict does not depend on it.
func Commands(run fs.FS, folder string) []Stored {
	entries, err := fs.ReadDir(run, folder)
	if err != nil {
		return nil
	}
	slices.SortStableFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(number(a.Name()), number(b.Name())) })
	var all []Stored
	for _, entry := range entries {
		one := Stored{Dir: path.Join(folder, entry.Name())}
		about, err := fs.ReadFile(run, path.Join(one.Dir, CommandFile))
		if err != nil || json.Unmarshal(about, &one.Command) != nil {
			continue
		}
		all = append(all, one)
	}
	return all
}

// number returns what a name begins with: the position of a command.
func number(name string) int {
	digits, _, _ := strings.Cut(name, "-")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return -1
	}
	return n
}

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

// Stored is a command as it lies in a claim's folder, without what it printed.
type Stored struct {
	Command
	// Dir is its folder, relative to the report's; see [StdoutFile] and the like.
	Dir string
}

// Commands reads what was run for a claim, in order, out of a folder of evidence
// within the report's. Whatever cannot be read is left out: evidence is of use even
// in part, and the verdict does not hang on it.
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

// number is what a name begins with: the place of a command in its order.
func number(name string) int {
	digits, _, _ := strings.Cut(name, "-")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return -1
	}
	return n
}

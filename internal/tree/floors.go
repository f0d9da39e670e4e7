package tree

import (
	"fmt"
	"slices"
	"strings"
)

// Floors sorts rooms by what they build on: each is on the floor above the
// highest one that it imports, and those that import none are on the first.
func Floors(rooms []Room) ([][]Room, error) {
	left := slices.Clone(rooms)
	done := map[string]bool{}
	var floors [][]Room
	for len(left) > 0 {
		var floor, above []Room
		for _, r := range left {
			if slices.ContainsFunc(r.Imports, func(name string) bool { return !done[name] }) {
				above = append(above, r)
			} else {
				floor = append(floor, r)
			}
		}
		if len(floor) == 0 {
			return nil, fmt.Errorf("rooms import each other in a cycle: %s", strings.Join(names(left), ", "))
		}
		for _, r := range floor {
			done[r.Name] = true
		}
		floors, left = append(floors, floor), above
	}
	return floors, nil
}

func names(rooms []Room) []string {
	var all []string
	for _, r := range rooms {
		all = append(all, r.Name)
	}
	return all
}

// direct keeps of each room's imports only those that it does not also have by
// way of another import.
func direct(rooms []Room) []Room {
	imports := map[string][]string{}
	for _, r := range rooms {
		imports[r.Name] = r.Imports
	}
	var reaches func(from, to string) bool
	reaches = func(from, to string) bool {
		return slices.ContainsFunc(imports[from], func(next string) bool { return next == to || reaches(next, to) })
	}
	reduced := slices.Clone(rooms)
	for i, r := range rooms {
		reduced[i].Imports = slices.DeleteFunc(slices.Clone(r.Imports), func(name string) bool {
			return slices.ContainsFunc(r.Imports, func(other string) bool { return other != name && reaches(other, name) })
		})
	}
	return reduced
}

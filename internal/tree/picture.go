package tree

import (
	"fmt"
	"slices"
	"strings"
)

// box shows rooms with the same dependencies and the same dependents together.
type box struct {
	rooms []string
	// on are the boxes below it, by their first rooms.
	on []string
}

func (b box) name() string { return b.rooms[0] }

// boxes draws rooms as boxes, without an arrow if others lead there as well.
func boxes(rooms []Room) []box {
	rooms = direct(rooms)
	above := map[string][]string{}
	for _, r := range rooms {
		for _, name := range r.Imports {
			above[name] = append(above[name], r.Name)
		}
	}
	var all []box
	places, boxOf := map[string]int{}, map[string]string{}
	for _, r := range rooms {
		place := fmt.Sprint(above[r.Name], r.Imports)
		at, taken := places[place]
		if !taken {
			at = len(all)
			places[place] = at
			all = append(all, box{on: r.Imports})
		}
		all[at].rooms = append(all[at].rooms, r.Name)
		boxOf[r.Name] = all[at].name()
	}
	for i, b := range all {
		var on []string
		for _, name := range b.on {
			on = append(on, boxOf[name])
		}
		slices.Sort(on)
		all[i].on = slices.Compact(on)
	}
	return all
}

// within keeps the chosen rooms and those that they build on.
func within(rooms []Room, chosen func(Room) bool) []Room {
	byName, kept := map[string]Room{}, map[string]bool{}
	for _, r := range rooms {
		byName[r.Name] = r
	}
	var keep func(string)
	keep = func(name string) {
		if !kept[name] {
			kept[name] = true
			for _, other := range byName[name].Imports {
				keep(other)
			}
		}
	}
	for _, r := range rooms {
		if chosen(r) {
			keep(r.Name)
		}
	}
	return slices.DeleteFunc(slices.Clone(rooms), func(r Room) bool { return !kept[r.Name] })
}

// joined merges all rooms of a folder into one, which is named after the folder.
func joined(rooms []Room, folder string) []Room {
	whole := Room{Name: folder}
	name := func(room string) string {
		if strings.HasPrefix(room, folder+"/") {
			return folder
		}
		return room
	}
	var all []Room
	for _, r := range rooms {
		var imports []string
		for _, other := range r.Imports {
			if other = name(other); other != name(r.Name) {
				imports = append(imports, other)
			}
		}
		slices.Sort(imports)
		r.Imports = slices.Compact(imports)
		if name(r.Name) != folder {
			all = append(all, r)
		} else {
			whole.Imports = append(whole.Imports, r.Imports...)
		}
	}
	slices.Sort(whole.Imports)
	whole.Imports = slices.Compact(whole.Imports)
	return append(all, whole)
}

// mermaid writes boxes as a flow chart, which GitHub draws.
func mermaid(all []box) string {
	var chart strings.Builder
	chart.WriteString("```mermaid\nflowchart TB\n")
	for _, b := range all {
		var labels []string
		for _, room := range b.rooms {
			labels = append(labels, label(room))
		}
		fmt.Fprintf(&chart, "  %s[\"%s\"]\n", id(b.name()), strings.Join(labels, "<br>"))
	}
	for _, b := range all {
		for _, other := range b.on {
			fmt.Fprintf(&chart, "  %s --> %s\n", id(b.name()), id(other))
		}
	}
	chart.WriteString("```\n")
	return chart.String()
}

// label is how people call a room.
func label(room string) string {
	if room == "." {
		return "the chapters"
	}
	return strings.TrimPrefix(strings.TrimPrefix(room, "helpers/"), "internal/")
}

// id returns a room's name as Mermaid accepts it: "end" is a keyword there.
func id(room string) string {
	return "r-" + strings.NewReplacer("/", "-", ".", "chapters").Replace(room)
}

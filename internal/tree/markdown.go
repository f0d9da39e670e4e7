package tree

import (
	"fmt"
	"slices"
	"strings"
)

const (
	head = `# Architecture

Generated from the tree by ` + "`make docs`" + `; a test fails if it is stale. A room is a package with its
subpackages. An arrow says that a room depends on another; it is omitted if other arrows lead there as well.
Rooms in one box have the same dependencies and the same dependents. Rooms that exist for their tests
appear only in the table.

## What claims are written with

`
	between = `
## What runs them and shows the results

`
	foot = `
## The rooms, floor by floor

Each room depends only on lower floors. Lines are lines of Go without tests, rounded to 1, 2, 5, 10, 20, 50 …
For the chapters, and other rooms that exist for their tests, the tests count.

| floor | room | lines | purpose |
|---|---|---|---|
`
)

// Markdown returns the page that shows the rooms.
func Markdown(rooms []Room) (string, error) {
	floors, err := Floors(rooms)
	if err != nil {
		return "", err
	}
	var page strings.Builder
	page.WriteString(head + mermaid(boxes(specs(rooms))) + between + mermaid(boxes(command(rooms))) + foot)
	for i, floor := range slices.Backward(floors) {
		for _, r := range floor {
			fmt.Fprintf(&page, "| %d | %s | %d | %s |\n", i+1, link(r.Name), rough(r.Lines), strings.ReplaceAll(r.About, "|", `\|`))
		}
	}
	return page.String(), nil
}

// specs returns the chapters and what they are written with.
func specs(rooms []Room) []Room {
	return within(rooms, func(r Room) bool { return r.Name == "." })
}

// command returns what the commands are made of, with the helpers as one room.
func command(rooms []Room) []Room {
	return within(joined(joined(rooms, "helpers"), "cmd"), func(r Room) bool { return r.Name == "cmd" })
}

func link(room string) string {
	if room == "." {
		return "the chapters"
	}
	return fmt.Sprintf("[%s](../%s)", room, room)
}

// rough returns a count that does not change with each commit: the nearest of 1,
// 2, 5, 10, 20, 50 and so on, on a logarithmic scale.
func rough(count int) int {
	for step := 1; ; step *= 10 {
		for _, size := range []struct{ this, next int }{{step, 2 * step}, {2 * step, 5 * step}, {5 * step, 10 * step}} {
			if count*count < size.this*size.next {
				return size.this
			}
		}
	}
}

package tree

import (
	"fmt"
	"slices"
	"strings"
)

const (
	head = `# How the parts lie

Drawn from the tree by ` + "`make docs`" + `; a test fails when it is stale. A room is a package with those
below it. An arrow says that a room builds on another; it is left out where others lead there as well.
Rooms in one box build on the same and are built on by the same. Those that are there for their tests
are below only.

## What claims are written with

`
	between = `
## What runs them and shows what came of it

`
	foot = `
## The rooms, floor by floor

Each builds on rooms of lower floors only. Lines are of Go, without tests, and rough: 1, 2, 5, 10, 20, 50 …
Of the chapters, and of other rooms that are there for their tests, the tests count.

| floor | room | lines | what it is for |
|---|---|---|---|
`
)

// Markdown is the page that shows the rooms.
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

// specs are the chapters and what they are written with.
func specs(rooms []Room) []Room {
	return within(rooms, func(r Room) bool { return r.Name == "." })
}

// command is what the commands are made of, with the helpers as one room.
func command(rooms []Room) []Room {
	return within(joined(joined(rooms, "helpers"), "cmd"), func(r Room) bool { return r.Name == "cmd" })
}

func link(room string) string {
	if room == "." {
		return "the chapters"
	}
	return fmt.Sprintf("[%s](../%s)", room, room)
}

// rough is a count that does not change with each commit: the nearest of
// 1, 2, 5, 10, 20, 50 and so on, as one compares sizes.
func rough(count int) int {
	for step := 1; ; step *= 10 {
		for _, size := range []struct{ this, next int }{{step, 2 * step}, {2 * step, 5 * step}, {5 * step, 10 * step}} {
			if count*count < size.this*size.next {
				return size.this
			}
		}
	}
}

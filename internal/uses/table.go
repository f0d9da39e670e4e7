package uses

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Listing is what a project uses, and which claims guard it.
type Listing struct {
	Items []Listed `json:"items"`
}

// Listed is an item with the places where it is used and the claims that guard it.
type Listed struct {
	Item
	Places []string `json:"places"`
	Claims []string `json:"claims"`
}

// List joins uses with guards.
func List(found []Use, guards Guards) Listing {
	places := map[Item][]string{}
	for _, use := range found {
		places[use.Item] = append(places[use.Item], use.Place())
	}
	var l Listing
	for _, item := range Items(found) {
		claims := guards.Of(item)
		if claims == nil {
			claims = []string{}
		}
		l.Items = append(l.Items, Listed{Item: item, Places: places[item], Claims: claims})
	}
	return l
}

// JSON writes the listing for programs.
func (l Listing) JSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(l)
}

// Write writes the listing as a table, what no claim guards last.
func (l Listing) Write(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "USED\tWHERE\tGUARDED BY")
	guarded := 0
	for _, item := range l.Items {
		if len(item.Claims) > 0 {
			guarded++
			fmt.Fprintf(table, "%s\t%s\t%s\n", item.Item, some(item.Places, "places"), some(item.Claims, "claims"))
		}
	}
	for _, item := range l.Items {
		if len(item.Claims) == 0 {
			fmt.Fprintf(table, "%s\t%s\tno claim\n", item.Item, some(item.Places, "places"))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%d used: %d guarded by claims, %d by none\n", len(l.Items), guarded, len(l.Items)-guarded)
	return err
}

// shown is how many of many are named.
const shown = 3

func some(all []string, what string) string {
	if len(all) <= shown {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and more, %d %s", strings.Join(all[:shown-1], ", "), len(all), what)
}

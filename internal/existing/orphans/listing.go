package orphans

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"builders.test/internal/text"
	"github.com/docker/go-units"
)

// Listing is what was found.
type Listing struct {
	// Config is the configuration of buildx by whose records things are judged.
	Config string `json:"config"`
	// Engine is where they are.
	Engine  string   `json:"engine"`
	Orphans []Orphan `json:"orphans"`
	// Elsewhere counts the nodes on other engines.
	Elsewhere int `json:"elsewhere"`
}

// JSON writes the listing for programs.
func (l Listing) JSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(l)
}

// Write writes the listing as a table, with the commands that remove what is listed.
func (l Listing) Write(out io.Writer) error {
	if len(l.Orphans) > 0 {
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "KIND\tNAME\tSIZE\tWHY\tREMOVE IT WITH")
		for _, o := range l.Orphans {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", o.Kind, o.Name, size(o.Bytes), o.Why, o.Remove)
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "%s, %s; nothing was removed\n", text.Count(len(l.Orphans), "orphan"), units.HumanSize(float64(Total(l.Orphans))))
	fmt.Fprintf(out, "judged by the records in %s: a builder of another user, or of another configuration, is not known there\n", l.Config)
	if l.Elsewhere > 0 {
		fmt.Fprintf(out, "%s on other engines: not judged\n", text.Count(l.Elsewhere, "node"))
	}
	return nil
}

func size(bytes int64) string {
	if bytes < 0 {
		return "–"
	}
	return units.HumanSize(float64(bytes))
}

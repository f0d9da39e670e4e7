// Command saboteur is a buildx plugin that is wrong on purpose. It is built by
// `builders selftest` for one sabotage at a time and is of no use otherwise.
package main

import (
	"fmt"
	"os"

	"builders.test/internal/sabotage"
)

// Set by the linker: the name of the sabotage, the path of the real plugin, and
// the addresses of the lab's mirror and of the one that lies.
var name, path, mirror, lying string

func main() {
	s, ok := sabotage.Find(name)
	if !ok {
		fmt.Fprintf(os.Stderr, "saboteur: no sabotage is called %q; `builders selftest` builds this command\n", name)
		os.Exit(2)
	}
	code, err := s.Run(sabotage.Real{Path: path, Mirror: mirror, Lying: lying}, os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "saboteur: %v\n", err)
		code = 1
	}
	os.Exit(code)
}

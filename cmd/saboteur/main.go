// Command saboteur is a buildx plugin with a deliberate fault. It is built by `builders
// selftest` for one sabotage at a time and is of no use otherwise.
package main

import (
	"fmt"
	"os"

	"builders.test/internal/sabotage"
)

// Set by the linker: the name of the sabotage, and the path of the real plugin.
var name, path string

func main() {
	s, ok := sabotage.Find(name)
	if !ok {
		fmt.Fprintf(os.Stderr, "saboteur: no sabotage is called %q; `builders selftest` builds this command\n", name)
		os.Exit(2)
	}
	code, err := s.Run(path, os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "saboteur: %v\n", err)
		code = 1
	}
	os.Exit(code)
}

// Command saboteur is a buildx plugin with a deliberate fault. `builders selftest`
// builds it for one sabotage at a time; it has no other use.
package main

import (
	"os"

	"builders.test/internal/sabotage"
)

// Set by the linker: the name of the sabotage, and the path of the real plugin.
var name, path string

func main() { os.Exit(sabotage.Main(name, path, os.Args[1:])) }

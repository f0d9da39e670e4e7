// Command saboteur is a buildx plugin with a deliberate fault. It is built by `builders
// selftest` for one sabotage at a time and is of no use otherwise.
package main

import (
	"os"

	"builders.test/internal/sabotage"
)

// Set by the linker: the name of the sabotage, and the path of the real plugin.
var name, path string

func main() { os.Exit(sabotage.Main(name, path, os.Args[1:])) }

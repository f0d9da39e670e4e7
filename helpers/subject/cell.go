package subject

import (
	"fmt"
	"slices"
	"strings"
)

// Cell is how the subject is run: with which buildx driver, on an engine with
// which image store. Empty fields were not chosen.
type Cell struct{ Driver, Store string }

// The drivers that a claim can be proven with.
const (
	DriverContainer = "docker-container"
	DriverDocker    = "docker"
	DriverRemote    = "remote"
)

// Drivers lists the values of DRIVER.
var Drivers = []string{DriverContainer, DriverDocker, DriverRemote}

// The image stores that an engine can have.
const (
	StoreContainerd = "containerd"
	StoreOverlay2   = "overlay2"
)

// Stores lists the values of STORE.
var Stores = []string{StoreContainerd, StoreOverlay2}

// ParseCell reads DRIVER and STORE.
func ParseCell(driver, store string) (Cell, error) {
	if err := oneOf("DRIVER", driver, Drivers); err != nil {
		return Cell{}, err
	}
	return Cell{driver, store}, oneOf("STORE", store, Stores)
}

func oneOf(variable, word string, known []string) error {
	if word == "" || slices.Contains(known, word) {
		return nil
	}
	return fmt.Errorf("%s=%s is none of %s; choose one, or leave it out", variable, word, strings.Join(known, ", "))
}

// Chosen reports whether anything was chosen.
func (c Cell) Chosen() bool { return c != Cell{} }

// String returns what was chosen as arguments of make, for example "DRIVER=docker
// STORE=overlay2".
func (c Cell) String() string {
	var words []string
	if c.Driver != "" {
		words = append(words, "DRIVER="+c.Driver)
	}
	if c.Store != "" {
		words = append(words, "STORE="+c.Store)
	}
	return strings.Join(words, " ")
}

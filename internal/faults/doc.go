// Package faults does to runs what the world does to them: it kills them, takes
// the engine and the registry away under them, fills their disk. Its tests need
// the lab to themselves and are run by `make faults`.
package faults

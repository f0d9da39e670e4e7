// Package faults injects faults into runs: it kills them, stops their engine and
// registry, fills their disk. Its tests need the lab to themselves and are run by `make
// faults`.
package faults

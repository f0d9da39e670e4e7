package registry

import (
	"testing"

	"builders.test/lab/site"
)

func TestThePortStays(t *testing.T) {
	r := New(site.At(t.TempDir(), nil), nil)
	port, err := r.port()
	if err != nil {
		t.Fatal(err)
	}
	again, err := r.port()
	if err != nil || again != port {
		t.Errorf("ports %d and %d, %v", port, again, err)
	}
	if mirror, err := r.Mirror(); err != nil || mirror != mirrorAt(port) {
		t.Errorf("mirror %s, %v", mirror, err)
	}
}

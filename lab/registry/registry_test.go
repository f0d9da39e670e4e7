package registry

import (
	"testing"

	"builders.test/lab/place"
	"builders.test/lab/settings"
)

func TestThePortStays(t *testing.T) {
	p := place.At(t.TempDir())
	r := New(p, nil, &settings.File{Path: p.Path("lab.json")}, nil)
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

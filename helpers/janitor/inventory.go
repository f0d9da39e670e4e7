package janitor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"
)

// Inventory is everything on the engines and on this machine that a run could
// touch, its own and everyone else's.
type Inventory []Object

// TakeInventory looks at everything.
func TakeInventory(ctx context.Context, engines ...*client.Client) (Inventory, error) {
	all, err := each(engines, func(i int, engine *client.Client) ([]Object, error) {
		here, err := list(ctx, engine, []lister{containers, volumes, images, networks})
		for j := range here {
			here[j].ID = on(i) + here[j].ID
		}
		return withChildren(here), err
	})
	if err != nil {
		return nil, err
	}
	found, err := thisMachine.objects()
	return append(all, found...), err
}

// on begins the id of an object of an engine, by its place: the same name on two engines
// means two objects.
func on(engine int) string { return fmt.Sprintf("%d ", engine) }

// images returns the ids of the images on an engine, given by its place.
func (i Inventory) images(engine int) []string {
	ids := []string{}
	for _, object := range i {
		if object.Kind == "image" && strings.HasPrefix(object.ID, on(engine)) {
			ids = append(ids, object.State)
		}
	}
	return ids
}

// anonymous matches the name that an engine gives to an unnamed volume.
var anonymous = regexp.MustCompile(`^[0-9a-f]{64}$`)

// withChildren gives unnamed volumes to the run whose container uses them: they
// come and go with it.
func withChildren(here Inventory) Inventory {
	users := map[string]string{}
	for _, object := range here {
		for _, volume := range object.uses {
			users[volume] = object.Run
		}
	}
	for i, object := range here {
		if object.Kind == "volume" && object.Run == "" && anonymous.MatchString(object.Name) {
			here[i].Run = users[object.Name]
		}
	}
	return here
}

// enginesOwn are the networks that an engine recreates whenever it starts.
var enginesOwn = []string{"bridge", "host", "none"}

func networks(ctx context.Context, engine *client.Client) ([]Object, error) {
	all, err := engine.NetworkList(ctx, network.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list networks: %w", err)
	}
	var objects []Object
	for _, n := range all {
		object := Object{Kind: "network", Name: n.Name, ID: n.ID, Run: ownerOf(n.Labels, n.Name)}
		if slices.Contains(enginesOwn, n.Name) {
			object.ID = n.Name
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// Change is what happened to an object that is not the run's.
type Change struct {
	Object
	what change
}

// String says what happened to which object.
func (c Change) String() string { return c.Object.String() + " " + string(c.what) }

// Difference is what has changed since before a run, sorted by who answers for
// it, as the package documentation says.
type Difference struct {
	// Left is what the run owns and did not remove.
	Left []Object
	// Faults are changes by the run to objects that are not its own.
	Faults []Change
	// Beside are changes that may not be the run's doing.
	Beside []Change
}

// Since returns the differences from an earlier inventory, as seen by the run with the id.
// What other runs own is theirs to change.
func (i Inventory) Since(before Inventory, run string) Difference {
	var d Difference
	was, is := before.byKey(), i.byKey()
	for _, key := range slices.Sorted(maps.Keys(is)) {
		object := is[key]
		old, known := was[key]
		switch {
		case object.Run != "" && object.Run == run && !object.probe:
			d.Left = append(d.Left, object)
		case object.Run != "" && object.Run != run:
		case !known:
			d.judge(object, appeared)
		case old.State != object.State:
			d.judge(object, changed)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(was)) {
		if _, still := is[key]; !still && was[key].Run == "" {
			d.judge(was[key], gone)
		}
	}
	return d
}

func (d *Difference) judge(object Object, what change) {
	switch rules[object.Kind][what] {
	case fault:
		d.Faults = append(d.Faults, Change{object, what})
	case note:
		d.Beside = append(d.Beside, Change{object, what})
	}
}

// Without leaves out the images with these names, which are taken care of elsewhere.
func (d Difference) Without(images []string) Difference {
	d.Beside = slices.DeleteFunc(slices.Clone(d.Beside), func(c Change) bool {
		return c.Kind == "image" && slices.Contains(images, c.Name)
	})
	return d
}

// Has reports whether an object was there.
func (i Inventory) Has(object Object) bool {
	return slices.ContainsFunc(i, func(x Object) bool { return x.Kind == object.Kind && x.ID == object.ID })
}

func (i Inventory) byKey() map[string]Object {
	keyed := map[string]Object{}
	for _, object := range i {
		keyed[object.Kind+" "+object.ID] = object
	}
	return keyed
}

// Err lists, one per line, what a run must not have done; nil if there is
// nothing.
func (d Difference) Err() error {
	var errs []error
	if len(d.Left) > 0 {
		errs = append(errs, Left{fmt.Errorf("the run left %s", join(d.Left))})
	}
	if len(d.Faults) > 0 {
		errs = append(errs, fmt.Errorf("since the run began, %s; unless you did it, report it to the authors of the specs", join(d.Faults)))
	}
	return errors.Join(errs...)
}

// noted is how many changes a note names.
const noted = 5

// Note says in one line what may not be the run's doing; empty if there is
// nothing. It names what is gone or changed, and counts what is new.
func (d Difference) Note() string {
	var parts []string
	kinds := map[string]int{}
	rest := 0
	for _, c := range d.Beside {
		switch {
		case c.what == appeared:
			kinds[c.Kind]++
		case len(parts) < noted:
			parts = append(parts, c.String())
		default:
			rest++
		}
	}
	if rest > 0 {
		parts = append(parts, fmt.Sprintf("%d more like these", rest))
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		parts = append(parts, fmt.Sprintf("%d × %s appeared", kinds[kind], kind))
	}
	if len(parts) == 0 {
		return ""
	}
	return "since the run began, " + strings.Join(parts, ", ") + "; nothing shows that the run did it, so another user may have"
}

func join[T fmt.Stringer](objects []T) string {
	names := make([]string, 0, len(objects))
	for _, object := range objects {
		names = append(names, object.String())
	}
	return strings.Join(names, ", ")
}

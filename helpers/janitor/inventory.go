package janitor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"
)

// Inventory is what there is on the engines and on this machine that a run
// could touch, its own and everybody else's.
type Inventory []Thing

// TakeInventory looks at everything.
func TakeInventory(ctx context.Context, engines ...*client.Client) (Inventory, error) {
	var all Inventory
	for i, engine := range engines {
		for _, list := range []func(context.Context, *client.Client) ([]Thing, error){containers, volumes, images, networks} {
			things, err := list(ctx, engine)
			if err != nil {
				return nil, err
			}
			for _, thing := range things {
				// The same name on two engines is two things.
				thing.ID = fmt.Sprintf("%d %s", i, thing.ID)
				all = append(all, thing)
			}
		}
	}
	found, err := thisMachine.things()
	return append(all, found...), err
}

// enginesOwn are the networks that an engine makes anew whenever it starts.
var enginesOwn = []string{"bridge", "host", "none"}

func networks(ctx context.Context, engine *client.Client) ([]Thing, error) {
	all, err := engine.NetworkList(ctx, network.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list networks: %w", err)
	}
	var things []Thing
	for _, n := range all {
		thing := Thing{Kind: "network", Name: n.Name, ID: n.ID, Run: owner(ownedName, n.Name)}
		if slices.Contains(enginesOwn, n.Name) {
			thing.ID = n.Name
		}
		things = append(things, thing)
	}
	return things, nil
}

// Difference is what a run changed.
type Difference struct {
	// Left is what the run owns and did not remove.
	Left []Thing
	// Gone, Changed and New are somebody else's: what was there before and is
	// not now, what is otherwise now, and what is new on an engine and has
	// nobody's name on it.
	Gone, Changed, New []Thing
}

// Since tells what is different from an earlier inventory. What other runs than
// the one with the id own is theirs to change.
func (after Inventory) Since(before Inventory, run string) Difference {
	var d Difference
	was, is := before.byKey(), after.byKey()
	for _, key := range slices.Sorted(maps.Keys(is)) {
		thing := is[key]
		old, known := was[key]
		switch {
		case thing.Run != "" && thing.Run == run:
			d.Left = append(d.Left, thing)
		case thing.Run != "":
		case !known && !thing.onEngine():
			// The machine is everybody's.
		case !known:
			d.New = append(d.New, thing)
		case old.State != thing.State:
			d.Changed = append(d.Changed, thing)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(was)) {
		if _, still := is[key]; !still && was[key].Run == "" {
			d.Gone = append(d.Gone, was[key])
		}
	}
	return d
}

// Has tells whether a thing was there.
func (i Inventory) Has(thing Thing) bool {
	return slices.ContainsFunc(i, func(x Thing) bool { return x.Kind == thing.Kind && x.ID == thing.ID })
}

// onEngine tells whether it is an engine that has the thing.
func (x Thing) onEngine() bool {
	return slices.Contains([]string{"container", "volume", "image", "network"}, x.Kind)
}

func (i Inventory) byKey() map[string]Thing {
	keyed := map[string]Thing{}
	for _, thing := range i {
		keyed[thing.Kind+" "+thing.ID] = thing
	}
	return keyed
}

// Company is who else is there while a run goes on.
type Company struct {
	// Runs tells of other runs, which may make something that has no name yet.
	Runs bool
	// Users tells that the engines are not for runs alone, so that what is new
	// may be anybody's.
	Users bool
}

// Err says in one line what a run must not have done; nil if it did nothing of
// the kind.
func (d Difference) Err(company Company) error {
	gone, changed, appeared := d.Gone, d.Changed, d.New
	if company.Runs {
		// What a run has borrowed beside this one is not back yet.
		gone, changed = withoutImages(gone), withoutImages(changed)
	}
	// In the lab images that were pulled stay, for the next run.
	appeared = withoutImages(appeared)
	if company.Runs || company.Users {
		appeared = nil
	}
	var errs []error
	for _, part := range []struct {
		things []Thing
		format string
	}{
		{d.Left, "the run left %s; `builders clean` removes that"},
		{gone, "%s was there before the run and is gone"},
		{changed, "%s is not as it was before the run"},
		{appeared, "%s appeared during the run and carries no run's id"},
	} {
		if len(part.things) > 0 {
			errs = append(errs, fmt.Errorf(part.format, join(part.things)))
		}
	}
	return errors.Join(errs...)
}

func withoutImages(things []Thing) []Thing {
	return slices.DeleteFunc(slices.Clone(things), func(x Thing) bool { return x.Kind == "image" })
}

// othersLive tells whether another run than this one goes on on this machine.
func othersLive(run string) bool {
	found, err := folders()
	if err != nil {
		return true
	}
	return slices.ContainsFunc(found, func(x Thing) bool {
		return x.Run != run && StateOf(x.Run) == Live
	})
}

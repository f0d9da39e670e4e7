// Package janitor finds and removes what runs leave on an engine, and shows a run
// what it changed. Everything a run makes carries its id, so nothing else is ever
// removed.
//
// Other runs and people at work come and go while a run looks. So it is to blame
// only for what is surely its own, and for what it could write and other work on the
// engine would not touch; the rest it notes, and that makes no run fail:
//
//	what                                  is gone   is changed   appeared
//	----------------------------------------------------------------------
//	carries the run's id, or its label;
//	is a volume without a name that one
//	of its containers uses; is a mount,
//	a process or a folder of the run's      -           -         error
//	a container of buildx's that asks
//	for GPUs, of an image it saved          -           -         note
//	carries another run's id                -           -           -
//	a name of an image that the run has
//	saved, still what the run had made of
//	it, where the image from before is
//	there and no other run needs the name   -         error         -
//	any other name that some run saved      -           -           -
//	any other name of an image, or an
//	image without one                     note        note          -
//	a container, volume or network        note        note        note
//	docker's configuration, a context,
//	a builder, the choice of one          error       error       note
//	an emulator                           note        note          -
//	a mount                               note          -           -
//
// What a saved name was is what it was before all of the runs that have saved it at
// the same time; everything else is compared with what was there when the run
// began. "-" is not looked at, or no run's business.
package janitor

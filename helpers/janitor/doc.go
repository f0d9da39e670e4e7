// Package janitor finds and removes what runs leave on an engine, and shows a run
// what it changed. Everything a run makes carries its id, so nothing else is ever
// removed.
//
// Other runs and people at work come and go in the meantime. So a run is blamed only
// for what is certainly its own, and for what it could write and other work on the
// engine would not touch. The rest is noted, which fails no run:
//
//	what                                  is gone   is changed   appeared
//	----------------------------------------------------------------------
//	carries the run's id, or its label;
//	is an unnamed volume that one of its
//	containers uses; is a mount, a
//	process or a folder of the run          -           -         error
//	a container of buildx that asks for
//	GPUs, of an image that the run saved    -           -         note
//	carries another run's id                -           -           -
//	an image name that the run has saved
//	and that is still what it made of it,
//	if the image from before exists and
//	no other run needs the name             -         error         -
//	any other name that some run saved      -           -           -
//	any other name of an image, or an
//	image without one                     note        note          -
//	a container, volume or network        note        note        note
//	docker's configuration, a context,
//	a builder, the choice of one          error       error       note
//	an emulator                           note        note          -
//	a mount                               note          -           -
//
// A saved name is compared with what it was before any of the concurrent runs that
// saved it; everything else with what was there when the run began. "-" means that
// it is not looked at, or is no run's business.
package janitor

// Package spec turns a sentence about builders into a test with a verdict.
//
// A [Claim] is data: an id, one sentence, where it comes from and what it
// needs. [Prove] runs the body that proves it, decides the [Verdict] and says
// so in the test stream, from which the report is made:
//
//	spec.Prove(t, environment, claim, func(t *spec.T) {
//		b := builder.New(t, builder.Bootstrapped())
//		require.Equal(t, "x86_64", b.Exec(t, "/bin/arch"), "…")
//	})
//
// A body fails like any Go test, with testify's require or gotest.tools'
// assert. What the failure means is decided afterwards: if the engine, the
// mirror, the emulation or the disk is gone, the claim is an error of the
// environment; otherwise BuildKit did the wrong thing and the claim is broken.
package spec

package main

import (
	"builders.test/helpers/subject"
	"builders.test/internal/campaign"
	"builders.test/internal/check"
	"builders.test/lab"
	"github.com/spf13/cobra"
)

func newBisectCommand() *cobra.Command {
	b := campaign.Bisect{Workspace: check.Here(), Request: newRequest(), Releases: lab.Releases}
	command := &cobra.Command{
		Use:   "bisect",
		Short: "Finds the BuildKit release in which a claim broke",
		Long: `bisect puts one claim to the test on releases between a good and a bad one,
and ends with the last good and the first bad release and with how sure that is.
The releases are those of the module's own list; a patch release that is missing
there is tried by its name once. Both ends are tested first.

Of a claim that fails each time the distance is halved, and the two releases of the
answer are tested twice. One that fails only sometimes is tested more often with
each release, always with that which is expected to tell most, until the answer is
95 % sure. A release that cannot be judged, because it cannot be built, the
environment failed or the claim does not apply, is neither good nor bad.

It exits with 0 when the answer is found, and with 2 when good is not good, bad
is not bad, both are alike, or an answer about a claim that fails only sometimes is
less than 95 % sure.

The flags have variables of the same names: CLAIM, GOOD, BAD, BUILDX, DRIVER,
STORE, SPECS and OUT.`,
		Example: `  builders bisect --claim caching/registry-strict --good v0.11.5 --bad v0.34.2
  builders bisect --claim specs/app --specs ./specs --good v0.16.0 --bad v0.18.0`,
		Args: cobra.NoArgs,
		RunE: runs(&b, &b.Workspace),
	}
	flags := command.Flags()
	flags.StringVar(&b.Claim, "claim", variable("CLAIM", ""), "the claim's id")
	flags.StringVar(&b.Good, "good", variable("GOOD", subject.DefaultBuildKit), "a release in which the claim holds")
	flags.StringVar(&b.Bad, "bad", variable("BAD", ""), "a later release in which it is broken")
	flags.StringVar(&b.Request.Cell.Buildx, "buildx", variable("BUILDX", ""), "buildx to use: a release or a plugin's path (default the one that docker finds)")
	cellFlags(flags, &b.Request.Cell)
	flags.StringVar(&b.Specs, "specs", variable("SPECS", ""), "a folder with scripts of your own, out of which the claim is")
	outFlag(flags, &b.Request.Out, "bisect", "folder for the reports and the evidence, one folder for each release")
	return command
}

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
		Long: `bisect tests one claim on releases between a good and a bad one. It ends with the
last good and the first bad release, and with how certain that is. The releases are
those of the module's own list; a patch release that is missing there is tried by
name once. Both ends are tested first.

With --uses instead of --claim, the claims that guard what a project uses are tested
on both ends first, and each that broke is searched for.

For a claim that always fails the search is binary, and the two releases of the
answer are tested twice. A claim that fails only sometimes is tested more often:
always with the release that is expected to tell the most, until the answer is
95 % certain. A release that cannot be judged, because it cannot be built, the
environment failed or the claim does not apply, is neither good nor bad.

It exits with 0 if the answer is found, and with 2 if good is not good, bad is not
bad, both behave alike, or an answer about a claim that fails only sometimes is
less than 95 % certain.

The flags have variables of the same names: CLAIM, GOOD, BAD, BUILDX, DRIVER,
STORE, SPECS, USES and OUT.`,
		Example: `  builders bisect --claim caching/registry-strict --good v0.11.5 --bad v0.34.2
  builders bisect --claim specs/app --specs ./specs --good v0.16.0 --bad v0.18.0
  builders bisect --uses ../app --good v0.25.2 --bad v0.34.2`,
		Args: cobra.NoArgs,
		RunE: runs(&b, &b.Workspace),
	}
	flags := command.Flags()
	flags.StringVar(&b.Claim, "claim", variable("CLAIM", ""), "the claim's id")
	flags.StringVar(&b.Good, "good", variable("GOOD", subject.DefaultBuildKit), "a release in which the claim holds")
	flags.StringVar(&b.Bad, "bad", variable("BAD", ""), "a later release in which it is broken")
	flags.StringVar(&b.Request.Cell.Buildx, "buildx", variable("BUILDX", ""), "buildx to use: a release or a plugin's path (default the one that docker finds)")
	cellFlags(flags, &b.Request.Cell)
	flags.StringVar(&b.Specs, "specs", variable("SPECS", ""), "a folder with your own scripts, which has the claim")
	flags.StringVar(&b.Request.Choice.Uses, "uses", variable("USES", ""), "a file or folder of yours, instead of a claim: search for each claim that guards something that it uses and broke")
	outFlag(flags, &b.Request.Out, "bisect", "folder for the reports and the evidence, one folder for each release")
	return command
}

package main

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"builders.test/internal/campaign"
	"builders.test/internal/check"
	"builders.test/internal/uses/scaffold"
	"github.com/spf13/cobra"
)

func newCanaryCommand() *cobra.Command {
	c := campaign.Canary{Compare: campaign.Compare{Workspace: check.Here(), Request: newRequest()}, Now: time.Now}
	command := &cobra.Command{
		Use:   "canary",
		Short: "Compare your pin with what comes next; quiet unless something changes",
		Long: `canary is compare for a schedule. The baseline is the BuildKit that your project pins, as its
files say, the candidate what buildx takes by itself. It prints nothing and exits with 0
as long as your scripts and the claims that guard what you use hold on both and their facts are
the same. What regressed or is undecided is shown each time, with compare's exit code. Facts
that changed (exit code 1), and claims that are broken with the pin (exit code 0), are shown
once for each pair of images. OUT/*/canary.json records the images' digests and the result.

The flags have variables of the same names: BASELINE, BUILDKIT, SPECS, USES, RUN and OUT.`,
		Example: "  builders canary --specs ../app/specs --uses ../app",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if c.Baseline == "" {
				pin, err := pinOf(cmp.Or(c.Request.Choice.Uses, filepath.Dir(c.Specs)))
				if err != nil {
					return err
				}
				c.Baseline = pin
			}
			return runs(&c, &c.Workspace)(command, nil)
		},
	}
	flags := command.Flags()
	flags.StringVar(&c.Baseline, "baseline", variable("BASELINE", ""), "BuildKit that is in use (default the newest moby/buildkit:v… in your project's files)")
	flags.StringVar(&c.Request.Cell.BuildKit, "buildkit", variable("BUILDKIT", "moby/buildkit:buildx-stable-1"), "BuildKit that comes next")
	choiceFlags(flags, &c.Request.Choice, &c.Workspace)
	outFlag(flags, &c.Request.Out, "canary", "folder for the record, the reports and the evidence")
	return command
}

// pinOf returns the release that a project pins.
func pinOf(project string) (string, error) {
	if project == "." || project == "" {
		return "", errors.New("canary needs to know what you pin: name your project with USES=, its scripts with SPECS=, or the release with BASELINE=")
	}
	pin := scaffold.Pinned(project)
	if pin == "" {
		return "", fmt.Errorf("no file of %s names a release as moby/buildkit:v…; say which one is in use with BASELINE=", project)
	}
	return pin, nil
}

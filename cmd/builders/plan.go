package main

import (
	"builders.test/internal/plan"
	"github.com/spf13/cobra"
)

func newPlanCommand() *cobra.Command {
	var axes plan.Axes
	var json bool
	var form string
	c := &cobra.Command{
		Use:   "plan",
		Short: "Prints the cells of a matrix, for CI to run each on its own machine",
		Long: `plan prints the cells of a matrix and runs nothing. With --json they are in the form
that GitHub Actions expects for strategy.matrix; --form gitlab gives a child
pipeline. Each cell's command runs anywhere: it uses the engine that DOCKER_HOST or
the docker context points to, so a native arm64 runner is just another machine.
"builders merge" joins the reports.`,
		Example: `  builders plan --json --buildkit "v0.25.2 v0.34.2" --driver "docker-container remote"
  builders plan --form gitlab --buildkit "v0.25.2 v0.34.2" > child.yml`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cells, err := axes.Cells()
			if err != nil {
				return err
			}
			if json {
				form = "github"
			}
			return plan.Write(c.OutOrStdout(), form, cells)
		},
	}
	axesFlags(c.Flags(), &axes)
	c.Flags().BoolVar(&json, "json", false, "print JSON for GitHub Actions")
	c.Flags().StringVar(&form, "form", "", "github or gitlab")
	return c
}

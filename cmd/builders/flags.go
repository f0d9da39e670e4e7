package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"builders.test/helpers/subject"
	"builders.test/internal/check"
	"builders.test/internal/plan"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// variable reads an environment variable; an empty one counts as not set.
func variable(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}

// newRequest is for commands without the verdict flags: the variables decide.
func newRequest() check.Request {
	return check.Request{Confirm: variable("CONFIRM", ""), Strict: variable("STRICT", ""), Keep: variable("KEEP", "")}
}

// runner is the work of a command.
type runner interface {
	Run(ctx context.Context) error
}

// runs returns a command that runs what in a workspace, with the command's own output.
func runs(what runner, in *check.Workspace) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, _ []string) error {
		in.Stdout, in.Stderr = command.OutOrStdout(), command.ErrOrStderr()
		return what.Run(command.Context())
	}
}

func outFlag(flags *pflag.FlagSet, out *string, name, about string) {
	flags.StringVar(out, "out", variable("OUT", filepath.Join("build", name)), about)
}

func subjectFlags(flags *pflag.FlagSet, cell *plan.Cell) {
	flags.StringVar(&cell.BuildKit, "buildkit", variable("BUILDKIT", subject.DefaultBuildKit), "BuildKit under test: a release, latest, an image, or a source tree's folder")
	flags.StringVar(&cell.Buildx, "buildx", variable("BUILDX", ""), "buildx under test: a release or a plugin's path (default the one that docker finds)")
}

func cellFlags(flags *pflag.FlagSet, cell *plan.Cell) {
	flags.StringVar(&cell.Driver, "driver", variable("DRIVER", ""), "the builders' driver: docker-container, docker or remote (default docker-container)")
	flags.StringVar(&cell.Store, "store", variable("STORE", ""), "the engine's image store: containerd or overlay2 (default containerd, or your engine's)")
}

func axesFlags(flags *pflag.FlagSet, axes *plan.Axes) {
	flags.StringVar(&axes.BuildKitVersions, "buildkit", variable("BUILDKIT", ""), "BuildKits under test, separated by spaces or commas")
	flags.StringVar(&axes.BuildxVersions, "buildx", variable("BUILDX", ""), "buildx releases or plugins under test")
	flags.StringVar(&axes.Drivers, "driver", variable("DRIVER", ""), "the builders' drivers: docker-container, docker, remote")
	flags.StringVar(&axes.Stores, "store", variable("STORE", ""), "the engines' image stores: containerd, overlay2")
}

func choiceFlags(flags *pflag.FlagSet, choice *check.Choice, in *check.Workspace) {
	flags.StringVar(&choice.Run, "run", variable("RUN", ""), "chapters, claims' ids and globs of ids, such as images/prune* (default all)")
	flags.StringVar(&choice.Uses, "uses", variable("USES", ""), "a file or folder of yours: only claims that guard something that it uses, see builders uses")
	flags.StringVar(&in.Specs, "specs", variable("SPECS", ""), "a folder with your own scripts, tested instead of the book")
}

func regressionsFlag(flags *pflag.FlagSet, choice *check.Choice) {
	flags.BoolVar(&choice.Regressions, "regressions", variable("REGRESSIONS", "") != "", "test the faults of past releases, too")
}

// verdictFlags adds flags for how a claim gets its verdict, and for which verdicts fail
// the run.
func verdictFlags(flags *pflag.FlagSet, r *check.Request) {
	flags.StringVar(&r.Confirm, "confirm", variable("CONFIRM", strconv.Itoa(subject.DefaultConfirm)), "how often a failed claim is retried before it counts as broken")
	strictFlag(flags, &r.Strict)
	yesFlag(flags, &r.Keep, "keep", "leave the builders and files of a claim that fails, until builders clean")
}

func strictFlag(flags *pflag.FlagSet, strict *string) {
	yesFlag(flags, strict, "strict", "fail for unsteady claims and known faults, too")
}

// yesFlag is a flag that needs no value; its variable has the same name.
func yesFlag(flags *pflag.FlagSet, value *string, name, about string) {
	flags.StringVar(value, name, variable(strings.ToUpper(name), ""), about)
	flags.Lookup(name).NoOptDefVal = "1"
}

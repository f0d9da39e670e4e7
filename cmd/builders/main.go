// Command builders tests claims about Docker's builders. See
// `builders --help`.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"builders.test/internal/check/exit"
	"builders.test/internal/kin"
	"builders.test/internal/run"
	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// A make that is killed cannot pass that on.
	ctx, cancel := context.WithCancel(ctx)
	kin.Ancestor(cancel, "make", "gmake")
	code := execute(ctx, newRootCommand(), os.Stderr)
	stop()
	os.Exit(code)
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "builders",
		Short: "Tests claims about Docker's builders on real BuildKit",
		Long: `builders has a book of claims: sentences about Docker's builders that users rely
on. It proves each of them on a real BuildKit, on your Docker Engine or, if none is
reachable, on a lab that it builds itself.

Exit codes: 0 every claim holds, 1 a claim is broken, 2 the environment failed
or the command was misused.`,
		PersistentPreRunE: func(*cobra.Command, []string) error { return run.EnoughFiles() },

		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w; see `%s --help`", err, c.CommandPath())
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newCheckCommand(), newReportCommand(), newCompareCommand(), newCanaryCommand(), newMatrixCommand(), newSoakCommand(), newBenchCommand(), newBisectCommand(), newHistoryCommand(), newSelftestCommand(), newPlanCommand(), newInitCommand(), newUsesCommand(), newMergeCommand(), newClaimsCommand(), newShowCommand(), newTimelineCommand(), newLabCommand(), newCleanCommand(), newOrphansCommand(), newVariablesCommand())
	helpful(root)
	return root
}

// helpful makes every command's errors name the help that explains its arguments.
func helpful(command *cobra.Command) {
	if check := command.Args; check != nil {
		command.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return fmt.Errorf("%s: %w; see `%s --help`", c.Name(), err, c.CommandPath())
			}
			return nil
		}
	}
	for _, sub := range command.Commands() {
		helpful(sub)
	}
}

// execute runs a command and says in one line what went wrong.
func execute(ctx context.Context, command *cobra.Command, stderr io.Writer) int {
	return exit.Say(ctx, command.ExecuteContext(ctx), stderr)
}

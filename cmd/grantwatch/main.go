// Command grantwatch finds access that nobody uses, nobody approved, or nobody revoked.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // people end at the end of a day in their own zone, also on machines that know no zones

	"github.com/spf13/cobra"
)

// The exit statuses of every command.
const (
	exitDone     = 0
	exitFindings = 1 // findings at or above --fail-on
	exitInput    = 2 // the input or configuration is wrong
)

// exitError carries an exit status; a nil cause is said by nothing more than the status.
type exitError struct {
	status int
	cause  error
}

func (e *exitError) Error() string {
	if e.cause == nil {
		return ""
	}
	return e.cause.Error()
}

func (e *exitError) Unwrap() error { return e.cause }

func main() { os.Exit(run()) }

// run is main with an exit status, so that deferred work is done before the process ends.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := root().ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	var ee *exitError
	if errors.As(err, &ee) {
		if ee.cause != nil {
			fmt.Fprintln(os.Stderr, "grantwatch: "+ee.cause.Error())
		}
		return ee.status
	}
	fmt.Fprintln(os.Stderr, "grantwatch: "+err.Error())
	return exitInput
}

func root() *cobra.Command {
	c := &cobra.Command{
		Use:           "grantwatch",
		Short:         "Finds access that nobody uses, nobody approved, or nobody revoked",
		Long:          "Grantwatch reads the access logs, grants and identity records of decentralised teams and says which access\nnobody uses, nobody approved, or nobody revoked, and never more than the evidence allows.",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	c.AddCommand(runCommand(), ingestCommand(), canaryCommand(), detectCommand(), alertCommand(), auditCommand(), demoCommand(), normaliseCommand(), dlqCommand(), rawCommand(), whoCommand(), reportCommand(), exceptionsCommand(), rulesCommand(),
		migrateCommand(), doctorCommand(), engineCommand(), devCommand(), versionCommand())
	return c
}

package main

import (
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/output"
	"github.com/grantwatch/grantwatch/ingest/policy"
	"github.com/grantwatch/grantwatch/store"
)

// exceptionsCommand shows and writes out the exceptions that people made from messages.
func exceptionsCommand() *cobra.Command {
	c := &cobra.Command{Use: "exceptions", Short: "Exceptions that were made from messages: ls, and export as YAML for review in Git"}
	c.AddCommand(exceptionsList(), exceptionsExport())
	return c
}

// made opens the store and lists the exceptions that do not stand in a file yet.
func made(c *cobra.Command, f *common, team string) ([]store.MadeException, time.Time, error) {
	o, now, done, err := f.options(c)
	if err != nil {
		return nil, now, err
	}
	o.DataDir = app.DefaultDataDir(o.Config)
	a, err := app.Open(c.Context(), o)
	done()
	if err != nil {
		return nil, now, err
	}
	defer func() { _ = a.Close() }() // nothing is in flight
	list, err := a.MadeExceptions(c.Context(), team)
	return list, now, err
}

func exceptionsList() *cobra.Command {
	var f common
	var team string
	c := &cobra.Command{
		Use: "ls", Short: "The exceptions that stand in no file yet, also those that have expired", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			list, now, err := made(c, &f, team)
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 8, 2, ' ', 0)
			fmt.Fprintln(w, "TEAM\tKIND\tSUBJECT\tEXPIRES\tAPPROVER\tREQUESTER\tREASON")
			for i := range list {
				x := &list[i]
				expires := x.Expires.UTC().Format(time.DateOnly)
				if !x.Expires.After(now) {
					expires += " (expired)"
				}
				for _, s := range []string{x.Team, x.Match.Kind, x.Match.Subject, expires, x.Approver, x.Requester} {
					fmt.Fprint(w, output.Plain(s)+"\t")
				}
				fmt.Fprintln(w, output.Plain(x.Reason))
			}
			return w.Flush()
		},
	}
	f.add(c, "")
	c.Flags().StringVar(&team, "team", "", "only of this team")
	return c
}

func exceptionsExport() *cobra.Command {
	var f common
	var team, out string
	c := &cobra.Command{
		Use: "export", Short: "Writes the exceptions in force that stand in no file as a file for exceptions:", Args: cobra.NoArgs,
		Long: "Prints the exceptions that were made from messages as the YAML that exceptions: reads. Put the file under review and\nname it in grantwatch.yaml: what stands in a file is no longer taken from the store, so that nothing is doubled.",
		RunE: func(c *cobra.Command, _ []string) error {
			list, now, err := made(c, &f, team)
			if err != nil {
				return err
			}
			var write []access.Exception
			for i := range list {
				if list[i].Expires.After(now) {
					write = append(write, list[i].Exception)
				}
			}
			data, err := policy.WriteExceptions(write)
			if err != nil {
				return err
			}
			if out == "" {
				_, err = c.OutOrStdout().Write(data)
				return err
			}
			file, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
			if err != nil {
				return fmt.Errorf("--out: %w", err) // a file that is there is somebody's work
			}
			_, err = file.Write(data)
			if closed := file.Close(); err == nil {
				err = closed
			}
			if err == nil {
				fmt.Fprintf(c.OutOrStdout(), "%d exceptions in %s\n", len(write), out)
			}
			return err
		},
	}
	f.add(c, "")
	c.Flags().StringVar(&team, "team", "", "only of this team")
	c.Flags().StringVar(&out, "out", "", "a new file to write to; default standard output")
	return c
}

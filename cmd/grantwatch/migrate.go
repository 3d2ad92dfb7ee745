package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
)

func migrateCommand() *cobra.Command {
	var f common
	c := &cobra.Command{
		Use: "migrate", Short: "Brings the store's tables up to date; run does so by itself", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o, now, done, err := f.options(c)
			if err != nil {
				return err
			}
			o.DataDir, o.NoRules, o.NoMigrate = app.DefaultDataDir(o.Config), true, true
			a, err := app.Open(c.Context(), o)
			if err != nil {
				return err
			}
			defer func() { _ = a.Close() }() // nothing is in flight
			applied, err := a.Store.Migrate(c.Context(), now)
			done()
			for _, m := range applied {
				fmt.Fprintln(c.OutOrStdout(), "applied "+m)
			}
			if err == nil && len(applied) == 0 {
				fmt.Fprintln(c.OutOrStdout(), "nothing to apply")
			}
			return err
		},
	}
	f.add(c, "")
	return c
}

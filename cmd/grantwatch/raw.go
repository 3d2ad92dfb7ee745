package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/output"
)

// rawCommand shows records as they came.
func rawCommand() *cobra.Command {
	var f common
	var team, format string
	c := &cobra.Command{
		Use: "raw EVENT-ID...", Short: "The records of events as they came, of feeds that keep them", Args: cobra.MinimumNArgs(1),
		Long: "Prints the records of these events from the store that run and ingest write to, as far as keep_raw of their feeds\nreaches. An id is that of the event, as normalise prints it.",
		RunE: func(c *cobra.Command, args []string) error {
			if formats := []string{"raw", "json"}; !slices.Contains(formats, format) {
				return fmt.Errorf("--format %s is not one of %v", format, formats)
			}
			o, _, done, err := f.options(c)
			if err != nil {
				return err
			}
			o.DataDir, o.NoRules = app.DefaultDataDir(o.Config), true
			a, err := app.Open(c.Context(), o)
			done()
			if err != nil {
				return err
			}
			defer func() { _ = a.Close() }() // nothing is in flight
			list, err := a.Store.RawEvents(c.Context(), team, args)
			if err != nil {
				return err
			}
			found := map[string]bool{}
			enc := json.NewEncoder(c.OutOrStdout())
			enc.SetEscapeHTML(false)
			for i := range list {
				e := &list[i]
				found[e.ID] = true
				if format == "raw" {
					_, err = fmt.Fprintln(c.OutOrStdout(), output.Plain(string(e.Raw)))
				} else {
					err = enc.Encode(rawJSON{e.Team, e.Feed, e.ID, e.Time, e.Expires, e.Raw})
				}
				if err != nil {
					return err
				}
			}
			for _, id := range args {
				if !found[id] {
					return fmt.Errorf("no record is kept of the event %q: its feed has no keep_raw, or its time is over", id)
				}
			}
			return nil
		},
	}
	f.add(c, "")
	c.Flags().StringVar(&team, "team", "", "only of this team")
	c.Flags().StringVar(&format, "format", "raw", "raw (a line each, made harmless for terminals) or json (exact bytes in base64)")
	return c
}

type rawJSON struct {
	Team    string    `json:"team"`
	Feed    string    `json:"feed"`
	ID      string    `json:"id"`
	Time    time.Time `json:"time"`
	Expires time.Time `json:"expires"`
	Raw     []byte    `json:"raw"`
}

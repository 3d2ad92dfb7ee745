package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/output"
	"github.com/grantwatch/grantwatch/store"
)

// dlqCommand is what people do with records that could not be read.
func dlqCommand() *cobra.Command {
	c := &cobra.Command{Use: "dlq", Short: "Dead letters: records that could not be read, with their bytes", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(dlqLsCommand(), dlqShowCommand(), dlqReplayCommand())
	return c
}

// letterFlags choose dead letters.
type letterFlags struct {
	common
	team, feed, reason, state, since, until string
}

func (f *letterFlags) add(c *cobra.Command, format, state string) {
	f.common.add(c, "")
	c.Flags().StringVar(&f.format, "format", format, "table, json or csv")
	c.Flags().StringVar(&f.team, "team", "", "only of this team")
	c.Flags().StringVar(&f.feed, "feed", "", "only of this feed")
	c.Flags().StringVar(&f.reason, "reason", "", "only with this reason")
	c.Flags().StringVar(&f.since, "since", "", "only letters written at or after this time, RFC 3339 or a date")
	c.Flags().StringVar(&f.until, "until", "", "only letters written before this time")
	if state != "" {
		c.Flags().StringVar(&f.state, "state", state, "open, pending, replayed or all")
	}
}

// open opens the store that run writes to.
func (f *letterFlags) open(c *cobra.Command, rules bool, formats ...string) (*app.App, store.LetterFilter, time.Time, error) {
	if !slices.Contains(formats, f.format) {
		return nil, store.LetterFilter{}, time.Time{}, fmt.Errorf("--format %s is not one of %v", f.format, formats)
	}
	filter := store.LetterFilter{Team: f.team, Feed: f.feed, Reason: access.Reason(f.reason), State: store.LetterState(f.state)}
	switch filter.State {
	case "", store.LetterOpen, store.LetterPending, store.LetterReplayed:
	case "all":
		filter.State = ""
	default:
		return nil, filter, time.Time{}, fmt.Errorf("--state %s is not one of open, pending, replayed, all", f.state)
	}
	for _, at := range []struct {
		flag, text string
		to         *time.Time
	}{{"since", f.since, &filter.Since}, {"until", f.until, &filter.Until}} {
		if at.text == "" {
			continue
		}
		t, err := config.ParseTime(at.text)
		if err != nil {
			return nil, filter, time.Time{}, fmt.Errorf("--%s: %w", at.flag, err)
		}
		*at.to = t
	}
	format := f.format
	f.format = "" // the formats of findings are others
	o, now, done, err := f.options(c)
	f.format = format
	if err != nil {
		return nil, filter, now, err
	}
	if f.feed != "" && !slices.ContainsFunc(o.Config.Feeds, func(x config.Feed) bool { return x.Name == f.feed }) {
		return nil, filter, now, fmt.Errorf("--feed %s: %s has no such feed", f.feed, f.config)
	}
	o.DataDir, o.NoRules = app.DefaultDataDir(o.Config), !rules
	a, err := app.Open(c.Context(), o)
	done()
	return a, filter, now, err
}

func dlqLsCommand() *cobra.Command {
	var f letterFlags
	c := &cobra.Command{
		Use: "ls", Short: "Counts dead letters by feed and reason", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			a, filter, _, err := f.open(c, false, "table", "json", "csv")
			if err != nil {
				return err
			}
			defer func() { _ = a.Close() }() // nothing is in flight
			groups, err := a.Store.LetterGroups(c.Context(), filter)
			if err != nil {
				return err
			}
			return printGroups(c.OutOrStdout(), f.format, groups)
		},
	}
	f.add(c, "table", "open")
	return c
}

func printGroups(w io.Writer, format string, groups []store.LetterGroup) error {
	type line struct {
		Team    string    `json:"team"`
		Feed    string    `json:"feed"`
		Reason  string    `json:"reason"`
		State   string    `json:"state"`
		Letters uint64    `json:"letters"`
		Bytes   uint64    `json:"bytes"`
		First   time.Time `json:"first"`
		Last    time.Time `json:"last"`
	}
	header := []string{"team", "feed", "reason", "state", "letters", "bytes", "first", "last"}
	row := func(g *store.LetterGroup) []string {
		return []string{g.Team, g.Feed, string(g.Reason), string(g.State), strconv.FormatUint(g.Letters, 10), strconv.FormatUint(g.Bytes, 10),
			g.First.Format(time.RFC3339), g.Last.Format(time.RFC3339)}
	}
	switch format {
	case "json":
		enc := json.NewEncoder(w)
		for _, g := range groups {
			if err := enc.Encode(line{g.Team, g.Feed, string(g.Reason), string(g.State), g.Letters, g.Bytes, g.First, g.Last}); err != nil {
				return err
			}
		}
		return nil
	case "csv":
		out := csv.NewWriter(w)
		rows := [][]string{header}
		for i := range groups {
			rows = append(rows, row(&groups[i]))
		}
		return out.WriteAll(rows)
	}
	if len(groups) == 0 {
		fmt.Fprintln(w, "no dead letters")
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, strings.ToUpper(strings.Join(header, "\t")))
	for i := range groups {
		cells := row(&groups[i])
		for j := range cells {
			cells[j] = output.Plain(cells[j])
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	return t.Flush()
}

const letterExcerpt = 500 // characters of a letter that a terminal shows

func dlqShowCommand() *cobra.Command {
	var f letterFlags
	var limit int
	var raw bool
	c := &cobra.Command{
		Use: "show [ID…]", Short: "Shows dead letters: where each came from, why it could not be read, and its bytes",
		Long: "Without an ID, shows the letters that the flags choose, in the order of their ids. The bytes are shown up to 500\ncharacters and harmless to a terminal; --raw writes them as they were and nothing else, one letter a line.",
		RunE: func(c *cobra.Command, ids []string) error {
			a, filter, _, err := f.open(c, false, "table", "json")
			if err != nil {
				return err
			}
			defer func() { _ = a.Close() }() // nothing is in flight
			letters, err := chosen(c.Context(), a.Store, filter, ids, limit)
			if err != nil {
				return err
			}
			return printLetters(c.OutOrStdout(), f.format, raw, letters)
		},
	}
	f.add(c, "table", "open")
	c.Flags().IntVar(&limit, "limit", 20, "letters at most")
	c.Flags().BoolVar(&raw, "raw", false, "only the bytes, as they were")
	return c
}

// chosen are the letters with these ids, in whatever state, or those of the filter.
func chosen(ctx context.Context, s *store.Store, f store.LetterFilter, ids []string, limit int) ([]store.Letter, error) {
	if f.Limit = limit; len(ids) == 0 {
		return s.Letters(ctx, f)
	}
	var out []store.Letter
	for _, id := range ids {
		list, err := s.Letters(ctx, store.LetterFilter{ID: id, Limit: limit})
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			return nil, fmt.Errorf("no dead letter has the id %q", id)
		}
		out = append(out, list...)
	}
	return out, nil
}

func printLetters(w io.Writer, format string, raw bool, letters []store.Letter) error {
	enc := json.NewEncoder(w)
	for i := range letters {
		l := &letters[i]
		switch {
		case raw:
			if _, err := w.Write(append(slices.Clip(l.Raw), '\n')); err != nil {
				return err
			}
		case format == "json":
			if err := enc.Encode(struct {
				ID       string    `json:"id"`
				Team     string    `json:"team"`
				Feed     string    `json:"feed"`
				Reason   string    `json:"reason"`
				Detail   string    `json:"detail,omitempty"`
				Position string    `json:"position"`
				At       time.Time `json:"at"`
				State    string    `json:"state"`
				Raw      []byte    `json:"raw"`
			}{l.ID, l.Team, l.Feed, string(l.Reason), l.Detail, l.Position, l.At, string(l.State), l.Raw}); err != nil {
				return err
			}
		default:
			text := []rune(output.Plain(strings.ToValidUTF8(string(l.Raw), "\uFFFD")))
			more := ""
			if len(text) > letterExcerpt {
				text, more = text[:letterExcerpt], "…"
			}
			fmt.Fprintf(w, "%s  %s  %s/%s  %s\n  at    %s\n  why   %s\n  bytes %d: %s%s\n", l.ID, l.State, output.Plain(l.Team), output.Plain(l.Feed),
				l.At.Format(time.RFC3339), output.Plain(l.Position), output.Plain(string(l.Reason)+" "+l.Detail), len(l.Raw), string(text), more)
		}
	}
	return nil
}

func dlqReplayCommand() *cobra.Command {
	var f letterFlags
	var dry bool
	c := &cobra.Command{
		Use: "replay", Short: "Reads dead letters again, after a decoder or a configuration was mended", Args: cobra.NoArgs,
		Long: "Reads the open letters that the flags choose with the decoders and rules of this binary. What can be read now is\nstored once, however often this is run and wherever it is interrupted; what cannot stays, with its newest reason.",
		RunE: func(c *cobra.Command, _ []string) error {
			a, filter, now, err := f.open(c, true, "table", "json")
			if err != nil {
				return err
			}
			defer func() { _ = a.Close() }() // what was claimed and not stored is finished the next time
			list, err := a.ReplayLetters(c.Context(), filter, now, dry)
			if err != nil {
				return err
			}
			return printReplays(c.OutOrStdout(), f.format, dry, list)
		},
	}
	f.add(c, "table", "")
	c.Flags().BoolVar(&dry, "dry-run", false, "only say what would happen")
	return c
}

func printReplays(w io.Writer, format string, dry bool, list []app.Replay) error {
	if format == "json" {
		enc := json.NewEncoder(w)
		for i := range list {
			if err := enc.Encode(&list[i]); err != nil {
				return err
			}
		}
		return nil
	}
	if len(list) == 0 {
		fmt.Fprintln(w, "no dead letters to replay")
	}
	for _, r := range list {
		verb := "replayed"
		if dry {
			verb = "can be replayed"
		}
		fmt.Fprintf(w, "%s: %d %s, %d events stored; %d still cannot be read", output.Plain(r.Feed), r.Replayed, verb, r.Stored, r.Failed)
		if r.Finished > 0 {
			fmt.Fprintf(w, "; %d of an interrupted replay finished", r.Finished)
		}
		fmt.Fprintln(w)
	}
	return nil
}

package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/output"
	"github.com/grantwatch/grantwatch/detect"
)

// common are the flags that most commands share.
type common struct {
	config string
	asOf   string
	format string
	quiet  bool
	debug  bool
}

func (f *common) add(c *cobra.Command, format string) {
	c.Flags().StringVarP(&f.config, "config", "c", "grantwatch.yaml", "configuration file")
	c.Flags().StringVar(&f.asOf, "as-of", "", "the moment that is \"now\" for everything, RFC 3339 or a date; default the clock")
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "no remarks on standard error")
	c.Flags().BoolVar(&f.debug, "debug", false, "log what the parts do")
	if format != "" {
		c.Flags().StringVar(&f.format, "format", format, "table, json, ocsf or csv")
	}
}

// now is the moment of judgement.
func (f *common) now() (time.Time, error) {
	if f.asOf == "" {
		return time.Now().UTC(), nil
	}
	t, err := config.ParseTime(f.asOf)
	if err != nil {
		return t, fmt.Errorf("--as-of: %w", err)
	}
	return t, nil
}

func (f *common) log(w io.Writer) *slog.Logger {
	if !f.debug {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (f *common) notice(w io.Writer) func(string, ...any) {
	if f.quiet {
		return nil
	}
	return func(format string, args ...any) { fmt.Fprintf(w, "grantwatch: "+format+"\n", args...) }
}

// options opens an App as this command wants it.
func (f *common) options(c *cobra.Command) (app.Options, time.Time, func(), error) {
	now, err := f.now()
	if err != nil {
		return app.Options{}, now, nil, err
	}
	if f.format != "" && !slices.Contains(output.Formats, f.format) {
		return app.Options{}, now, nil, fmt.Errorf("--format %s is not one of %v", f.format, output.Formats)
	}
	cfg, err := config.Load(f.config, nil)
	if err != nil {
		return app.Options{}, now, nil, err
	}
	stderr := c.ErrOrStderr()
	m, done := meter(stderr, -1)
	return app.Options{Config: cfg, Log: f.log(stderr), Notice: f.notice(stderr), Meter: m, FetchBar: fetchBar(stderr), Now: now, Stdin: c.InOrStdin()}, now, done, nil
}

func auditCommand() *cobra.Command {
	var f common
	var all bool
	var failOn string
	c := &cobra.Command{
		Use: "audit", Short: "One pass over files: findings on standard output, then exit", Args: cobra.NoArgs,
		Long: "Reads the logs, grants and identities that the configuration names, judges them once, prints findings and\nUNVERIFIABLE verdicts and exits. Nothing is kept. Exit status: 0 done, 1 findings at or above --fail-on,\n2 the input or configuration is wrong.",
		RunE: func(c *cobra.Command, _ []string) error {
			if failOn != "" && access.Severity(failOn).Rank() == 0 {
				return fmt.Errorf("--fail-on %s is not one of info, low, medium, high, critical", failOn)
			}
			o, now, done, err := f.options(c)
			if err != nil {
				return err
			}
			o.Config.Store = config.Store{} // audit keeps nothing, wherever run keeps it
			a, err := app.Open(c.Context(), o)
			if err != nil {
				return err
			}
			defer func() { _ = a.Close() }() // the findings are printed; what is left is a temporary directory
			res, _, err := a.Once(c.Context(), now)
			done()
			if err != nil {
				return err
			}
			remarks(c.ErrOrStderr(), f.quiet, res)
			list := pick(res.Findings, all)
			if err := output.Findings(c.OutOrStdout(), f.format, list); err != nil {
				return err
			}
			return failing(list, failOn)
		},
	}
	f.add(c, "table")
	c.Flags().BoolVar(&all, "all", false, "print every verdict: USED, TOO_YOUNG, UNLOGGABLE, REDUNDANT … too")
	c.Flags().StringVar(&failOn, "fail-on", "", "exit with 1 when there is a finding of this severity or above")
	return c
}

// pick chooses what is printed: findings and UNVERIFIABLE verdicts, or every verdict.
func pick(list []access.Finding, all bool) []access.Finding {
	if all {
		return list
	}
	out := make([]access.Finding, 0, len(list))
	for i := range list {
		if detect.Open(list[i].Verdict) {
			out = append(out, list[i])
		}
	}
	return out
}

// failing is the exit status that --fail-on asks for. What cannot be verified and what is excepted does not fail.
func failing(list []access.Finding, failOn string) error {
	if failOn == "" {
		return nil
	}
	for i := range list {
		f := &list[i]
		if f.State == "open" && detect.Open(f.Verdict) && f.Verdict != access.VerdictUnverifiable && f.Severity.Rank() >= access.Severity(failOn).Rank() {
			return &exitError{status: exitFindings}
		}
	}
	return nil
}

// remarks says what is not a finding and must not be silent: registers that rot, rules that stopped.
func remarks(w io.Writer, quiet bool, res *detect.Result) {
	if quiet {
		return
	}
	for _, r := range res.Registers {
		fmt.Fprintf(w, "grantwatch: %s:%d: %s\n", r.Source, r.Line, r.What)
	}
	for _, n := range res.Notes {
		fmt.Fprintln(w, "grantwatch: "+n)
	}
}

func normaliseCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use: "normalise [FILE…]", Aliases: []string{"normalize"}, Short: "Raw log lines in, normalised events out: one JSON line per input event, in order",
		Long: "Reads the files, or standard input where a file is - or none is named, and prints one JSON line per record.",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return normalise(c, c.InOrStdin(), format)
			}
			for _, name := range args {
				if name == "-" {
					if err := normalise(c, c.InOrStdin(), format); err != nil {
						return fmt.Errorf("standard input: %w", err)
					}
					continue
				}
				in, err := os.Open(name)
				if err != nil {
					return err
				}
				err = normalise(c, in, format)
				_ = in.Close() // only read from
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
			return nil
		},
	}
	c.Flags().StringVar(&format, "format", "", "the log's format, such as aws_cloudtrail (required)")
	_ = c.MarkFlagRequired("format")
	return c
}

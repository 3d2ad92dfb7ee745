package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/ingest/decode"
	"github.com/grantwatch/grantwatch/ingest/entitlement"
	"github.com/grantwatch/grantwatch/store/engine"
)

// doctorCommand says what is missing and how to get it.
func doctorCommand() *cobra.Command {
	var f common
	c := &cobra.Command{
		Use: "doctor", Short: "Says what is missing and how to get it", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			d := &doctor{c: c}
			d.engine()
			d.config(f.config, c.Flags().Changed("config"))
			d.say("formats", true, "logs: "+names(len(decode.All()), func(i int) string { return decode.All()[i].Name })+
				"; entitlements: "+names(len(entitlement.All()), func(i int) string { return entitlement.All()[i].Name })+"; identities: csv")
			if d.bad {
				return &exitError{status: exitInput}
			}
			return nil
		},
	}
	f.add(c, "")
	return c
}

func names(n int, at func(int) string) string {
	out := make([]string, n)
	for i := range out {
		out[i] = at(i)
	}
	return strings.Join(out, ", ")
}

type doctor struct {
	c   *cobra.Command
	bad bool
}

func (d *doctor) say(what string, ok bool, text string) {
	mark := "ok     "
	if !ok {
		mark, d.bad = "MISSING", true
	}
	fmt.Fprintf(d.c.OutOrStdout(), "%s  %-9s %s\n", mark, what, text)
}

func (d *doctor) engine() {
	path, err := engine.Find()
	switch {
	case err == nil:
		d.say("engine", true, engine.Version+" at "+path)
	case errors.Is(err, engine.ErrNotFetched):
		how := "run: grantwatch engine fetch (178 MB, once)"
		if _, e := exec.LookPath("npm"); e != nil {
			how = "install npm first (apt-get install -y npm), then " + how
		}
		d.say("engine", false, how)
	default:
		d.say("engine", false, err.Error())
	}
}

func (d *doctor) config(file string, asked bool) {
	cfg, err := config.Load(file, nil)
	if isMissing(err) && !asked {
		d.say("config", true, "no "+file+" here; try grantwatch demo, or -c examples/quickstart/grantwatch.yaml")
		return
	}
	if err != nil {
		d.say("config", false, err.Error())
		return
	}
	d.say("config", true, fmt.Sprintf("%s: %d teams, %d feeds, %d entitlement and %d identity sources", file, len(cfg.Teams), len(cfg.Feeds), len(cfg.Entitlements), len(cfg.Identities)))
	fsys := config.Files(cfg, nil)
	for _, f := range cfg.Feeds {
		if len(f.From.File) == 0 {
			continue // it comes from elsewhere
		}
		files, err := config.Expand(fsys, f.From.File)
		if err != nil || len(files) == 0 {
			d.say("feed", false, f.Name+": no file matches "+strings.Join(f.From.File, ", "))
		}
	}
	for _, e := range cfg.Entitlements {
		if files, err := config.Expand(fsys, e.From.File); err != nil || len(files) == 0 {
			d.say("grants", false, e.Name+": no file matches "+strings.Join(e.From.File, ", "))
		}
	}
	if cfg.Store.DSN == "" && cfg.Store.DSNFile == "" {
		dir := app.DefaultDataDir(cfg)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			d.say("store", false, err.Error())
			return
		}
		d.say("store", true, "embedded engine, data in "+dir)
		return
	}
	d.say("store", true, "a ClickHouse server by DSN; grantwatch migrate tries it")
}

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/output"
	"github.com/grantwatch/grantwatch/detect"
)

// whoCommand answers for one identity.
func whoCommand() *cobra.Command {
	var f common
	c := &cobra.Command{
		Use: "who NAME", Short: "One identity: who issued it, what it can reach, when it expires, what it did", Args: cobra.ExactArgs(1),
		Long: "NAME is any name of the identity: its uid, e-mail address, ARN, login or system:serviceaccount:ns:name.",
		RunE: func(c *cobra.Command, args []string) error {
			o, now, done, err := f.options(c)
			if err != nil {
				return err
			}
			o.Config.Store = config.Store{} // like audit, it reads the files and keeps nothing
			a, err := app.Open(c.Context(), o)
			if err != nil {
				return err
			}
			defer func() { _ = a.Close() }() // what is left is a temporary directory
			p, err := a.Who(c.Context(), now, args[0])
			done()
			if err != nil {
				return err
			}
			if p == nil {
				return fmt.Errorf("nobody goes by the name %q: not in identities, grants or logs", args[0])
			}
			if f.format == "json" {
				enc := json.NewEncoder(c.OutOrStdout())
				enc.SetEscapeHTML(false)
				return enc.Encode(p)
			}
			return printProfile(c.OutOrStdout(), p)
		},
	}
	f.add(c, "table")
	return c
}

const mostUses = 15 // a busy identity has hundreds; the newest tell what it does

func printProfile(out io.Writer, p *detect.Profile) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	line := func(label string, format string, args ...any) {
		fmt.Fprintf(w, "%s\t%s\n", label, output.Plain(fmt.Sprintf(format, args...)))
	}
	line("identity", "%s (%s)", p.Name, p.Kind)
	if r := p.Record; r != nil {
		line("record", "%s %s, team %s, status %s", r.UID, r.Name, r.Team, r.Status)
	}
	for _, n := range p.Names {
		line("account", "%s %s %s %s", n.Provider, n.Account, n.Name, n.UID)
	}
	answer := func(label string, a detect.Answer) {
		switch a.State {
		case detect.Known:
			line(label, "%s (%s)", a.Value, a.Evidence)
		case detect.Stale:
			line(label, "stale: %s (%s)", a.Value, a.Evidence)
		default:
			line(label, "unknown: %s", cmp.Or(a.Evidence, "no record states it and no event shows it"))
		}
	}
	for i := range p.Credentials {
		c := &p.Credentials[i]
		if len(p.Credentials) > 1 || c.Credential != "" {
			fmt.Fprintf(w, "\t\n")
			line("credential", "%s %s", c.Kind, c.Credential)
		}
		answer("issued by", c.Issuer)
		answer("can reach", c.Reach)
		answer("expires", c.Expiry)
	}
	answer("owner", p.Owner)
	answer("rotated", p.Rotated)
	line("last used", "%s", orUnknown(p.LastUsed))
	fmt.Fprintf(w, "\t\ngrants\t%d\n", len(p.Grants))
	for _, g := range p.Grants {
		line("", "%-13s %s on %s  (%s; last used %s)", g.Verdict, g.Permission, output.Short(g.Resource), g.Path, orUnknown(g.LastUsed))
	}
	fmt.Fprintf(w, "\t\ndid\t%d kinds of things\n", len(p.Uses))
	for i, u := range p.Uses {
		if i == mostUses {
			line("", "and %d more", len(p.Uses)-mostUses)
			break
		}
		line("", "%s %s %s (%d days)", orUnknown(u.Last), cmp.Or(u.Permission, "(signed in, or acted without a permission of its own)"), output.Short(u.Scope), len(u.Days))
	}
	fmt.Fprintf(w, "\t\nfindings\t%d\n", len(p.Findings))
	for i := range p.Findings {
		f := &p.Findings[i]
		line("", "%s %s %s: %s", f.Severity, f.Verdict, f.Kind, f.Why)
	}
	return w.Flush()
}

func orUnknown(t time.Time) string {
	if t.IsZero() {
		return "not seen"
	}
	return t.Format(time.RFC3339)
}

// Package output prints findings: as a table for people, as JSON lines, as OCSF findings, as CSV.
package output

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/access/ocsf"
)

// Formats are the words that --format takes.
var Formats = []string{"table", "json", "ocsf", "csv"}

// Findings prints findings in a format.
func Findings(w io.Writer, format string, list []access.Finding) error {
	b := bufio.NewWriterSize(w, 1<<16)
	var err error
	switch format {
	case "json":
		err = each(b, list, func(f *access.Finding) any { return f })
	case "ocsf":
		err = each(b, list, func(f *access.Finding) any { return ocsf.Finding(f) })
	case "csv":
		err = asCSV(b, list)
	case "table":
		err = asTable(b, list)
	default:
		return fmt.Errorf("--format %s is not one of %s", format, strings.Join(Formats, ", "))
	}
	if err != nil {
		return err
	}
	return b.Flush()
}

func each(w io.Writer, list []access.Finding, of func(*access.Finding) any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i := range list {
		if err := enc.Encode(of(&list[i])); err != nil {
			return err
		}
	}
	return nil
}

func asTable(w io.Writer, list []access.Finding) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "SEVERITY\tVERDICT\tKIND\tTEAM\tWHO\tWHAT\tWHY")
	for i := range list {
		f := &list[i]
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.Severity, f.Verdict, f.Kind, Plain(f.Team), Plain(cut(who(f), 60)), Plain(cut(what(f), 60)), Plain(cut(state(f)+f.Why, 140)))
	}
	return t.Flush()
}

func state(f *access.Finding) string {
	if f.State == "open" || f.State == "" {
		return ""
	}
	return "[" + f.State + "] "
}

func who(f *access.Finding) string {
	if f.Identity == nil {
		return f.Feed
	}
	return Short(f.Identity.Name)
}

func what(f *access.Finding) string {
	if f.Grant == nil {
		return ""
	}
	s := f.Grant.Permission
	if f.Grant.Resource != "" && f.Grant.Resource != "*" {
		s += " on " + Short(f.Grant.Resource)
	}
	return s
}

// Short leaves the partition, region and account out of an ARN, which a table has no room for.
func Short(name string) string {
	if parts := strings.SplitN(name, ":", 6); len(parts) == 6 && parts[0] == "arn" {
		return parts[4] + ":" + parts[5]
	}
	return name
}

// Plain makes hostile text harmless on a terminal: control, bidirectional and other format characters are left out.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
}

// cut shortens s to n characters and says so with an ellipsis.
func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

var csvHeader = []string{"fingerprint", "kind", "verdict", "severity", "state", "team", "feed", "identity_uid", "identity_name", "identity_kind", "person", "owner",
	"provider", "account", "permission", "resource", "path", "granted_at", "granted_by", "expires_at", "last_used", "window_from", "window_to", "coverage", "decidable_at", "why", "proposal", "rule"}

func asCSV(w io.Writer, list []access.Finding) error {
	c := csv.NewWriter(w)
	if err := c.Write(csvHeader); err != nil {
		return err
	}
	for i := range list {
		if err := c.Write(csvRow(&list[i])); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

func csvRow(f *access.Finding) []string {
	id, g, w := f.Identity, f.Grant, f.Window
	if id == nil {
		id = &access.FindingIdentity{}
	}
	if g == nil {
		g = &access.FindingGrant{}
	}
	if w == nil {
		w = &access.Interval{}
	}
	cov := ""
	if f.Coverage != nil {
		cov = strconv.FormatFloat(*f.Coverage, 'f', -1, 64)
	}
	row := []string{f.Fingerprint, f.Kind, string(f.Verdict), string(f.Severity), f.State, f.Team, f.Feed, id.UID, id.Name, string(id.Kind), id.Person, id.Owner,
		g.Provider, g.Account, g.Permission, g.Resource, g.Path, stamp(g.GrantedAt), g.GrantedBy, stamp(g.ExpiresAt), stamp(f.LastUsed), stamp(w.From), stamp(w.To),
		cov, stamp(f.DecidableAt), f.Why, f.Proposal, f.Rule}
	for i, v := range row {
		row[i] = inert(v)
	}
	return row
}

// inert keeps a spreadsheet from taking a cell for a formula.
func inert(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Package output prints findings: as a table for people, as JSON lines, as OCSF findings, as CSV.
package output

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

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
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	for i := range list {
		line.Reset()
		if err := enc.Encode(of(&list[i])); err != nil {
			return err
		}
		if _, err := w.Write(escaped(line.Bytes())); err != nil {
			return err
		}
	}
	return nil
}

// obeyed are the characters that a terminal obeys, or that hide or reorder what stands beside them.
func obeyed(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

// escaped writes what a terminal would obey as JSON's own escapes, which the encoder does below U+0020 only. The value stays
// the same; such characters stand in strings and nowhere else.
func escaped(line []byte) []byte {
	if !slices.ContainsFunc(line, func(b byte) bool { return b >= 0x7f }) {
		return line
	}
	var out []byte
	for _, r := range string(line) {
		switch {
		case r == '\n' || !obeyed(r):
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			a, b := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, a, b)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
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
		if obeyed(r) {
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
		row[i] = inert(shown(v))
	}
	return row
}

// shown writes out by their numbers the characters that would be obeyed; a line break within a cell is none of them.
func shown(s string) string {
	if !utf8.ValidString(s) {
		s = string([]rune(s))
	}
	if !strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && obeyed(r) }) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if r != '\n' && obeyed(r) {
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
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

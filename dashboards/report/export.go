package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/report/words"
)

// columns of the findings table, in order. Adding one goes at the end: people have spreadsheets that count columns.
var columns = []string{
	"fingerprint", "severity", "kind", "verdict", "state", "team", "identity", "identity_uid", "identity_kind", "owner",
	"provider", "account", "permission", "resource", "path", "granted_at", "granted_by", "window_from", "window_to",
	"coverage", "last_used", "first_seen", "last_seen", "decidable_at", "feed", "gaps", "why", "proposal", "controls", "owasp",
	"exception_approver", "exception_reason", "exception_expires", "rule",
}

// FindingsCSV writes findings as a table. No cell can run as a formula where the file is opened.
func FindingsCSV(w io.Writer, findings []*access.Finding) error {
	c := csv.NewWriter(w)
	if err := c.Write(columns); err != nil {
		return fmt.Errorf("writing the findings table: %w", err)
	}
	for _, f := range findings {
		if err := c.Write(record(f)); err != nil {
			return fmt.Errorf("writing the findings table: %w", err)
		}
	}
	c.Flush()
	if err := c.Error(); err != nil {
		return fmt.Errorf("writing the findings table: %w", err)
	}
	return nil
}

func record(f *access.Finding) []string {
	var (
		id     access.FindingIdentity
		grant  access.FindingGrant
		window access.Interval
		except access.FindingException
		share  string
	)
	if f.Identity != nil {
		id = *f.Identity
	}
	if f.Grant != nil {
		grant = *f.Grant
	}
	if f.Window != nil {
		window = *f.Window
	}
	if f.Exception != nil {
		except = *f.Exception
	}
	if f.Coverage != nil {
		share = strconv.FormatFloat(*f.Coverage, 'f', -1, 64)
	}
	row := []string{
		f.Fingerprint, string(f.Severity), f.Kind, string(f.Verdict), f.State, f.Team, id.Name, id.UID, string(id.Kind), id.Owner,
		grant.Provider, grant.Account, grant.Permission, grant.Resource, grant.Path, moment(grant.GrantedAt), grant.GrantedBy, moment(window.From), moment(window.To),
		share, moment(f.LastUsed), moment(f.FirstSeen), moment(f.LastSeen), moment(f.DecidableAt), f.Feed, gapList(f.Gaps), f.Why, f.Proposal, strings.Join(f.Controls, " "), strings.Join(f.OWASP, " "),
		except.Approver, except.Reason, moment(except.Expires), f.Rule,
	}
	for i := range row {
		row[i] = words.Cell(row[i])
	}
	return row
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func gapList(gaps []access.Gap) string {
	var b strings.Builder
	for i, g := range gaps {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(g.Feed + " " + moment(g.From) + "/" + moment(g.To))
		if g.Why != "" {
			b.WriteString(" " + g.Why)
		}
	}
	return b.String()
}

// FindingsJSON writes findings with the moment of the evaluation and how many there are.
func FindingsJSON(w io.Writer, asOf time.Time, findings []*access.Finding) error {
	if findings == nil {
		findings = []*access.Finding{}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	err := e.Encode(struct {
		AsOf     time.Time         `json:"as_of"`
		Count    int               `json:"count"`
		Findings []*access.Finding `json:"findings"`
	}{asOf.UTC(), len(findings), findings})
	if err != nil {
		return fmt.Errorf("writing findings: %w", err)
	}
	return nil
}

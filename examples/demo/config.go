package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// stamp is how a file name dates a snapshot.
const stamp = "20060102T150405Z"

// config writes grantwatch.yaml.
func (o *Org) config() []byte {
	var b strings.Builder
	b.WriteString("# A made-up organisation: every name, account and record in here is invented.\nteams:\n")
	for _, t := range o.teams {
		fmt.Fprintf(&b, "  - {name: %s, owners: [%s]", t.name, t.lead.email)
		if t.regulated {
			b.WriteString(", regulated: true")
		}
		b.WriteString("}\n")
	}
	b.WriteString("feeds:\n")
	for _, f := range o.feeds {
		fmt.Fprintf(&b, "  - {name: %s, team: %s, format: %s", f.name, f.team, f.format)
		if f.account != "" {
			fmt.Fprintf(&b, ", accounts: [%q]", f.account)
		}
		if len(f.classes) > 0 {
			fmt.Fprintf(&b, ", classes: [%s]", `"`+strings.Join(f.classes, `", "`)+`"`)
		}
		fmt.Fprintf(&b, ", from: {file: \"%s/*.json*\"}, max_silence: 2h}\n", f.dir)
	}
	b.WriteString("entitlements:\n")
	for _, a := range o.accounts {
		fmt.Fprintf(&b, "  - {name: %s-iam, team: %s, format: aws_authorization_details, accounts: [%q], from: {file: \"iam/%s-*.json\"}}\n", a.label(), a.team.name, a.id, a.label())
	}
	for _, c := range o.clusters {
		fmt.Fprintf(&b, "  - {name: %s-rbac, team: %s, format: k8s_rbac, accounts: [%q], from: {file: \"rbac/%s-*.json\"}}\n", c.name, c.team.name, c.name, c.name)
	}
	asOf := o.opt.AsOf.Add(-90 * time.Minute).Format(time.RFC3339)
	fmt.Fprintf(&b, "identities:\n  - {name: people, format: csv, from: {file: people.csv}, as_of: %q, max_age: 24h}\n", asOf)
	fmt.Fprintf(&b, "  - {name: nhis, format: csv, from: {file: nhis.csv}, as_of: %q, max_age: 24h}\n", asOf)
	b.WriteString("baselines: [\"baseline/*.yaml\"]\nidle: [\"idle/*.yaml\"]\nexceptions: [\"exceptions/*.yaml\"]\napprovals: [{csv: tickets.csv}]\n")
	return []byte(b.String())
}

// label is the name of the account's files.
func (a *account) label() string {
	if a.id == sandboxID {
		return a.team.name + "-sandbox"
	}
	return a.team.name + "-prod"
}

// baseline lists what the mobile team has been approved to have: every permission that its grants have, except for
// the planted ones.
func (o *Org) baseline() []byte {
	t := o.team("mobile")
	anyone := "arn:aws:iam::" + t.account.id + ":*"
	lines := map[string]bool{}
	for _, g := range o.truth {
		if g.Kind != "UNUSED_GRANT" || g.Team != t.name || o.drift[g.Subject+" "+g.Permission] {
			continue
		}
		subject := anyone
		if strings.Contains(g.Permission, "*") { // a glob that matches others than itself is for its own subject only
			subject = g.Subject
		}
		lines[fmt.Sprintf("  - {subject: %q, permission: %q, ticket: BASE-1}\n", subject, g.Permission)] = true
	}
	sorted := make([]string, 0, len(lines))
	for l := range lines {
		sorted = append(sorted, l)
	}
	slices.Sort(sorted)
	var b strings.Builder
	fmt.Fprintf(&b, "team: mobile\napproved_by: %s\napproved_at: %s\nreview_by: %s\ngrants:\n", t.lead.email,
		o.ago(85).Format("2006-01-02"), o.ago(-90).Format("2006-01-02"))
	b.WriteString(strings.Join(sorted, ""))
	return []byte(b.String())
}

func (o *Org) idleRegister() []byte {
	var b strings.Builder
	b.WriteString("idle:\n")
	for _, a := range o.accounts {
		for _, r := range a.roles {
			if r.name != "break-glass-admin" {
				continue
			}
			rest := fmt.Sprintf("class: break-glass, owner: %s, reason: \"opened in a declared incident only\", approver: %s, expires: %s}\n",
				a.team.lead.email, o.team("platform").lead.email, o.ago(-200).Format("2006-01-02"))
			fmt.Fprintf(&b, "  - {match: {subject: %q}, %s", r.arn, rest)
			for _, u := range r.trusts {
				fmt.Fprintf(&b, "  - {match: {subject: %q, permission: \"sts:AssumeRole\", resource: %q}, %s", u.arn, r.arn, rest)
			}
		}
	}
	return []byte(b.String())
}

func (o *Org) exceptions() []byte {
	var b strings.Builder
	b.WriteString("exceptions:\n")
	for _, t := range o.excepted {
		fmt.Fprintf(&b, "  - {match: {kind: UNUSED_GRANT, subject: %q, permission: %q, team: %s}, reason: \"kept for the yearly restore test\", approver: %s, expires: %s}\n",
			t.Subject, t.Permission, t.Team, o.team(t.Team).lead.email, o.ago(-60).Format("2006-01-02"))
	}
	return []byte(b.String())
}

func (o *Org) ticketsCSV() []byte {
	b := []byte("subject,permission,resource,approved_by,approved_at,ticket\n")
	for _, t := range o.tickets {
		b = append(b, strings.Join([]string{t.subject, t.permission, t.resource, t.approver, t.at.UTC().Format(time.RFC3339), t.id}, ",")...)
		b = append(b, '\n')
	}
	return b
}

// silentVerdict reports whether v is no finding: nothing is said of it unless everything is listed.
func silentVerdict(v access.Verdict) bool {
	return v == access.VerdictUsed || v == access.VerdictClosed || v == access.VerdictDeclaredIdle
}

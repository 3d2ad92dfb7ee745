package alerttest

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

//go:embed hostile.txt
var hostileText string

// Hostile are strings that an attacker may write into a log, from hostile.txt.
func Hostile() []string {
	var out []string
	for i, line := range strings.Split(hostileText, "\n") {
		s, err := parse(line)
		if err != nil {
			panic(fmt.Sprintf("hostile.txt:%d: %v", i+1, err)) // the file is part of the program
		}
		if line != "" && line[0] != '#' {
			out = append(out, s)
		}
	}
	return out
}

func parse(line string) (string, error) {
	if line == "" || line[0] == '#' {
		return "", nil
	}
	times := 1
	if n, rest, ok := strings.Cut(line, " * "); ok && line[0] != '"' {
		var err error
		if times, err = strconv.Atoi(n); err != nil {
			return "", err
		}
		line = rest
	}
	s, err := strconv.Unquote(line)
	return strings.Repeat(s, times), err
}

var asOf = time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)

// Finding is a finding with a string in every place that a log, a snapshot, a rule or a person can reach.
func Finding(s string) access.Finding {
	cov := 0.5
	return access.Finding{
		Fingerprint: s, Kind: s, Verdict: access.Verdict(s), Rule: s, Severity: access.Severity(s), Title: s, Why: s, Team: s, Feed: s, State: ledger.StateOpen,
		Identity: &access.FindingIdentity{UID: s, Name: s, Kind: access.Kind(s), Person: s + "p", Owner: s, Record: s},
		Grant:    &access.FindingGrant{ID: s, Provider: s, Account: s, Permission: s, Resource: s, Path: s, GrantedAt: asOf, GrantedBy: s, ExpiresAt: asOf},
		Window:   &access.Interval{From: asOf.AddDate(0, 0, -90), To: asOf}, LastUsed: asOf, Coverage: &cov, CoverageGrade: s, Attribution: s, AttemptedOnly: true,
		Feeds: []string{s, s}, Gaps: []access.Gap{{Feed: s, From: asOf, To: asOf, Why: s}, {Feed: s}, {Feed: s}, {Feed: s}}, Evidence: []string{s, s, s, s}, Proposal: s,
		UsedActions: []string{s, s, s, s}, UnusedActions: 17, UnusedWeight: 40.25, Weight: 10, Controls: []string{s, s}, OWASP: []string{s}, BlindSpots: []string{s},
		FirstSeen: asOf, LastSeen: asOf, Note: s, Resolution: s, Exception: &access.FindingException{Reason: s, Approver: s, Expires: asOf},
		Handling: &access.Handling{State: s, By: s, At: asOf, Until: asOf, Team: s, Why: s},
	}
}

// Message is a message with a string in every place, and that many findings.
func Message(s string, findings int) alert.Message {
	m := alert.Message{
		Key: alert.Key{Channel: "#payments", Fingerprint: s}, Reason: alert.ReasonWorse, Team: s, Kind: s, Cause: s, Title: s, Severity: access.Severity(s), New: 1,
		AsOf: asOf, At: asOf, Digest: "d", Audience: alert.AudienceEscalation, Contradicted: 2, Waited: 50 * time.Hour, StepsLeft: 3, Link: "https://grantwatch.example/finding/1",
		Record: alert.Record{Post: "p", Team: s, Kind: s, Cause: s, Title: s},
	}
	for range findings {
		m.Findings = append(m.Findings, Finding(s))
	}
	for i := range 7 {
		u := Finding(s)
		u.Verdict, u.Gaps = access.VerdictUnverifiable, []access.Gap{{Feed: s + strconv.Itoa(i)}}
		m.Unverifiable = append(m.Unverifiable, u)
	}
	for range 20 {
		m.Steps = append(m.Steps, ledger.Change{Fingerprint: s, Team: s, At: asOf, From: s, To: s, Verdict: access.Verdict(s), Severity: access.Severity(s), Why: s, Who: s})
	}
	return m
}

// Shapes is every kind of message that m can become.
func Shapes(m alert.Message) []alert.Message {
	with := func(change func(*alert.Message)) alert.Message {
		x := m
		change(&x)
		return x
	}
	how := []alert.Resolved{{How: "use", N: 1}, {How: m.Team, N: 2}}
	return []alert.Message{
		with(func(x *alert.Message) { x.Reason = alert.ReasonFirst }),
		m,
		with(func(x *alert.Message) { x.New = 0 }),
		with(func(x *alert.Message) { x.Reason = alert.ReasonChanged }),
		with(func(x *alert.Message) { x.Reason = alert.ReasonReminder }),
		with(func(x *alert.Message) { x.Reason = alert.ReasonEscalate }),
		with(func(x *alert.Message) { x.Findings = nil }),
		with(func(x *alert.Message) {
			x.Reason, x.Closing = alert.ReasonResolved, alert.Closing{Unverifiable: 1, Excepted: 2, Elsewhere: 3, Handled: 4, How: how}
		}),
		with(func(x *alert.Message) {
			x.Reason, x.Week = alert.ReasonDigest, &alert.Week{Name: m.Team, From: asOf, To: asOf, Open: m.Counts(), Unverifiable: 7, Blinds: m.Blinds(), New: 3, Resolved: how, Oldest: m.Findings}
			for range 20 {
				x.Week.Expiring = append(x.Week.Expiring, alert.Expiring{What: m.Team, Reason: m.Team, Approver: m.Team, Expires: asOf})
			}
			x.Findings, x.Unverifiable, x.Steps = nil, nil, nil
		}),
		with(func(x *alert.Message) {
			x.Unverifiable, x.Findings = nil, append([]access.Finding(nil), m.Findings...)
			for i := range x.Findings {
				x.Findings[i].Handling = &access.Handling{State: access.HandlingAcknowledged, By: m.Team, At: asOf, Until: asOf, Why: m.Team}
			}
		}),
	}
}

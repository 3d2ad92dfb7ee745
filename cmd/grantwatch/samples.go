package main

import (
	"context"
	"fmt"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/slack"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// sampleFinding is an ordinary one.
func sampleFinding(i int, at time.Time) access.Finding {
	whole := 1.0
	return access.Finding{
		Fingerprint: fmt.Sprintf("%032x", i+1), Kind: "UNUSED_GRANT", Verdict: access.VerdictUnused, Rule: "unused-grant", Severity: access.SeverityHigh, Title: "Access that nobody uses",
		Why: "No use of iam:* by deploy-bot in the last 90 days; coverage C2.", Team: "payments", State: ledger.StateOpen,
		Identity: &access.FindingIdentity{UID: "deploy-bot", Name: fmt.Sprintf("deploy-bot-%d", i+1), Kind: access.Service, Owner: "ana"},
		Grant:    &access.FindingGrant{ID: "g", Provider: "aws", Account: "111122223333", Permission: "iam:*", Resource: "*", GrantedAt: at.AddDate(0, -6, 0), GrantedBy: "arn:aws:iam::111122223333:user/li"},
		Window:   &access.Interval{From: at.AddDate(0, 0, -90), To: at}, Coverage: &whole, CoverageGrade: "C2", Evidence: []string{"listed by payments-iam"}, Weight: 10, UnusedActions: 214, UnusedWeight: 880,
		Proposal: "detach arn:aws:iam::111122223333:policy/deploy from deploy-bot", Controls: []string{"PR.AA-05", "AC-6"}, OWASP: []string{"NHI5:2025"}, FirstSeen: at.AddDate(0, 0, -3),
	}
}

// sampleMessage is one kind of message, by the channel that shows it.
type sampleMessage struct {
	channel string
	first   bool // the message as it was before
	change  func(m *alert.Message)
}

func handling(state string) func(m *alert.Message) {
	return func(m *alert.Message) {
		m.Reason = alert.ReasonChanged
		for i := range m.Findings {
			h := &access.Handling{State: state, By: "ana@corp.example", At: m.At, Why: "looking into it"}
			switch state {
			case access.HandlingSnoozed:
				h.Until = m.At.AddDate(0, 0, 7)
			case access.HandlingRequested:
				h.Why, h.Until = "kept until the migration is through", m.At.AddDate(0, 0, 3)
				h.Asked = &access.Asked{Approver: "max", Mail: "max@corp.example", Expires: m.At.AddDate(0, 1, 0)}
			}
			m.Findings[i].Handling = h
			m.Steps = append(m.Steps, ledger.Change{Fingerprint: m.Findings[i].Fingerprint, At: m.At, To: state, Who: "ana@corp.example", Why: "looking into it"})
		}
	}
}

// samples are every kind of message.
var samples = []sampleMessage{
	{"first", false, func(*alert.Message) {}},
	{"acknowledged", true, handling(access.HandlingAcknowledged)},
	{"snoozed", true, handling(access.HandlingSnoozed)},
	{"marked-revoked", true, handling(access.HandlingClaimed)},
	{"requested", false, func(m *alert.Message) {
		handling(access.HandlingRequested)(m)
		m.Reason, m.Audience, m.Steps = alert.ReasonFirst, alert.AudienceApprover, nil
	}},
	{"worse", true, func(m *alert.Message) {
		m.Reason, m.New = alert.ReasonWorse, 1
		m.Findings, m.Newest = append(m.Findings, sampleFinding(7, m.At)), []int{len(m.Findings)}
	}},
	{"reminder", true, func(m *alert.Message) { m.Reason = alert.ReasonReminder }},
	{"escalation", false, func(m *alert.Message) { m.Audience, m.Waited = alert.AudienceEscalation, 26*time.Hour }},
	{"storm", false, func(m *alert.Message) {
		for i := range 138 {
			m.Findings = append(m.Findings, sampleFinding(i+10, m.At))
		}
	}},
	{"unverifiable", false, func(m *alert.Message) {
		f := m.Findings[0]
		f.Verdict, f.Severity, f.DecidableAt = access.VerdictUnverifiable, access.SeverityLow, m.At.AddDate(0, 0, 90)
		f.Gaps = []access.Gap{{Feed: "payments-aws", From: m.At.Add(-216 * time.Hour), To: m.At, Why: "silence"}}
		m.Findings, m.Unverifiable, m.Audience = nil, []access.Finding{f, f, f}, alert.AudienceFeedOwner
	}},
	{"resolved", true, func(m *alert.Message) {
		m.Reason, m.Findings, m.Closing = alert.ReasonResolved, nil, alert.Closing{How: []alert.Resolved{{How: ledger.ResolvedByUse, N: 1}, {How: ledger.ResolvedByRevocation, N: 1}}}
		m.Steps = []ledger.Change{{Fingerprint: "0000000000000001", At: m.At, To: ledger.StateResolved, Why: "it was revoked: the snapshot of aws 111122223333 no longer lists it", Who: "grantwatch"}}
	}},
	{"digest", false, func(m *alert.Message) {
		f := m.Findings
		m.Reason, m.Findings = alert.ReasonDigest, nil
		m.Week = &alert.Week{
			Name: "2026-W35", Open: []alert.Count{{Severity: access.SeverityHigh, N: 4}, {Severity: access.SeverityMedium, N: 11}}, Unverifiable: 3, Blinds: []alert.Blind{{Feed: "payments-aws", N: 3}}, New: 5,
			Resolved: []alert.Resolved{{How: ledger.ResolvedByRevocation, N: 6}, {How: ledger.ResolvedByUse, N: 1}}, Oldest: f,
			Expiring: []alert.Expiring{{What: "iam:* for restore-bot", Reason: "kept for the yearly restore test", Approver: "ana", Expires: m.At.AddDate(0, 0, 9)}},
		}
	}},
}

// postSamples posts every kind of message through the real notifier, each into a channel of its own.
func postSamples(ctx context.Context, w *workspace, c slack.Config) error {
	n := slack.New(c)
	at := time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)
	for i, s := range samples {
		w.AddChannel(fmt.Sprintf("C0SAMPLE%02d", i), s.channel)
		m := alert.Message{
			Key: alert.Key{Channel: "#" + s.channel, Fingerprint: fmt.Sprintf("%032x", 4096+i)}, Reason: alert.ReasonFirst, Team: "payments", Kind: "UNUSED_GRANT", Cause: "unused-grant", Title: "Access that nobody uses",
			Severity: access.SeverityHigh, AsOf: at, At: at, Digest: "1", New: 2, Findings: []access.Finding{sampleFinding(0, at), sampleFinding(1, at)}, Link: "https://grantwatch.example/findings",
		}
		m.Record = alert.Record{Post: fmt.Sprintf("sample%d", i)}
		var prev *alert.Delivery
		if s.first {
			d, err := n.Send(ctx, m, nil)
			if err != nil {
				return err
			}
			prev, m.Digest = &d, "2"
		}
		s.change(&m)
		if _, err := n.Send(ctx, m, prev); err != nil {
			return err
		}
	}
	w.AddChannel("C0SAMPLE99", "report")
	_, err := n.SendFile(ctx, "#report", "grantwatch-2026-W35.html", []byte("<!doctype html><title>a made-up report</title>"), "The weekly report for the board, 2026-W35.", "sample-report", nil)
	return err
}

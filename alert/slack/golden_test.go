package slack

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

var update = flag.Bool("update", false, "rewrite goldens")

var asOf = time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)

func unused(i int) access.Finding {
	cov := 1.0
	return access.Finding{
		Fingerprint: fmt.Sprintf("%032d", i), Kind: "UNUSED_GRANT", Verdict: access.VerdictUnused, Rule: "unused-grant", Severity: access.SeverityHigh, Title: "Access that nobody uses",
		Why: "No use of iam:* by deploy-bot in the last 90 days; coverage C2.", Team: "payments", State: ledger.StateOpen,
		Identity: &access.FindingIdentity{UID: "deploy-bot", Name: "deploy-bot", Kind: access.Service, Owner: "ana"},
		Grant:    &access.FindingGrant{ID: "g", Provider: "aws", Account: "111122223333", Permission: "iam:*", Resource: "*", GrantedAt: asOf.AddDate(0, -6, 0), GrantedBy: "arn:aws:iam::111122223333:user/li"},
		Window:   &access.Interval{From: asOf.AddDate(0, 0, -90), To: asOf}, Feeds: []string{"payments-aws"}, Coverage: &cov, CoverageGrade: "C2",
		Evidence: []string{"listed by payments-iam at 2026-09-01T00:00:00Z"}, Proposal: "take iam:* on * out of arn:aws:iam::111122223333:policy/deploy, or detach it from deploy-bot",
		Controls: []string{"PR.AA-05", "AC-6"}, OWASP: []string{"NHI5:2025"}, FirstSeen: asOf,
	}
}

func blindOne(i int) access.Finding {
	f := unused(i)
	cov := 0.9
	f.Verdict, f.Severity, f.Coverage = access.VerdictUnverifiable, access.SeverityLow, &cov
	f.Gaps = []access.Gap{{Feed: "payments-aws", From: asOf.Add(-9 * 24 * time.Hour), To: asOf, Why: "silence"}}
	f.DecidableAt = asOf.AddDate(0, 0, 90)
	return f
}

func TestGoldens(t *testing.T) {
	routes := alert.Routes{Teams: map[string]string{"payments": "#payments"}, Min: access.SeverityMedium}
	view := func(fs ...access.Finding) *ledger.View {
		return &ledger.View{AsOf: asOf, Findings: fs, Feeds: []detect.FeedReport{{Name: "payments-aws", Team: "payments"}}}
	}
	gapped := unused(2)
	cov := 0.99989
	gapped.Coverage, gapped.Severity, gapped.Title = &cov, access.SeverityMedium, "Access that nobody uses"
	gapped.Gaps = []access.Gap{{Feed: "payments-aws", From: asOf.Add(-10 * time.Minute), To: asOf.Add(-time.Minute), Why: "silence"}}
	leaver := access.Finding{
		Fingerprint: "9", Kind: "ACCOUNT_STILL_ENABLED", Verdict: access.VerdictViolation, Rule: "account-still-enabled", Severity: access.SeverityCritical, Title: "A leaver's account is still enabled",
		Why: "bo was still enabled 49 hours after its person's end; allowed are 4 hours.", Team: "payments", State: ledger.StateOpen, Identity: &access.FindingIdentity{UID: "okta:bo", Name: "bo", Kind: access.Human, Person: "p-17"},
		Evidence: []string{"enabled at 2026-08-31T00:00:00Z: the snapshot of okta lists it"}, Proposal: "disable bo", Controls: []string{"PR.AA-01"}, FirstSeen: asOf,
	}
	var storm []access.Finding
	for i := range 140 {
		storm = append(storm, unused(i))
	}
	first := alert.Plan(view(unused(1), gapped, blindOne(3), blindOne(4)), nil, routes, asOf)[0]
	sent := map[alert.Key]alert.Delivery{first.Key: first.Delivery("1.1", alert.StatusSent)}
	worse := alert.Plan(view(unused(1), gapped, unused(5)), sent, routes, asOf)[0]
	over := alert.Plan(view(blindOne(1)), sent, routes, asOf)[0]
	alone := alert.Plan(view(blindOne(1)), nil, alert.Routes{Teams: routes.Teams}, asOf)[0]
	digest := alert.Plan(view(storm...), nil, routes, asOf)[0]
	gone := alert.Plan(view(leaver), nil, routes, asOf)[0]
	for name, r := range map[string]rendered{
		"first": render(&first, testSeal), "worse": render(&worse, testSeal), "reply": renderReply(&worse), "resolved": render(&over, testSeal), "unverifiable": render(&alone, testSeal), "storm": render(&digest, testSeal), "leaver": render(&gone, testSeal),
	} {
		t.Run(name, func(t *testing.T) {
			mustBeInert(t, name, r)
			got := pretty(t, r)
			path := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestLargestMessages: the most that a plan can hand over still fits, and says what it leaves out.
func TestLargestMessages(t *testing.T) {
	for _, s := range []string{"plain words of a long name ", "&<>`", "\U0001F600", "\"\\"} {
		for _, n := range []int{1, 10, 20, 21, 5000} {
			m := poisoned(strings.Repeat(s, 400), n)
			r := render(m, testSeal)
			mustBeAccepted(t, s, r)
			told := 0
			markup, _ := texts(t, r)
			all := strings.Join(markup, "\n")
			told = strings.Count(all, "*unrated* ·")
			if told == 0 {
				t.Errorf("%d findings of %q: none is told", n, s)
			}
			if rest := n - told; rest > 0 && !strings.Contains(all, fmt.Sprintf("*%d more*", rest)) {
				t.Errorf("%d findings of %q: %d told, and not that %d are left out", n, s, told, rest)
			}
		}
	}
	for n, want := range map[int]int{20: 20, 21: 10} { // ordinary findings are all told, with their proposals
		m := &alert.Message{Reason: alert.ReasonFirst, Severity: access.SeverityHigh, Key: alert.Key{Fingerprint: "f"}}
		for i := range n {
			m.Findings = append(m.Findings, unused(i))
		}
		markup, _ := texts(t, render(m, testSeal))
		if got := strings.Count(strings.Join(markup, "\n"), "*Proposal*"); got != want {
			t.Errorf("%d ordinary findings, %d proposals, want %d", n, got, want)
		}
	}
}

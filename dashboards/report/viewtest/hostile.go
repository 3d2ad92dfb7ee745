package viewtest

import (
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// The strings that a log of somebody else's making may carry.
const (
	Script   = `<script>alert("gw")</script>`
	Quotes   = `" onmouseover='alert(1)' x="`
	Formula  = `=cmd|' /C calc'!A0`
	Bidi     = "admin\u202egpj.exe\u2066"
	Control  = "a\x00b\x1b[31mc\u200bd"
	Template = `{{.Secret}}</style></title>`
	Link     = `javascript:alert(1)`
)

// Hostile is a small view in which every field that comes from outside carries something nasty.
func Hostile() *ledger.View {
	cov := 0.42
	long := strings.Repeat("long-name-", 1024)
	bad := access.Finding{
		Fingerprint: fingerprint("hostile", 0), Kind: "UNUSED_GRANT", Verdict: access.VerdictUnused, Rule: Script, Severity: access.SeverityHigh, Title: Script, Why: Quotes + Script, Team: Formula,
		Identity: &access.FindingIdentity{UID: "arn:aws:iam::111122223333:role/" + Script, Name: Bidi + Script, Kind: access.Kind(Script), Person: Quotes, Owner: Link, Record: Control},
		Grant:    &access.FindingGrant{ID: Script, Provider: Script, Account: Quotes, Permission: Formula, Resource: Script, Path: Template, GrantedAt: Now.Add(-400 * day), GrantedBy: Script},
		Window:   &access.Interval{From: Now.Add(-90 * day), To: Now}, Feeds: []string{Script}, Coverage: &cov, CoverageGrade: Script, Attribution: Script,
		Gaps: []access.Gap{{Feed: Script, From: Now.Add(-10 * day), To: Now.Add(-9 * day), Why: Quotes + Script}}, Evidence: []string{Script, Control, Bidi}, Proposal: Script + "\n" + Template,
		UsedActions: []string{Script}, Controls: []string{Script, "PR.AA-05"}, OWASP: []string{Quotes}, BlindSpots: []string{Script}, FirstSeen: Now.Add(-3 * day), LastSeen: Now, State: ledger.StateExcepted,
		Exception: &access.FindingException{Reason: Script, Approver: Quotes, Expires: Now.Add(5 * day)}, Note: Script, Weight: 3,
	}
	big := access.Finding{
		Fingerprint: fingerprint("hostile", 1), Kind: Script, Verdict: access.VerdictViolation, Rule: "r", Severity: access.SeverityCritical, Why: long, Team: "-2+3", Feed: Script,
		Identity: &access.FindingIdentity{UID: long, Name: long, Kind: access.Human}, FirstSeen: Now.Add(-200 * day), LastSeen: Now, State: ledger.StateOpen, Evidence: []string{long}, Proposal: long,
	}
	blind := access.Finding{
		Fingerprint: fingerprint("hostile", 2), Kind: "UNUSED_GRANT", Verdict: access.VerdictUnverifiable, Rule: "unused-grant", Severity: access.SeverityLow, Why: "\tno evidence", Team: "",
		Identity: &access.FindingIdentity{UID: "@SUM(1)", Name: "+1", Kind: access.Service}, Gaps: bad.Gaps, FirstSeen: Now, LastSeen: Now, State: ledger.StateOpen, Coverage: &cov,
	}
	all := []access.Finding{bad, big, blind}
	res := &detect.Result{Now: Now, Findings: all, Notes: []string{Script},
		Registers:   []detect.RegisterNote{{Source: Script, Line: 1, What: Quotes + Bidi + " expires at 2026-11-30T00:00:00Z"}},
		Evaluations: []detect.Evaluation{{Rule: Script, Team: Formula, At: Now, Status: Quotes, Judged: 1, Findings: 1}},
		Feeds: []detect.FeedReport{{Name: Script, Team: Formula, Provider: Quotes, First: Now.Add(-40 * day), Newest: Now.Add(-time.Hour), Watermark: Now.Add(-time.Hour),
			Received: 10, Rejected: 2, Gaps: bad.Gaps, Coverage: cov, Blinds: 1}},
	}
	changes := []ledger.Change{{Fingerprint: big.Fingerprint, Team: Formula, At: Now.Add(-day), To: ledger.StateOpen, Verdict: big.Verdict, Severity: big.Severity, Why: Script, Who: Quotes}}
	res.FeedDays = []detect.FeedDay{{Team: Formula, Feed: Script, Day: Now.Truncate(day).Add(-3 * day), Covered: 0.5, Grade: "C2", Gaps: bad.Gaps}}
	res.Revocations = []detect.Revocation{{Team: Formula, Person: Bidi + Script, Ended: Now.Add(-9 * day), Open: 1, Evidence: Quotes + Control}}
	res.Answers = []detect.CredentialAnswer{{Team: Formula, IdentityUID: Script, Credential: Quotes, Issuer: detect.Answer{State: detect.Known, Value: Script, Evidence: Bidi}}}
	v := ledger.NewView(res, all, changes, []ledger.TeamInfo{{Name: Formula, Owners: []string{Script, "山田太郎 🚀 👨‍💻 שלום"}}}, 1, 1)
	for _, layer := range []string{ledger.LayerPolicy, ledger.LayerExecution} {
		v.Governance = append(v.Governance, ledger.Recommendation{Team: Formula, Layer: layer, At: Now, Model: Script, Candidate: Quotes, Rule: Script, Why: Script + Bidi, Counterfactual: Template, Since: Now})
	}
	return v
}

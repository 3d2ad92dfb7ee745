package viewtest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// Now is the moment at which every view of this package was evaluated: Monday morning after week 2026-W47.
var Now = time.Date(2026, 11, 23, 6, 30, 0, 0, time.UTC)

const day = 24 * time.Hour

var teams = []ledger.TeamInfo{
	{Name: "data-platform", Owners: []string{"mara@harbour.example"}},
	{Name: "identity", Owners: []string{"okon@harbour.example", "lena@harbour.example"}},
	{Name: "logistics", Owners: []string{"teo@harbour.example"}},
	{Name: "payments", Owners: []string{"ana@harbour.example"}, Regulated: true},
	{Name: "platform", Owners: []string{"li@harbour.example"}},
	{Name: "storefront", Owners: []string{"noor@harbour.example"}},
}

// Empty is a view of an evaluation that had nothing to look at.
func Empty() *ledger.View {
	return ledger.NewView(&detect.Result{Now: Now}, nil, nil, nil, 0, 0)
}

// One is a view with a single finding.
func One() *ledger.View {
	g := &generator{dice: rand.New(rand.NewPCG(7, 7))}
	f := g.unusedGrant(teams[3].Name, access.VerdictUnused)
	return ledger.NewView(&detect.Result{Now: Now, Findings: []access.Finding{f}, Feeds: feeds()[:1]}, []access.Finding{f}, nil, teams[3:4], 12, 3)
}

// Organisation is a view of six teams with about n open findings of all kinds, gaps, a silent feed and registers.
func Organisation(n int) *ledger.View {
	g := &generator{dice: rand.New(rand.NewPCG(2026, 47))}
	res := &detect.Result{Now: Now, Feeds: feeds(), Evaluations: g.evaluations(), Registers: []detect.RegisterNote{
		{Source: "exceptions/payments.yaml", Line: 14, What: "exception of finance-* expires at 2026-11-30T00:00:00Z"},
		{Source: "exceptions/platform.yaml", Line: 3, What: "exception of ci-runner matches nothing"},
		{Source: "idle/break-glass.yaml", Line: 8, What: "declared-idle entry for break-glass-eu expired at 2026-11-01T00:00:00Z"},
	}, Notes: []string{"rule env-crossing was too slow and no longer runs"}}
	var current []access.Finding
	for i := range n {
		f := g.finding(i)
		if f.State == "" {
			f.State = ledger.StateOpen
		}
		current = append(current, f)
	}
	res.Findings = append(res.Findings, current...)
	for i := range 4 * n { // what needs no action is judged too
		v := []access.Verdict{access.VerdictUsed, access.VerdictUsed, access.VerdictUsed, access.VerdictTooYoung, access.VerdictRedundant, access.VerdictUnloggable, access.VerdictDeclaredIdle, access.VerdictUsed}[i%8]
		f := g.unusedGrant(teams[g.dice.IntN(len(teams))].Name, v)
		res.Findings = append(res.Findings, f)
	}
	g.answers(res)
	v := ledger.NewView(res, current, g.changes(current), teams, 412, 957)
	for i := range v.Teams {
		t := &v.Teams[i]
		t.DriftReal, t.DriftNewlyVisible = float64(g.dice.IntN(60)-20)/10, float64(g.dice.IntN(90)-20)/10
	}
	v.Org.DriftReal, v.Org.DriftNewlyVisible = 1.2, 3.4
	recommend(v)
	return v
}

func (g *generator) evaluations() []detect.Evaluation {
	var out []detect.Evaluation
	for _, r := range []string{"account-still-enabled", "baseline-drift", "feed-silent", "orphaned-nhi", "out-of-band", "post-termination-activity", "unused-grant"} {
		for i, t := range teams {
			if (len(r)+i)%5 == 0 {
				continue
			}
			e := detect.Evaluation{Rule: r, Team: t.Name, At: Now, Status: "evaluated", Judged: 10 + g.dice.IntN(900)}
			e.Findings = g.dice.IntN(e.Judged / 4)
			if g.dice.IntN(3) == 0 {
				e.Status = "partial"
			}
			out = append(out, e)
		}
	}
	return out
}

// changes tells of a week: some findings are new, some came back, some are gone.
func (g *generator) changes(current []access.Finding) []ledger.Change {
	var out []ledger.Change
	for i := range current {
		f := &current[i]
		c := ledger.Change{Fingerprint: f.Fingerprint, Team: f.Team, At: Now.Add(-time.Duration(g.dice.IntN(150)+10) * time.Hour), To: f.State, Verdict: f.Verdict, Severity: f.Severity, Why: "first seen", Who: "grantwatch"}
		switch {
		case f.State == ledger.StateReopened:
			c.From, c.Why = ledger.StateResolved, "seen again"
		case f.State == ledger.StateExcepted && i%2 == 0:
			c.From, c.Why = ledger.StateOpen, "excepted by "+f.Exception.Approver+": "+f.Exception.Reason
		case Now.Sub(f.FirstSeen) > 7*day:
			continue
		}
		out = append(out, c)
	}
	for i := range len(current) / 12 {
		out = append(out, ledger.Change{Fingerprint: fingerprint("gone", i), Team: teams[i%len(teams)].Name, At: Now.Add(-time.Duration(i%150+10) * time.Hour), From: ledger.StateOpen, To: ledger.StateResolved,
			Verdict: access.VerdictUnused, Severity: access.SeverityMedium, Why: "it was revoked, has expired or its holder was disabled", Who: "grantwatch"})
	}
	slices.SortStableFunc(out, func(a, b ledger.Change) int { return a.At.Compare(b.At) })
	return out
}

func feeds() []detect.FeedReport {
	mk := func(name, team, provider string, received int64, gaps ...access.Gap) detect.FeedReport {
		blind := time.Duration(0)
		for i := range gaps {
			gaps[i].Feed = name
			blind += gaps[i].To.Sub(gaps[i].From)
		}
		return detect.FeedReport{Name: name, Team: team, Provider: provider, First: Now.Add(-210 * day), Newest: Now.Add(-4 * time.Minute), Watermark: Now.Add(-9 * time.Minute),
			Received: received, Gaps: gaps, Coverage: 1 - float64(blind)/float64(90*day), Blinds: 17 * len(gaps)}
	}
	gap := func(ago, length time.Duration, why string) access.Gap {
		return access.Gap{From: Now.Add(-ago), To: Now.Add(-ago + length), Why: why}
	}
	out := []detect.FeedReport{
		mk("data-platform-gcp", "data-platform", "gcp", 18_402_113, gap(61*day, 26*time.Hour, "no records for longer than max_silence")),
		mk("identity-okta", "identity", "okta", 2_113_904),
		mk("logistics-aws", "logistics", "aws", 9_880_214, gap(44*day, 9*day, "StopLogging by arn:aws:iam::111122223333:user/teo"), gap(12*day, 40*time.Minute, "no records for longer than max_silence")),
		mk("payments-aws", "payments", "aws", 41_220_871),
		mk("platform-k8s", "platform", "k8s", 210_551_022, gap(30*day, 90*time.Minute, "no records for longer than max_silence"), gap(29*day, 20*time.Minute, "no records for longer than max_silence"), gap(3*day, 5*time.Hour, "audit policy None by system:admin")),
		mk("storefront-github", "storefront", "github", 712_337),
		mk("storefront-vault", "storefront", "vault", 0),
	}
	out[4].Rejected = 1_204
	f := &out[5] // silent for six days
	f.Newest, f.Watermark, f.Silent, f.Coverage, f.Blinds = Now.Add(-6*day), Now.Add(-time.Hour), true, 1-143.0/2160, 61
	f = &out[6] // never seen
	f.First, f.Newest, f.Watermark, f.Silent, f.Coverage, f.Blinds = time.Time{}, time.Time{}, Now.Add(-time.Hour), true, 0, 24
	f = &out[0] // began in the window
	f.First, f.Coverage = Now.Add(-75*day), 1-(15*24+26)/2160.0
	return out
}

func fingerprint(s string, i int) string {
	h := sha256.Sum256(fmt.Appendf(nil, "%s/%d", s, i))
	return hex.EncodeToString(h[:16])
}

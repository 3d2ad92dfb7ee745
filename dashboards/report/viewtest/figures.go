package viewtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// answers adds credentials, revocations, days of feeds and a census that go with the six teams.
func (g *generator) answers(res *detect.Result) {
	res.Census = map[string]detect.Census{detect.CensusAll: {People: 412, NHIs: 957, ChangesPerWeek: 31}}
	for i, t := range teams {
		res.Census[t.Name] = detect.Census{People: 40 + 11*i, NHIs: 90 + 25*i, ChangesPerWeek: float64(2 + 3*i)}
		for k := range 40 + 8*i {
			state := func(missing int) string {
				switch n := g.dice.IntN(100); {
				case n < missing:
					return detect.Missing
				case n < missing+3:
					return detect.Stale
				}
				return detect.Known
			}
			name := fmt.Sprintf("%s-bot-%d", t.Name, k)
			res.Answers = append(res.Answers, detect.CredentialAnswer{Team: t.Name, IdentityUID: name, IdentityName: name, IdentityKind: access.Workload, Credential: fmt.Sprintf("AKIA%04d", k), Kind: "access key", Provider: "aws",
				Issuer: detect.Answer{State: state(4 + 4*i)}, Reach: detect.Answer{State: state(2 + i)}, Expiry: detect.Answer{State: state(3 + 2*i)}, Grants: 3, Weight: 7})
		}
		for k := range 3 + i {
			r := detect.Revocation{Team: t.Name, Person: fmt.Sprintf("person-%d-%d", i, k), Ended: Now.Add(-time.Duration(6+9*k) * day), Evidence: "account user/person, disabled or deleted by event at 2026-11-01T10:00:00Z"}
			r.Revoked = r.Ended.Add(time.Duration(1+g.dice.IntN(60)) * time.Hour)
			if k == 2 && i%2 == 1 {
				r.Revoked, r.Open, r.Evidence = time.Time{}, 2, "left: account user/person; s3:* on everything"
			}
			all := r
			all.Team = detect.CensusAll
			res.Revocations = append(res.Revocations, r, all)
		}
	}
	for i := range res.Feeds {
		f := &res.Feeds[i]
		for d := range 90 {
			from := f.Watermark.Truncate(day).Add(-time.Duration(89-d) * day)
			to := from.Add(day)
			if to.After(f.Watermark) {
				to = f.Watermark
			}
			fd := detect.FeedDay{Team: f.Team, Feed: f.Name, Day: from, Covered: 1, Grade: "C2", Gaps: []access.Gap{}}
			blind := time.Duration(0)
			cut := func(a, b time.Time, why string) {
				a, b = maxTime(a, from), minTime(b, to)
				if a.Before(b) {
					blind += b.Sub(a)
					fd.Gaps = append(fd.Gaps, access.Gap{Feed: f.Name, From: a, To: b, Why: why})
				}
			}
			if f.First.IsZero() {
				cut(from, to, "no record was ever seen")
			} else {
				cut(from, f.First, "before the feed's first record")
			}
			for _, gap := range f.Gaps {
				cut(gap.From, gap.To, gap.Why)
			}
			if f.Silent && !f.First.IsZero() {
				cut(f.Newest, to, "silent since its newest record")
			}
			fd.Covered = math.Max(0, 1-float64(blind)/float64(to.Sub(from)))
			res.FeedDays = append(res.FeedDays, fd)
		}
	}
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// recommend adds a recommendation for each team, one of them with another word on its way and one for lack of evidence.
func recommend(v *ledger.View) {
	said := []struct{ policy, execution, rule, why, counterfactual string }{
		{"hybrid", "hybrid", "shared", "Nothing speaks for a central or a local model: coverage 99.46 %, visibility 85 %, drift index 24.4.", "to move to local execution: green weeks in a row 2 → 8, changes of access a week 2 → 5"},
		{"central", "hybrid", "slow-or-rising", "Access of people who left is taken away too late: the 95th percentile is 24 days.", "to move to local execution: revocation p95 24 days → 3 days, green weeks in a row 0 → 8"},
		{"central", "central", "unanswered-reach", "Only 69.6 % of 56 credentials are answered for, and the others reach a privilege weight of 125.", "to move to hybrid execution: visibility 69.6 % → 80 % or weight behind unanswered credentials 125 → below 100"},
		{"central", "central", "regulated", "The team is regulated.", ""},
		{"INSUFFICIENT_EVIDENCE", "INSUFFICIENT_EVIDENCE", "insufficient-evidence", "There is too little evidence to recommend anything: coverage is 61 %, 341 grants were judged.", "to move to central execution: coverage 61 % → 80 %"},
		{"hybrid", "local", "earned-trust", "Everything has been green for 9 weeks, and access changes 17 times a week: the team can carry it out itself, inside the central floor.", ""},
	}
	for i := range v.Teams {
		s := said[i%len(said)]
		for _, l := range []struct{ layer, model string }{{ledger.LayerPolicy, s.policy}, {ledger.LayerExecution, s.execution}, {ledger.LayerOversight, "central"}} {
			v.Governance = append(v.Governance, ledger.Recommendation{Team: v.Teams[i].Name, Layer: l.layer, At: v.AsOf, Model: l.model, Candidate: l.model, Rule: s.rule, Why: s.why, Counterfactual: s.counterfactual, Since: Now.Add(-60 * day)})
		}
	}
	v.Governance[1].Candidate, v.Governance[1].Due = "local", Now.Add(12*day)
}

// Weeks are figures of the twelve weeks before, in which one week has none; each is a function of the view's own.
func Weeks(v *ledger.View) map[string][]ledger.Figure {
	dice := rand.New(rand.NewPCG(13, 13))
	out := map[string][]ledger.Figure{}
	for n := 1; n <= 12; n++ {
		at := v.AsOf.Add(-time.Duration(7*n) * day)
		year, week := at.Add(-day).ISOWeek()
		name := fmt.Sprintf("%04d-W%02d", year, week)
		if n == 5 {
			continue
		}
		for _, f := range v.Figures() {
			f.At = at
			switch by := 1 + float64(n)*(dice.Float64()-0.25)/12; {
			case strings.HasPrefix(f.Name, "visibility"), f.Name == "coverage":
				f.Value = math.Max(0, f.Value-float64(n)*0.02*dice.Float64())
			default:
				f.Value = math.Round(10*f.Value*by) / 10
			}
			out[name] = append(out[name], f)
		}
	}
	return out
}

// Large is a view of n teams with so many findings in all, for measuring.
func Large(n, findings int) *ledger.View {
	g := &generator{dice: rand.New(rand.NewPCG(50, 100))}
	names := make([]ledger.TeamInfo, n)
	for i := range names {
		names[i] = ledger.TeamInfo{Name: fmt.Sprintf("team-%02d", i), Owners: []string{fmt.Sprintf("owner-%d@harbour.example", i)}, Regulated: i%9 == 0}
	}
	res := &detect.Result{Now: Now, Feeds: feeds()}
	for i := range findings {
		f := g.finding(i)
		f.Team = names[i%n].Name
		if f.State == "" {
			f.State = ledger.StateOpen
		}
		res.Findings = append(res.Findings, f)
	}
	g.answers(res)
	v := ledger.NewView(res, res.Findings, nil, names, 9000, 30000)
	recommend(v)
	return v
}

package ledger

import (
	"math"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// driftWeek is the stretch over which the change of the drift index is told.
const driftWeek = 7 * 24 * time.Hour

// Standing is where a finding stood at a moment, by the ledger's own record.
type Standing struct {
	State   string
	Verdict access.Verdict
}

// counts reports whether a finding that stands so adds to the drift index.
func (s Standing) counts() bool {
	return (s.State == StateOpen || s.State == StateReopened) && s.Verdict != access.VerdictUnverifiable
}

// SplitDrift parts the week's change of every drift index into what came to be in the week and what was so before and only
// now can be said. then is where each finding stood a week ago, known are all findings ever seen with their present state,
// and judged is every verdict of this evaluation.
//
// Real is what dated evidence of the week itself shows: access given, an act, an end, a use or a revocation within the
// week; and another week of age on what stayed open. Everything else is newly visible: findings whose beginning nothing
// dates, or dates before the week, and findings that went because evidence went. Evidence about the past can therefore
// change the second figure only. Both are measured against the weight of today's active grants.
func (v *View) SplitDrift(then map[string]Standing, known, judged []access.Finding) {
	from := v.AsOf.Add(-driftWeek)
	verdicts := make(map[string]*access.Finding, len(judged))
	for i := range judged {
		verdicts[judged[i].Fingerprint] = &judged[i]
	}
	type split struct{ real, newly float64 }
	byTeam := map[string]*split{}
	add := func(team string, real bool, amount float64) {
		for _, t := range []string{team, Organisation} {
			s := byTeam[t]
			if s == nil {
				s = &split{}
				byTeam[t] = s
			}
			if real {
				s.real += amount
			} else {
				s.newly += amount
			}
		}
	}
	for i := range known {
		f := &known[i]
		was := then[f.Fingerprint].counts()
		is := Standing{f.State, f.Verdict}.counts()
		switch {
		case is && was:
			add(f.Team, true, f.Weight*(ageFactor(f.LastSeen.Sub(f.FirstSeen))-ageFactor(max(0, from.Sub(f.FirstSeen)))))
		case is:
			add(f.Team, cameWithin(f, from, v.AsOf), f.Weight*ageFactor(f.LastSeen.Sub(f.FirstSeen)))
		case was:
			add(f.Team, wentWithin(f, verdicts[f.Fingerprint], from), -f.Weight*ageFactor(max(0, from.Sub(f.FirstSeen))))
		}
	}
	set := func(t *Team) {
		if s := byTeam[t.Name]; s != nil && t.active > 0 {
			t.DriftReal, t.DriftNewlyVisible = points(s.real, t.active), points(s.newly, t.active)
		}
	}
	for i := range v.Teams {
		set(&v.Teams[i])
	}
	set(&v.Org)
}

func points(weight, active float64) float64 {
	p := math.Round(1000*weight/active) / 10
	if p == 0 {
		p = 0 // not "-0"
	}
	return p
}

// cameWithin reports whether dated evidence shows that a finding came to be within the week. Absence (an unused grant)
// begins long before it can be said, so it is never real change: what is new is that the window has become long enough.
func cameWithin(f *access.Finding, from, to time.Time) bool {
	switch f.Kind {
	case "UNUSED_GRANT", "UNUSED_CREDENTIAL", "UNUSED_IDENTITY":
		return false
	}
	began := f.Began
	if began.IsZero() && f.Grant != nil {
		began = f.Grant.GrantedAt
	}
	return began.After(from) && !began.After(to)
}

// wentWithin reports whether a finding that was open a week ago went by something that happened, and not because evidence
// went or because older evidence came to light. now is what is said of it today; nil when its subject is no longer there.
func wentWithin(f, now *access.Finding, from time.Time) bool {
	if f.State == StateExcepted {
		return true // somebody decided
	}
	if now == nil {
		return true
	}
	switch now.Verdict {
	case access.VerdictUsed, access.VerdictRedundant:
		return now.LastUsed.After(from)
	case access.VerdictClosed, access.VerdictDeclaredIdle:
		return true
	}
	return false
}

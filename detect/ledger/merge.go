package ledger

import (
	"cmp"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect"
)

// The states of a finding.
const (
	StateOpen     = "open"
	StateExcepted = "excepted"
	StateResolved = "resolved"
	StateReopened = "reopened"
)

// Change is one step in the life of a finding.
type Change struct {
	Fingerprint string          `json:"fingerprint"`
	Team        string          `json:"team"`
	At          time.Time       `json:"at"`
	From        string          `json:"from,omitempty"`
	To          string          `json:"to"`
	Verdict     access.Verdict  `json:"verdict"`
	Severity    access.Severity `json:"severity"`
	Why         string          `json:"why"`
	Who         string          `json:"who"`
}

// Merge carries findings over from one evaluation to the next: what was open keeps its first_seen, what came back is
// reopened, what is gone is resolved with the reason. judged are all verdicts of the new evaluation; current are the
// findings that are open or excepted now and those that were resolved by this evaluation.
func Merge(previous, judged []access.Finding, at time.Time) (current []access.Finding, changes []Change) {
	before := make(map[string]*access.Finding, len(previous))
	for i := range previous {
		before[previous[i].Fingerprint] = &previous[i]
	}
	verdicts := make(map[string]access.Verdict, len(judged))
	closed := map[string]bool{} // grants that are not there any more
	for i := range judged {
		f := judged[i]
		verdicts[f.Fingerprint] = f.Verdict
		if f.Verdict == access.VerdictClosed && f.Grant != nil {
			closed[f.Grant.ID] = true
		}
		if !detect.Open(f.Verdict) {
			continue
		}
		p := before[f.Fingerprint]
		from, why := "", WhyFirst
		if p != nil {
			f.FirstSeen = p.FirstSeen
			from, why = p.State, "seen again"
			if p.State == StateResolved && f.State == StateOpen {
				f.State = StateReopened
			} else if p.State == StateReopened && f.State == StateOpen {
				f.State = StateReopened
			}
		}
		if p == nil || p.State != f.State || p.Verdict != f.Verdict || p.Severity != f.Severity {
			if p != nil && p.Verdict != f.Verdict {
				why = "was " + string(p.Verdict) + ", is " + string(f.Verdict)
			}
			if f.State == StateExcepted && f.Exception != nil {
				why = "excepted by " + f.Exception.Approver + ": " + f.Exception.Reason
			}
			changes = append(changes, step(&f, at, from, why))
			if f.State == StateExcepted && f.Exception != nil {
				changes[len(changes)-1].Who = f.Exception.Approver
			}
		}
		current = append(current, f)
	}
	for i := range previous {
		p := previous[i]
		v, still := verdicts[p.Fingerprint]
		if p.State == StateResolved || still && detect.Open(v) {
			continue
		}
		from := p.State
		p.State = StateResolved
		p.LastSeen = at
		if v == "" && p.Grant != nil && closed[p.Grant.ID] {
			v = access.VerdictClosed // judged as another kind: the grant that this was about is gone
		}
		why := ""
		p.Resolution, why = ending(&p, v, at)
		p.Handling = nil
		changes = append(changes, step(&p, at, from, why))
		current = append(current, p)
	}
	slices.SortStableFunc(changes, func(a, b Change) int { return cmp.Compare(a.Fingerprint, b.Fingerprint) })
	return current, changes
}

// ending says how a finding ended, by what is judged of it now.
func ending(f *access.Finding, v access.Verdict, at time.Time) (how, why string) {
	switch v {
	case access.VerdictUsed, access.VerdictRedundant:
		return ResolvedByUse, whyUsed
	case access.VerdictClosed:
		if f.Grant != nil && !f.Grant.ExpiresAt.IsZero() && !f.Grant.ExpiresAt.After(at) {
			return ResolvedByExpiry, whyExpired
		}
		return ResolvedByRevocation, whyRevoked + ", or its holder was disabled: a snapshot or an event shows it"
	case access.VerdictDeclaredIdle:
		return ResolvedByIdle, whyIdle
	case access.VerdictTooYoung, access.VerdictUnloggable:
		return ResolvedByVerdict, whyVerdict + string(v) + " now"
	}
	return ResolvedGone, whyGone
}

func step(f *access.Finding, at time.Time, from, why string) Change {
	return Change{Fingerprint: f.Fingerprint, Team: f.Team, At: at, From: from, To: f.State, Verdict: f.Verdict, Severity: f.Severity, Why: why, Who: "grantwatch"}
}

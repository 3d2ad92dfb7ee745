package ledger

import (
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// Handling is what somebody said of a finding, with what the finding was then.
type Handling struct {
	access.Handling
	Fingerprint string
	FindingTeam string
	Severity    access.Severity
	Verdict     access.Verdict
	Action      string // id of the action that said it
}

// Over reports whether nothing is said of the finding any more.
func (h *Handling) Over() bool { return h.State == "" && h.Team == "" }

// ForTeam gives what is left once the state is over: the team that the finding was handed to still has it.
func (h *Handling) ForTeam(at time.Time) Handling {
	left := Handling{Fingerprint: h.Fingerprint, FindingTeam: h.FindingTeam, Severity: h.Severity, Verdict: h.Verdict, Action: h.Action}
	left.At = at
	if h.Team != "" {
		left.State, left.Team, left.By, left.Why = access.HandlingHandedOver, h.Team, h.By, h.Why
	}
	return left
}

// StateOf is where a finding stands, in one word: open, reopened, unverifiable, acknowledged, snoozed, marked_revoked,
// contradicted, handed_over, requested, excepted or resolved.
func StateOf(f *access.Finding) string {
	switch {
	case f.State == StateResolved || f.State == StateExcepted:
		return f.State
	case f.Handling != nil && f.Handling.State != "":
		return f.Handling.State
	case f.Verdict == access.VerdictUnverifiable:
		return StateUnverifiable
	}
	return f.State
}

// StateUnverifiable is of a finding for which evidence is missing.
const StateUnverifiable = "unverifiable"

// Shown says when the evidence was taken that would show that a finding's access is gone; the zero time when none would.
type Shown func(f *access.Finding) time.Time

// Handle carries what people said over to the findings of an evaluation, and ends what is over: an acknowledgement when
// the finding got worse, a snooze with its time, a claim that access was revoked when later evidence still has the access.
// It returns what changed in what people said, and the steps. changes are those of Merge; the ends of claims among them
// are told as such.
func Handle(current []access.Finding, changes []Change, said []Handling, shown Shown, at time.Time) (now []Handling, steps []Change) {
	of := make(map[string]*Handling, len(said))
	for i := range said {
		if !said[i].Over() {
			of[said[i].Fingerprint] = &said[i]
		}
	}
	if len(of) == 0 {
		return nil, changes
	}
	ended := map[string]*Handling{}
	for i := range current {
		f := &current[i]
		h := of[f.Fingerprint]
		if h == nil {
			continue
		}
		next, to, why := *h, "", ""
		switch {
		case f.State == StateResolved:
			next = Handling{Fingerprint: h.Fingerprint, FindingTeam: h.FindingTeam, Action: h.Action}
			next.At = at
			now, ended[f.Fingerprint] = append(now, next), h
			if h.State == access.HandlingClaimed && f.Resolution == ResolvedGone {
				f.Resolution = ResolvedByRevocation
			}
			continue
		case h.State == access.HandlingSnoozed && !h.Until.After(at):
			next, to, why = h.ForTeam(at), f.State, WhySnoozeOver
		case h.State == access.HandlingClaimed:
			if taken := shown(f); taken.After(h.At) {
				next.State, next.At, to = access.HandlingContradicted, at, access.HandlingContradicted
				why = h.By + " said at " + stamp(h.At) + " that it was revoked; what was read at " + stamp(taken) + " still has it"
				next.Why = why
			}
		case h.State == access.HandlingRequested && (f.State == StateExcepted || h.Asked == nil):
			next, to = h.ForTeam(at), "" // another exception covers it: there is nothing left to decide
			now = append(now, next)
		case h.State == access.HandlingRequested && !h.Until.After(at):
			next, to, why = h.ForTeam(at), f.State, WhyUnanswered+": "+h.Asked.Approver+" was asked for an exception by "+h.By
		case (h.State == access.HandlingAcknowledged || h.State == access.HandlingSnoozed || h.State == access.HandlingRequested) && worse(h, f):
			next, to, why = h.ForTeam(at), f.State, "it got worse since "+h.By+" "+pastOf(h.State)+" it"
		}
		if to != "" {
			now = append(now, next)
			changes = append(changes, step(f, at, h.State, why))
			changes[len(changes)-1].To = to
		}
		if !next.Over() {
			said := next.Handling
			f.Handling = &said
		}
	}
	for i := range changes {
		c := &changes[i]
		h := ended[c.Fingerprint]
		if h == nil || c.To != StateResolved || h.State != access.HandlingClaimed {
			continue
		}
		if how := HowOf(*c); how == ResolvedGone || how == ResolvedByRevocation {
			c.Why = whyRevoked + ", as " + h.By + " said at " + stamp(h.At) + ": it is no longer there"
		}
	}
	return now, changes
}

func pastOf(state string) string {
	switch state {
	case access.HandlingSnoozed:
		return "snoozed"
	case access.HandlingRequested:
		return "asked for an exception of"
	}
	return "acknowledged"
}

func worse(h *Handling, f *access.Finding) bool {
	return f.Severity.Rank() > h.Severity.Rank() || h.Verdict == access.VerdictUnverifiable && f.Verdict != access.VerdictUnverifiable
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

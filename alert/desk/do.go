package desk

import (
	"context"
	"fmt"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// say books what was said of findings, and the steps in their lives.
func (c *claim) say(ctx context.Context) (alert.Outcome, error) {
	var said []ledger.Handling
	var steps []ledger.Change
	state, why := c.words()
	for i := range c.list {
		f := &c.list[i]
		h := ledger.Handling{Fingerprint: f.Fingerprint, FindingTeam: f.Team, Severity: f.Severity, Verdict: f.Verdict, Action: c.ID}
		if f.Handling != nil {
			h.Team = f.Handling.Team
		}
		h.State, h.By, h.At, h.Why = state, c.by.UID, c.At, c.Reason
		switch c.Verb {
		case alert.VerbSnooze:
			h.Until = c.Until
		case alert.VerbNotMine:
			h.Team = c.Team
			if h.Team == f.Team { // handed back
				h = ledger.Handling{Fingerprint: f.Fingerprint, FindingTeam: f.Team, Action: c.ID}
				h.At = c.At
			}
		}
		said = append(said, h)
		steps = append(steps, c.step(f, state, why))
	}
	if err := c.book(ctx, said, nil, steps); err != nil {
		return alert.Outcome{}, err
	}
	return alert.Outcome{Done: true, Changed: len(said), Text: fmt.Sprintf("%s: %s.", plural(len(said)), why)}, nil
}

func (c *claim) step(f *access.Finding, to, why string) ledger.Change {
	return ledger.Change{Fingerprint: f.Fingerprint, Team: f.Team, At: c.At, From: ledger.StateOf(f), To: to, Verdict: f.Verdict, Severity: f.Severity, Why: why, Who: c.by.UID}
}

// words are the state that an action brings about and the sentence of it.
func (c *claim) words() (state, why string) {
	switch c.Verb {
	case alert.VerbSnooze:
		state, why = access.HandlingSnoozed, "snoozed until "+c.Until.UTC().Format(time.RFC3339)+" by "+name(c.by)
	case alert.VerbNotMine:
		state, why = access.HandlingHandedOver, "handed to team "+c.Team+" by "+name(c.by)
	case alert.VerbMarkRevoked:
		return access.HandlingClaimed, c.because("revoked, says " + name(c.by) + "; open until a snapshot or an event shows it")
	default:
		state, why = access.HandlingAcknowledged, "acknowledged by "+name(c.by)
	}
	return state, c.because(why)
}

func (c *claim) because(why string) string {
	if c.Reason != "" {
		return why + ": " + c.Reason
	}
	return why
}

// except books exceptions, one for each finding: what comes later and looks alike is another decision. Whoever approves for
// somebody else is asked first.
func (c *claim) except(ctx context.Context) (alert.Outcome, error) {
	if c.approver.UID != c.by.UID {
		return c.request(ctx)
	}
	why := fmt.Sprintf("excepted until %s for %s, approved by %s: %s", c.Until.UTC().Format(time.RFC3339), name(c.by), name(c.approver), c.Reason)
	var said []ledger.Handling
	var list []Exception
	var steps []ledger.Change
	for i := range c.list {
		f := &c.list[i]
		if requested(f) { // it waits for nobody any more
			whole := ledger.Handling{Handling: *f.Handling, Fingerprint: f.Fingerprint, FindingTeam: f.Team, Action: c.ID}
			said = append(said, whole.ForTeam(c.At))
		}
		list = append(list, c.exceptionOf(f, c.Reason, c.approver.UID, c.by.UID, c.Until))
		steps = append(steps, c.step(f, ledger.StateExcepted, why))
	}
	if err := c.book(ctx, said, list, steps); err != nil {
		return alert.Outcome{}, err
	}
	return alert.Outcome{Done: true, Changed: len(list), Text: fmt.Sprintf("%s: %s.", plural(len(list)), why)}, nil
}

// exceptionOf is an exception of one finding and of nothing else.
func (c *claim) exceptionOf(f *access.Finding, reason, approver, requester string, ends time.Time) Exception {
	m := access.Match{Kind: f.Kind, Team: f.Team, Fingerprint: f.Fingerprint}
	if f.Identity != nil {
		m.Subject = f.Identity.Name
	} else {
		m.Subject = f.Feed
	}
	if f.Grant != nil {
		m.Permission, m.Resource = f.Grant.Permission, f.Grant.Resource
	}
	return Exception{
		Exception: access.Exception{Source: Source, Match: m, Reason: reason, Approver: approver, Expires: ends.UTC().Truncate(time.Second)},
		Team:      f.Team, Fingerprint: f.Fingerprint, Title: f.Title, Requester: requester, At: c.At, Action: c.ID,
	}
}

// Source is what an exception that was made here names as the file that it stands in.
const Source = "desk"

func plural(n int) string {
	if n == 1 {
		return "1 finding"
	}
	return fmt.Sprintf("%d findings", n)
}

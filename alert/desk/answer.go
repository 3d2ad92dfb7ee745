package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// requested reports whether an exception of a finding waits for its approver.
func requested(f *access.Finding) bool {
	return f.Handling != nil && f.Handling.State == access.HandlingRequested && f.Handling.Asked != nil
}

// undecided leaves those findings of which no exception waits for its approver: what is said in passing withdraws no request.
func (c *claim) undecided() alert.Outcome {
	who := ""
	c.list = slices.DeleteFunc(c.list, func(f access.Finding) bool {
		if requested(&f) {
			who = f.Handling.Asked.Approver
		}
		return requested(&f)
	})
	if len(c.list) == 0 {
		return refuse(alert.RefusedStale, "An exception was asked for, and %s decides on it.", who)
	}
	c.Fingerprints = nil
	for i := range c.list {
		c.Fingerprints = append(c.Fingerprints, c.list[i].Fingerprint)
	}
	return alert.Outcome{}
}

// decision leaves those findings whose exception it is the user's to decide: the approver's, and with withdraw also of who asked.
func (c *claim) decision(withdraw bool) alert.Outcome {
	asked := ""
	c.list = slices.DeleteFunc(c.list, func(f access.Finding) bool {
		if !requested(&f) {
			return true
		}
		mine := f.Handling.Asked.Approver == c.by.UID || withdraw && f.Handling.By == c.by.UID
		if !mine {
			asked = f.Handling.Asked.Approver
		}
		return !mine
	})
	c.Fingerprints = nil
	for i := range c.list {
		c.Fingerprints = append(c.Fingerprints, c.list[i].Fingerprint)
	}
	switch {
	case len(c.list) > 0:
		return alert.Outcome{}
	case asked != "":
		return refuse(alert.RefusedRight, "%s was asked to decide this, and nobody else can.", asked)
	}
	return refuse(alert.RefusedStale, "No exception waits for a decision here any more.")
}

func (c *claim) approval() alert.Outcome {
	if out := c.decision(false); out.Refused != alert.RefusedNone {
		return out
	}
	for i := range c.list {
		h := c.list[i].Handling
		if !h.Until.After(c.now) {
			return refuse(alert.RefusedStale, "The request is not answered since %s and has lapsed; it has to be made again.", h.Until.UTC().Format(time.RFC3339))
		}
		if !h.Asked.Expires.After(c.now) {
			return refuse(alert.RefusedInput, "The exception would have ended at %s.", h.Asked.Expires.UTC().Format(time.RFC3339))
		}
	}
	return alert.Outcome{}
}

// request books that an exception waits for its approver. Nothing is excepted by it.
func (c *claim) request(ctx context.Context) (alert.Outcome, error) {
	until := c.now.Add(c.cfg.Answer)
	why := fmt.Sprintf("%s asks %s for an exception until %s: %s", name(c.by), name(c.approver), c.Until.UTC().Format(time.RFC3339), c.Reason)
	var said []ledger.Handling
	var steps []ledger.Change
	for i := range c.list {
		f := &c.list[i]
		h := ledger.Handling{Fingerprint: f.Fingerprint, FindingTeam: f.Team, Severity: f.Severity, Verdict: f.Verdict, Action: c.ID}
		if f.Handling != nil {
			h.Team = f.Handling.Team
		}
		h.State, h.By, h.At, h.Until, h.Why = access.HandlingRequested, c.by.UID, c.At, until, c.Reason
		h.Asked = &access.Asked{Approver: c.approver.UID, Mail: c.approver.Mail, Expires: c.Until.UTC().Truncate(time.Second)}
		said = append(said, h)
		steps = append(steps, c.step(f, access.HandlingRequested, why))
	}
	if err := c.book(ctx, said, nil, steps); err != nil {
		return alert.Outcome{}, err
	}
	return alert.Outcome{Done: true, Changed: len(said), Text: fmt.Sprintf("%s: %s. It is in force once it is approved, which is possible until %s.", plural(len(said)), why, until.UTC().Format(time.RFC3339))}, nil
}

// answer books what was decided on exceptions that were asked for.
func (c *claim) answer(ctx context.Context) (alert.Outcome, error) {
	var said []ledger.Handling
	var list []Exception
	var steps []ledger.Change
	why := ""
	for i := range c.list {
		f := &c.list[i]
		h := *f.Handling
		whole := ledger.Handling{Handling: h, Fingerprint: f.Fingerprint, FindingTeam: f.Team, Severity: f.Severity, Verdict: f.Verdict, Action: c.ID}
		said = append(said, whole.ForTeam(c.At))
		to := ledger.StateExcepted
		switch {
		case c.Verb == alert.VerbApprove:
			why = fmt.Sprintf("excepted until %s for %s, approved by %s: %s", h.Asked.Expires.UTC().Format(time.RFC3339), h.By, name(c.by), h.Why)
			list = append(list, c.exceptionOf(f, h.Why, c.by.UID, h.By, h.Asked.Expires))
		case h.By == c.by.UID:
			to, why = f.State, c.because("the exception that "+name(c.by)+" asked for was withdrawn")
		default:
			to, why = f.State, c.because("the exception that "+h.By+" asked for was declined by "+name(c.by))
		}
		steps = append(steps, c.step(f, to, why))
	}
	if err := c.book(ctx, said, list, steps); err != nil {
		return alert.Outcome{}, err
	}
	return alert.Outcome{Done: true, Changed: len(said), Text: fmt.Sprintf("%s: %s.", plural(len(said)), why)}, nil
}

// book puts it all on record: exceptions first, so that there is no moment at which neither they nor their requests are there.
func (c *claim) book(ctx context.Context, said []ledger.Handling, list []Exception, steps []ledger.Change) error {
	if len(list) > 0 {
		if err := c.cfg.Book.Except(ctx, list); err != nil {
			return fmt.Errorf("desk: the exception could not be put on record: %w", err)
		}
	}
	if len(said) > 0 {
		if err := c.cfg.Book.Say(ctx, said); err != nil {
			return fmt.Errorf("desk: what was said could not be put on record: %w", err)
		}
	}
	if err := c.cfg.Book.Tell(ctx, steps); err != nil {
		return fmt.Errorf("desk: the steps could not be put on record: %w", err)
	}
	return nil
}

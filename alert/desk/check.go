package desk

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
)

// check refuses what is missing or out of bounds.
func (c *claim) check() alert.Outcome {
	c.Reason = strings.TrimSpace(c.Reason)
	if len(c.Reason) > maxReason || !utf8.ValidString(c.Reason) {
		return refuse(alert.RefusedInput, "The reason is longer than %d bytes, or no text.", maxReason)
	}
	switch c.Verb {
	case alert.VerbMarkRevoked:
		return alert.Outcome{}
	case alert.VerbAcknowledge:
		return c.undecided()
	case alert.VerbSnooze:
		if out := c.undecided(); out.Refused != alert.RefusedNone {
			return out
		}
		return c.until(c.cfg.MaxSnooze, "snooze")
	case alert.VerbNotMine:
		return c.handOver()
	case alert.VerbExcept:
		return c.exception()
	case alert.VerbApprove:
		return c.approval()
	case alert.VerbDecline:
		return c.decision(true)
	}
	return refuse(alert.RefusedInput, "This is nothing that can be asked for.")
}

func (c *claim) until(most time.Duration, what string) alert.Outcome {
	switch {
	case c.Until.IsZero():
		return refuse(alert.RefusedInput, "Until when? A %s needs an end.", what)
	case !c.Until.After(c.now):
		return refuse(alert.RefusedInput, "The end of the %s, %s, has passed.", what, c.Until.UTC().Format(time.RFC3339))
	case c.Until.Sub(c.now) > most:
		return refuse(alert.RefusedInput, "The %s ends at %s; the longest that is allowed ends at %s.", what, c.Until.UTC().Format(time.RFC3339), c.now.Add(most).UTC().Format(time.RFC3339))
	}
	return alert.Outcome{}
}

func (c *claim) handOver() alert.Outcome {
	if _, ok := c.cfg.Owners[c.Team]; !ok {
		return refuse(alert.RefusedInput, "There is no team of that name to hand it to.")
	}
	for i := range c.list {
		if team(&c.list[i]) == c.Team {
			return refuse(alert.RefusedInput, "It is team %s's already.", c.Team)
		}
	}
	return alert.Outcome{}
}

func (c *claim) exception() alert.Outcome {
	if c.Reason == "" {
		return refuse(alert.RefusedInput, "An exception needs a reason.")
	}
	if out := c.until(c.cfg.MaxException, "exception"); out.Refused != alert.RefusedNone {
		return out
	}
	approver, ok := c.cfg.People().Find(strings.TrimSpace(c.Approver))
	if !ok || !approver.Active || approver.Kind != access.Human {
		return refuse(alert.RefusedInput, "The approver is no active person on record.")
	}
	for i := range c.list {
		f := &c.list[i]
		if !c.may(approver, f) {
			return refuse(alert.RefusedInput, "%s may not approve for team %s.", name(approver), team(f))
		}
		if approver.UID == c.by.UID && slices.Contains(c.cfg.TwoPeople, f.Severity) {
			return refuse(alert.RefusedInput, "Somebody else has to approve an exception for a finding that is %s.", f.Severity)
		}
	}
	c.approver = approver
	return alert.Outcome{}
}

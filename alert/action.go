package alert

import (
	"context"
	"time"
)

// Verb is what somebody asks for from a message.
type Verb string

// The closed set of verbs.
const (
	VerbAcknowledge Verb = "acknowledge"  // somebody works on it: no reminder and no escalation until it gets worse
	VerbSnooze      Verb = "snooze"       // not before Until
	VerbNotMine     Verb = "not_mine"     // Team owns it instead
	VerbExcept      Verb = "except"       // to be accepted until Until, for Reason, by Approver, who is asked
	VerbApprove     Verb = "approve"      // of the exceptions that By was asked for
	VerbDecline     Verb = "decline"      // of these, or of those that By asked for
	VerbMarkRevoked Verb = "mark_revoked" // claimed to be gone; only the next snapshot or an event makes it resolved
)

// User is who pressed a button, as the messenger that verified the request knows them.
type User struct {
	Workspace string // Slack's team id
	ID        string // Slack's user id
	Name      string
	Email     string // as the messenger has it; empty when it does not say
}

// Action is one thing that a user asked for.
type Action struct {
	ID           string // the same for every delivery of the same press, so that it is done once
	Verb         Verb
	Key          Key      // the message
	Fingerprints []string // the findings that the message told; empty means all that it tells now
	By           User
	At           time.Time
	Until        time.Time
	Reason       string
	Approver     string // e-mail address or uid
	Team         string
}

// Outcome says what became of an action, in words for whoever pressed the button.
type Outcome struct {
	Done    bool
	Changed int    // findings
	Text    string // one sentence, plain text
	Refused Refusal
}

// Refusal says why an action was not done.
type Refusal string

// The closed set of refusals.
const (
	RefusedNone    Refusal = ""
	RefusedUnknown Refusal = "unknown_user" // no identity has this user's address
	RefusedRight   Refusal = "no_right"     // the identity may not act for this team
	RefusedStale   Refusal = "stale"        // nothing of the message is open any more
	RefusedInput   Refusal = "input"        // a reason, an approver or a time is missing or out of bounds
)

// Desk takes actions. A refusal is an Outcome and no error; an error means that nobody knows whether it was done, and the
// same action may be handed in again.
type Desk interface {
	Act(ctx context.Context, a Action) (Outcome, error)
}

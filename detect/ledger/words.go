package ledger

import "strings"

// How a finding can end.
const (
	ResolvedByUse        = "use"
	ResolvedByRevocation = "revocation" // a snapshot no longer has the access, or an event took it away
	ResolvedByExpiry     = "expiry"
	ResolvedByIdle       = "idle" // declared idle
	ResolvedByVerdict    = "verdict"
	ResolvedGone         = "gone" // no longer true, for no reason that is known better
)

// The sentences of history with which steps begin, so that the way in which a finding ended can be read back from them.
const (
	WhyFirst      = "first seen"
	WhySnoozeOver = "the snooze is over"
	WhyUnanswered = "nobody has decided in time" // of an exception that was asked for

	whyUsed    = "it was used"
	whyRevoked = "it was revoked"
	whyExpired = "it has expired"
	whyIdle    = "it was declared idle"
	whyVerdict = "the verdict is "
	whyGone    = "it is gone: removed or no longer true"
)

// HowOf says how a finding ended by the step that ended it; empty for any other step.
func HowOf(c Change) string {
	if c.To != StateResolved {
		return ""
	}
	for _, x := range []struct{ why, how string }{
		{whyUsed, ResolvedByUse}, {whyRevoked, ResolvedByRevocation}, {whyExpired, ResolvedByExpiry}, {whyIdle, ResolvedByIdle}, {whyVerdict, ResolvedByVerdict},
	} {
		if strings.HasPrefix(c.Why, x.why) {
			return x.how
		}
	}
	return ResolvedGone
}

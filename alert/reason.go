package alert

// Reason says why a message goes out, or why it does not.
type Reason string

// The closed set of reasons.
const (
	ReasonFirst    Reason = "first"      // nothing stands in the channel about this problem class
	ReasonWorse    Reason = "worse"      // a finding that was not told yet, or a graver one than was ever told
	ReasonChanged  Reason = "changed"    // something else about the group is different
	ReasonResolved Reason = "resolved"   // nothing of the group is open above the floor any more
	ReasonReminder Reason = "reminder"   // it is still open, and nobody has said anything for the repeat interval
	ReasonEscalate Reason = "escalation" // nobody acknowledged it in time, so that others hear of it
	ReasonDigest   Reason = "digest"     // the weekly digest of a team

	ReasonUnchanged  Reason = "unchanged"   // the channel says what is true already
	ReasonBelowFloor Reason = "below_floor" // less grave than the operator wants to hear of
	ReasonExcepted   Reason = "excepted"    // covered by an exception
	ReasonNoChannel  Reason = "no_channel"  // its team has no channel and there is no fallback

	ReasonWaiting      Reason = "waiting"      // for more of its kind: the group wait or the group interval has not passed
	ReasonQuiet        Reason = "quiet"        // the team's quiet hours; nothing of it is critical
	ReasonAcknowledged Reason = "acknowledged" // somebody works on it, so that it is not told again
	ReasonSnoozed      Reason = "snoozed"      // somebody asked not to hear of it before a time

	ReasonUndeliverable Reason = "undeliverable" // the channel refused for good a moment ago
	ReasonOtherSender   Reason = "other_sender"  // another process tells this team
)

// Goes reports whether a message with this reason is sent.
func (r Reason) Goes() bool {
	switch r {
	case ReasonFirst, ReasonWorse, ReasonChanged, ReasonResolved, ReasonReminder, ReasonEscalate, ReasonDigest:
		return true
	}
	return false
}

// Audience says why a channel hears of a message.
type Audience string

// The closed set of audiences.
const (
	AudienceOwner      Audience = "owner"      // the team that owns the access
	AudiencePerson     Audience = "person"     // somebody named by a route
	AudienceSOC        Audience = "soc"        // the central security team
	AudienceFeedOwner  Audience = "feed_owner" // the team whose feed lacks the evidence
	AudienceEscalation Audience = "escalation" // whoever hears of what nobody acknowledged
	AudienceFallback   Audience = "fallback"   // the team has no channel of its own
	AudienceOperator   Audience = "operator"   // whoever runs Grantwatch
	AudienceApprover   Audience = "approver"   // whoever was asked to approve an exception
)

package access

import "time"

// Verdict is what Grantwatch says of a grant, credential or identity. docs/verdicts.md defines each.
type Verdict string

// The closed set of verdicts.
const (
	VerdictUsed         Verdict = "USED"
	VerdictUnused       Verdict = "UNUSED"
	VerdictUnverifiable Verdict = "UNVERIFIABLE"
	VerdictUnloggable   Verdict = "UNLOGGABLE"
	VerdictTooYoung     Verdict = "TOO_YOUNG"
	VerdictOverbroad    Verdict = "OVERBROAD"
	VerdictRedundant    Verdict = "REDUNDANT"
	VerdictViolation    Verdict = "VIOLATION"
	VerdictClosed       Verdict = "CLOSED"        // revoked, expired or disabled at T: no finding
	VerdictDeclaredIdle Verdict = "DECLARED_IDLE" // in the register: silence is healthy, no finding
)

// Severity orders findings; its words are OCSF's, lower case.
type Severity string

// The closed set of severities, lightest first.
const (
	SeverityInfo     Severity = "info"
	SeverityLow      Severity = "low"
	SeverityMedium   Severity = "medium"
	SeverityHigh     Severity = "high"
	SeverityCritical Severity = "critical"
)

// Rank orders severities: info 1 … critical 5, unknown 0.
func (s Severity) Rank() int {
	switch s {
	case SeverityInfo:
		return 1
	case SeverityLow:
		return 2
	case SeverityMedium:
		return 3
	case SeverityHigh:
		return 4
	case SeverityCritical:
		return 5
	}
	return 0
}

// Finding is one problem of one identity and grant. Its fingerprint has no time in it, so that it stays one finding
// through its whole life. The JSON form is a contract (docs/output.md).
type Finding struct {
	Fingerprint   string            `json:"fingerprint"`
	Kind          string            `json:"kind"`
	Verdict       Verdict           `json:"verdict"`
	Rule          string            `json:"rule"`
	Severity      Severity          `json:"severity"`
	Title         string            `json:"title,omitempty"`
	Why           string            `json:"why"`
	Team          string            `json:"team"`
	Feed          string            `json:"feed,omitempty"`
	Identity      *FindingIdentity  `json:"identity,omitempty"`
	Grant         *FindingGrant     `json:"grant,omitempty"`
	Window        *Interval         `json:"window,omitempty"`
	LastUsed      time.Time         `json:"last_used,omitzero"`
	Feeds         []string          `json:"feeds"`
	Gaps          []Gap             `json:"gaps"`
	DecidableAt   time.Time         `json:"decidable_at,omitzero"`
	Coverage      *float64          `json:"coverage,omitempty"` // covered share of the window, 0 to 1
	CoverageGrade string            `json:"coverage_grade,omitempty"`
	Attribution   string            `json:"attribution,omitempty"` // exact, permission or action
	AttemptedOnly bool              `json:"attempted_only,omitempty"`
	Evidence      []string          `json:"evidence"`
	Proposal      string            `json:"proposal,omitempty"`
	UsedActions   []string          `json:"used_actions,omitempty"`
	UnusedActions int               `json:"unused_actions,omitempty"`
	UnusedWeight  float64           `json:"unused_weight,omitempty"`
	Weight        float64           `json:"weight,omitempty"` // privilege weight of what it is about, read 1 … admin 10
	Controls      []string          `json:"controls"`
	OWASP         []string          `json:"owasp"`
	BlindSpots    []string          `json:"blind_spots"`
	FirstSeen     time.Time         `json:"first_seen"`
	LastSeen      time.Time         `json:"last_seen"`
	Began         time.Time         `json:"-"`                    // when it came to be, by dated evidence; zero when nothing dates it. Not kept: an evaluation finds it anew
	State         string            `json:"state"`                // open, resolved, excepted, reopened
	Resolution    string            `json:"resolution,omitempty"` // of a resolved finding: use, revocation, expiry, idle, gone
	Handling      *Handling         `json:"handling,omitempty"`
	Exception     *FindingException `json:"exception,omitempty"`
	Note          string            `json:"note,omitempty"` // e.g. "from the last good snapshot of …; the newest was refused"
}

// FindingIdentity names whom a finding is about.
type FindingIdentity struct {
	UID    string `json:"uid"`
	Name   string `json:"name"`
	Kind   Kind   `json:"kind"`
	Person string `json:"person,omitempty"` // uid of the linked person
	Owner  string `json:"owner,omitempty"`  // uid of the accountable owner
	Record string `json:"record,omitempty"` // uid of the identities record it is linked to
}

// FindingGrant names the grant that a finding is about.
type FindingGrant struct {
	ID         string    `json:"id"`
	Provider   string    `json:"provider"`
	Account    string    `json:"account,omitempty"`
	Permission string    `json:"permission"`
	Resource   string    `json:"resource,omitempty"`
	Path       string    `json:"path,omitempty"`
	GrantedAt  time.Time `json:"granted_at,omitzero"`
	GrantedBy  string    `json:"granted_by,omitempty"`
	ExpiresAt  time.Time `json:"expires_at,omitzero"`
}

// FindingException says which exception covers a finding.
type FindingException struct {
	Reason   string    `json:"reason"`
	Approver string    `json:"approver"`
	Expires  time.Time `json:"expires"`
}

// Gap is a stretch of a feed without evidence.
type Gap struct {
	Feed string    `json:"feed"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Why  string    `json:"why,omitempty"` // silence, before the first record, StopLogging …
}

// What a person can have said of a finding that is still open.
const (
	HandlingAcknowledged = "acknowledged"   // somebody works on it, until it gets worse
	HandlingSnoozed      = "snoozed"        // not before Until
	HandlingClaimed      = "marked_revoked" // claimed to be gone, and not shown yet by a snapshot or an event
	HandlingContradicted = "contradicted"   // claimed to be gone, and a later snapshot still has it
	HandlingHandedOver   = "handed_over"    // Team owns it now, and has said nothing yet
	HandlingRequested    = "requested"      // an exception was asked for; whoever Asked names decides, until Until
)

// Handling is what a person has said of a finding that is still open. It changes no verdict.
type Handling struct {
	State string    `json:"state"` // acknowledged, snoozed, marked_revoked, contradicted, handed_over, requested
	By    string    `json:"by"`    // uid of the identity, or the e-mail address
	At    time.Time `json:"at"`
	Until time.Time `json:"until,omitzero"`
	Team  string    `json:"team,omitempty"` // the team that it was handed to
	Why   string    `json:"why,omitempty"`
	Asked *Asked    `json:"asked,omitempty"` // of requested
}

// Asked is the exception that somebody asked another one to approve.
type Asked struct {
	Approver string    `json:"approver"` // uid
	Mail     string    `json:"mail"`     // of the approver
	Expires  time.Time `json:"expires"`  // of the exception
}

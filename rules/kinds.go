package rules

import (
	"slices"

	"github.com/grantwatch/grantwatch/access"
)

// On names the facts that a rule decides over.
type On string

// The closed set of facts that a rule can be about.
const (
	OnGrant   On = "grant"
	OnIdle    On = "idle"
	OnAccount On = "account"
	OnNHI     On = "nhi"
	OnFeed    On = "feed"
	OnEvent   On = "event"
)

var ons = []string{string(OnGrant), string(OnIdle), string(OnAccount), string(OnNHI), string(OnFeed), string(OnEvent)}

// kinds are the words that findings print, each defined in docs/verdicts.md. A rule cannot invent another.
var kinds = []string{
	"UNUSED_GRANT", "UNUSED_CREDENTIAL", "UNUSED_IDENTITY",
	"OUT_OF_BAND", "BASELINE_DRIFT", "BASELINE_STALE", "CREEP", "MOVER_RESIDUE", "GUARDRAIL_DRIFT",
	"DORMANT_AWAKENING", "LOOSEN_ATTEMPT",
	"ACCOUNT_STILL_ENABLED", "CREDENTIAL_STILL_VALID", "POST_TERMINATION_ACTIVITY", "RESIDUAL_SESSION",
	"LEFTOVER_GRANTS", "ORPHANED_NHI", "EXPOSED_SECRET_NOT_ROTATED", "UNLINKED_ACCOUNT", "REHIRE_INHERITED",
	"RECYCLED_NAME_BINDING",
	"NHI_REUSE", "ENV_CROSSING", "HUMAN_USE", "LONG_LIVED_SECRET", "THIRD_PARTY_RESIDUE", "JIT_CANDIDATE",
	"BREAK_GLASS_USED", "UNTESTED", "NOT_ROTATED_AFTER_USE",
	"FEED_SILENT", "FEED_GAP", "FEED_REJECTS", "SNAPSHOT_REFUSED", "IDENTITY_FEED_STALE",
	"ALERT_UNDELIVERABLE",
}

// Kinds lists every kind of finding, in the order of docs/verdicts.md.
func Kinds() []string { return slices.Clone(kinds) }

// unusedVerdicts are what a rule of kind UNUSED_* may say; every other kind says VIOLATION or UNVERIFIABLE.
var unusedVerdicts = []string{
	string(access.VerdictUsed), string(access.VerdictUnused), string(access.VerdictUnverifiable),
	string(access.VerdictUnloggable), string(access.VerdictTooYoung), string(access.VerdictOverbroad),
	string(access.VerdictRedundant), string(access.VerdictClosed), string(access.VerdictDeclaredIdle),
}

var otherVerdicts = []string{string(access.VerdictViolation), string(access.VerdictUnverifiable)}

func verdictsOf(kind string) []string {
	switch kind {
	case "UNUSED_GRANT", "UNUSED_CREDENTIAL", "UNUSED_IDENTITY":
		return unusedVerdicts
	}
	return otherVerdicts
}

// strength orders verdicts by how much they claim against somebody's access. Of two verdicts on the same fact the
// stronger stands, so that a team's configuration can only add.
func strength(v access.Verdict) int {
	switch v {
	case access.VerdictViolation, access.VerdictUnused:
		return 7
	case access.VerdictOverbroad:
		return 6
	case access.VerdictUnverifiable:
		return 5
	case access.VerdictRedundant:
		return 4
	case access.VerdictUnloggable:
		return 3
	case access.VerdictTooYoung:
		return 2
	case access.VerdictUsed:
		return 1
	}
	return 0 // CLOSED, DECLARED_IDLE
}

// accuses reports whether v says that something is wrong with the access itself: the verdicts to which a severity
// floor applies. Missing evidence is not made graver by a floor.
func accuses(v access.Verdict) bool {
	return v == access.VerdictViolation || v == access.VerdictUnused || v == access.VerdictOverbroad
}

var severities = []string{
	string(access.SeverityInfo), string(access.SeverityLow), string(access.SeverityMedium),
	string(access.SeverityHigh), string(access.SeverityCritical),
}

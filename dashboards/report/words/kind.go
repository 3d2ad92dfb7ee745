package words

import (
	"strings"
	"unicode/utf8"
)

type kindWords struct{ title, decide string }

// kinds words every kind of finding: what it is, and the decision that it asks of somebody.
var kinds = map[string]kindWords{
	"UNUSED_GRANT":               {"Unused access", "Remove it, narrow it, or declare it idle with an owner and an expiry."},
	"UNUSED_CREDENTIAL":          {"Unused credential", "Disable it, then delete it."},
	"UNUSED_IDENTITY":            {"Unused identity", "Disable the identity, or name who still needs it."},
	"OUT_OF_BAND":                {"Access given without approval", "Approve it after the fact with a ticket, or take it away."},
	"BASELINE_DRIFT":             {"Access outside the approved baseline", "Have it approved into the baseline, or take it away."},
	"BASELINE_STALE":             {"Baseline past its review date", "Review the baseline and date it anew."},
	"CREEP":                      {"Privilege grew, use did not", "Take back what was added and is not used."},
	"MOVER_RESIDUE":              {"Access kept from an old team", "Have the new team approve it, or remove it."},
	"GUARDRAIL_DRIFT":            {"A central floor is broken", "Bring it back to the floor, or ask for a dated exception."},
	"DORMANT_AWAKENING":          {"Long idle privilege used again", "Ask the holder whether it was them."},
	"ALERT_UNDELIVERABLE":        {"Alerts reach nobody in a channel", "Mend the channel, the token or its scopes, or route the team elsewhere."},
	"LOOSEN_ATTEMPT":             {"A team tried to loosen a rule", "Remove the setting, or ask the central team to change the floor."},
	"ACCOUNT_STILL_ENABLED":      {"Account of a leaver still enabled", "Disable the account and revoke its credentials."},
	"CREDENTIAL_STILL_VALID":     {"Credential of a leaver still valid", "Revoke the credential."},
	"POST_TERMINATION_ACTIVITY":  {"Activity after someone left", "Disable the account, revoke sessions and keys, look into what was done."},
	"RESIDUAL_SESSION":           {"Session outlived its owner's stay", "Revoke sessions when people leave; shorten the longest session."},
	"LEFTOVER_GRANTS":            {"Memberships left on a disabled account", "Remove the memberships."},
	"ORPHANED_NHI":               {"Non-human identity without an owner", "Name an owner and rotate it, or disable it when idle."},
	"EXPOSED_SECRET_NOT_ROTATED": {"Secret known to a leaver not rotated", "Rotate the secret."},
	"UNLINKED_ACCOUNT":           {"Account that belongs to nobody on record", "Link it to a person or an NHI record, or disable it."},
	"REHIRE_INHERITED":           {"Old access came back with a re-hire", "Approve it anew, or remove it."},
	"RECYCLED_NAME_BINDING":      {"A policy's name now means somebody else", "Bind the policy to the new identity on purpose, or remove it."},
	"NHI_REUSE":                  {"One credential, several workloads", "Give each workload an identity of its own."},
	"ENV_CROSSING":               {"One identity in production and elsewhere", "Split the identity by environment."},
	"HUMAN_USE":                  {"A person used a non-human identity", "Give the person access of their own; rotate the credential."},
	"LONG_LIVED_SECRET":          {"Long-lived secret", "Rotate it and give it an expiry, or use federation."},
	"THIRD_PARTY_RESIDUE":        {"Vendor access after the contract", "Remove the vendor's access."},
	"JIT_CANDIDATE":              {"Standing privilege, rarely used", "Grant it on request, for the proposed time."},
	"BREAK_GLASS_USED":           {"Break-glass access used", "Match the use to an incident; rotate afterwards."},
	"UNTESTED":                   {"Break-glass access not tested", "Test it, and record the test."},
	"NOT_ROTATED_AFTER_USE":      {"Break-glass not rotated after use", "Rotate it."},
	"FEED_SILENT":                {"Log feed is silent", "Bring the feed back; until then its verdicts stay unverifiable."},
	"FEED_GAP":                   {"Gaps in a log feed", "Backfill the gap if the logs still exist."},
	"FEED_REJECTS":               {"Log records that cannot be read", "Look at the dead letters and mend the source."},
	"SNAPSHOT_REFUSED":           {"Entitlement snapshot refused", "Export it again and compare it with the last good one."},
	"IDENTITY_FEED_STALE":        {"Identity feed out of date", "Renew it; until then nobody can be said to be still employed."},
}

// KindTitle says a kind in words; a kind that this version does not know is shown as it is written.
func KindTitle(kind string) string {
	if k, ok := kinds[kind]; ok {
		return k.title
	}
	s := strings.ToLower(strings.ReplaceAll(Visible(kind), "_", " "))
	if s == "" {
		return "Finding"
	}
	_, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:n]) + s[n:]
}

// KindDecision is what somebody has to decide about findings of a kind.
func KindDecision(kind string) string {
	if k, ok := kinds[kind]; ok {
		return k.decide
	}
	return "Look into it."
}

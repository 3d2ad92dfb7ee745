package words

import "github.com/grantwatch/grantwatch/access"

// Verdicts lists all verdicts in the order in which they are shown: what wants action, what cannot be known, what is well.
func Verdicts() []access.Verdict {
	return []access.Verdict{
		access.VerdictViolation, access.VerdictUnused, access.VerdictOverbroad, access.VerdictUnverifiable, access.VerdictUnloggable,
		access.VerdictTooYoung, access.VerdictRedundant, access.VerdictDeclaredIdle, access.VerdictClosed, access.VerdictUsed,
	}
}

// Severities lists all severities, gravest first.
func Severities() []access.Severity {
	return []access.Severity{access.SeverityCritical, access.SeverityHigh, access.SeverityMedium, access.SeverityLow, access.SeverityInfo}
}

// VerdictName is the verdict as a reader meets it in running text.
func VerdictName(v access.Verdict) string {
	switch v {
	case access.VerdictUsed:
		return "Used"
	case access.VerdictUnused:
		return "Unused"
	case access.VerdictUnverifiable:
		return "Unverifiable"
	case access.VerdictUnloggable:
		return "Unloggable"
	case access.VerdictTooYoung:
		return "Too young"
	case access.VerdictOverbroad:
		return "Overbroad"
	case access.VerdictRedundant:
		return "Redundant"
	case access.VerdictViolation:
		return "Violation"
	case access.VerdictClosed:
		return "Closed"
	case access.VerdictDeclaredIdle:
		return "Declared idle"
	}
	return Visible(string(v))
}

// VerdictMeaning is what a verdict says and what it does not, in one line.
func VerdictMeaning(v access.Verdict) string {
	switch v {
	case access.VerdictUsed:
		return "A successful use was recorded within the window."
	case access.VerdictUnused:
		return "No use was recorded, and every feed that would have recorded one was covered for the whole window."
	case access.VerdictUnverifiable:
		return "The evidence has gaps, so nothing is claimed. It is not a finding of non-use."
	case access.VerdictUnloggable:
		return "None of its actions is ever written to the logs, so use cannot be seen by anyone."
	case access.VerdictTooYoung:
		return "It has not existed for a whole window yet; it is judged when it has."
	case access.VerdictOverbroad:
		return "Some of its actions were used and some were not, over a covered window; the used ones are proposed."
	case access.VerdictRedundant:
		return "Every use of it is covered by another grant of the same holder as well."
	case access.VerdictViolation:
		return "A rule is broken, and the evidence for it is at hand."
	case access.VerdictClosed:
		return "It was revoked, has expired, or its holder was disabled."
	case access.VerdictDeclaredIdle:
		return "It is in the register of access that is meant to stay unused; silence is healthy."
	}
	return "A verdict that this version does not know."
}

// SeverityName is the severity as a chip shows it.
func SeverityName(s access.Severity) string {
	switch s {
	case access.SeverityCritical:
		return "Critical"
	case access.SeverityHigh:
		return "High"
	case access.SeverityMedium:
		return "Medium"
	case access.SeverityLow:
		return "Low"
	case access.SeverityInfo:
		return "Info"
	}
	return "Unrated"
}

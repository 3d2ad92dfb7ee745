package slack

import (
	"strings"
	"testing"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert/alerttest"
)

// TestLargestOfEachKind: long names, every field and every verdict of a message keep within Slack's limits, for each kind
// of docs/verdicts.md. The kinds are copied: alerts may not import rules, and a new kind is as long as these.
func TestLargestOfEachKind(t *testing.T) {
	for _, kind := range strings.Fields(`UNUSED_GRANT UNUSED_CREDENTIAL UNUSED_IDENTITY OUT_OF_BAND BASELINE_DRIFT BASELINE_STALE CREEP MOVER_RESIDUE
		GUARDRAIL_DRIFT DORMANT_AWAKENING LOOSEN_ATTEMPT ACCOUNT_STILL_ENABLED CREDENTIAL_STILL_VALID POST_TERMINATION_ACTIVITY RESIDUAL_SESSION
		LEFTOVER_GRANTS ORPHANED_NHI EXPOSED_SECRET_NOT_ROTATED UNLINKED_ACCOUNT REHIRE_INHERITED RECYCLED_NAME_BINDING NHI_REUSE ENV_CROSSING HUMAN_USE
		LONG_LIVED_SECRET THIRD_PARTY_RESIDUE JIT_CANDIDATE BREAK_GLASS_USED UNTESTED NOT_ROTATED_AFTER_USE FEED_SILENT FEED_GAP FEED_REJECTS
		SNAPSHOT_REFUSED IDENTITY_FEED_STALE ALERT_UNDELIVERABLE`) {
		m := alerttest.Message(strings.Repeat("arn:aws:iam::111122223333:role/a&b<c> ", 60), 20)
		m.Kind, m.Severity = kind, access.SeverityCritical
		for i := range m.Findings {
			m.Findings[i].Kind, m.Findings[i].Severity, m.Findings[i].Verdict = kind, access.SeverityCritical, access.VerdictViolation
		}
		for _, x := range alerttest.Shapes(m) {
			mustBeAccepted(t, kind, render(&x, testSeal))
			mustBeAccepted(t, kind, renderReply(&x))
		}
	}
}

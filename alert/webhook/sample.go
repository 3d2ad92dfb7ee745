package webhook

import (
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/document"
)

// sample is a document with every part, which a template is tried on.
func sample() *document.Document {
	at := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	return &document.Document{
		Type: "grantwatch.alert", Version: document.Version, ID: "0", Thread: "0", Reason: alert.ReasonFirst, Audience: alert.AudienceOwner,
		Team: "payments", Kind: "UNUSED_GRANT", Rule: "unused-grant", Title: "A grant that nobody uses", Severity: access.SeverityHigh, AsOf: at, At: at,
		Link: "https://grantwatch.example/", Total: 1, New: 1, Counts: []document.Count{{Severity: access.SeverityHigh, N: 1}},
		Findings: []access.Finding{{
			Fingerprint: "0", Kind: "UNUSED_GRANT", Verdict: access.VerdictUnused, Severity: access.SeverityHigh, Title: "A grant that nobody uses", Why: "It was not used in 90 days.",
			Team: "payments", Identity: &access.FindingIdentity{UID: "u-1", Name: "ana"}, Grant: &access.FindingGrant{ID: "g-1", Provider: "aws", Permission: "s3:GetObject"},
			FirstSeen: at, LastSeen: at, State: "open",
		}},
		Blind: []document.Blind{{Feed: "payments-aws", N: 1}}, Closing: &document.Closing{}, Week: &document.Week{Name: "2026-W36"}, Steps: []document.Step{{Fingerprint: "0", At: at, To: "open"}},
	}
}

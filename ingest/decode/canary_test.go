package decode_test

import (
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/decode"
)

// Every format has a canary that its decoder recognises; nothing that merely carries the name is one.
func TestCanary(t *testing.T) {
	at := time.Date(2026, 9, 1, 10, 0, 0, 123e6, time.UTC)
	for _, f := range decode.All() {
		raw, ok := decode.Canary(f.Name, "id-1", "111122223333", at)
		if !ok {
			t.Errorf("%s has no canary", f.Name)
			continue
		}
		var ev access.Event
		if err := f.New(decode.NewStrings()).Decode(raw, &ev); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		if !access.IsCanary(&ev) || !ev.Time.Equal(at) || ev.ID != "id-1" {
			t.Errorf("%s: not taken for a canary: %+v", f.Name, ev)
		}
	}
	for format, raw := range map[string]string{
		"aws_cloudtrail": `{"eventTime":"2026-09-01T10:00:00Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser","eventID":"1","userAgent":"grantwatch-canary","requestParameters":{"userName":"canary:GrantwatchCanary"},"userIdentity":{"type":"IAMUser","userName":"grantwatch-canary","principalId":"grantwatch-canary"}}`,
		"k8s_audit":      `{"verb":"get","auditID":"grantwatch-canary","requestURI":"/grantwatch/canary","stageTimestamp":"2026-09-01T10:00:00Z","user":{"username":"grantwatch-canary"}}`,
		"okta_system":    `{"eventType":"user.session.start","uuid":"grantwatch.canary","published":"2026-09-01T10:00:00Z","actor":{"id":"grantwatch-canary","type":"User"},"outcome":{"result":"SUCCESS"}}`,
	} {
		f, _ := decode.Lookup(format)
		var ev access.Event
		if err := f.New(decode.NewStrings()).Decode([]byte(raw), &ev); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if access.IsCanary(&ev) {
			t.Errorf("%s: an act passes for a canary: %s", format, raw)
		}
	}
}

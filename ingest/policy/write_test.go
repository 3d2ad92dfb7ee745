package policy

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
)

// TestWrittenIsRead: what is written is read back as it was, whatever the names hold.
func TestWrittenIsRead(t *testing.T) {
	text := rapid.OneOf(rapid.StringMatching(`[a-z:*/"'#{}\[\]\\&!%@ -]{1,20}`), rapid.SampledFrom([]string{"null", "true", "1.50", "~", "2026-09-01", "- a", "é\u202e", "a: b", "? x", "yes", "0x1F", "multi\nline", "tab\there"}))
	rapid.Check(t, func(t *rapid.T) {
		var list []access.Exception
		for range rapid.IntRange(0, 5).Draw(t, "n") {
			list = append(list, access.Exception{Match: access.Match{Kind: text.Draw(t, "kind"), Subject: text.Draw(t, "subject"), Permission: text.Draw(t, "permission"), Fingerprint: text.Draw(t, "fp")},
				Reason: text.Draw(t, "reason"), Approver: text.Draw(t, "approver"), Expires: time.Unix(int64(rapid.IntRange(0, 1<<32).Draw(t, "at")), 0).UTC()})
		}
		data, err := WriteExceptions(list)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadExceptions("x.yaml", data)
		if err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		for i := range got {
			got[i].Source, got[i].Line = "", 0
		}
		if len(list)+len(got) > 0 && !reflect.DeepEqual(got, list) {
			t.Fatalf("%+v\n%+v\n%s", list, got, data)
		}
	})
}

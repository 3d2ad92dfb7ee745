package document

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var at = time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)

// told is a message with something in every field.
func told() *alert.Message {
	covered := 0.75
	m := &alert.Message{
		Key: alert.Key{Channel: "webhook:soar", Fingerprint: "g1"}, Reason: alert.ReasonWorse, Audience: alert.AudienceOwner, Team: "payments", Kind: "UNUSED_GRANT",
		Cause: "unused-grant", Title: "Access that nobody uses", Severity: access.SeverityHigh, AsOf: at, At: at.Add(time.Second), Link: "https://grantwatch.corp.example/findings", New: 1,
		Contradicted: 1, Waited: 90 * time.Minute, Record: alert.Record{Post: "post1"},
		Steps: []ledger.Change{{Fingerprint: "f1", At: at, From: "open", To: "acknowledged", Verdict: access.VerdictUnused, Why: "acknowledged by Li", Who: "li"}},
		Findings: []access.Finding{
			{Fingerprint: "f1", Kind: "UNUSED_GRANT", Severity: access.SeverityHigh, Verdict: access.VerdictUnused, Team: "payments", State: "open", Why: "No use in 90 days.",
				Identity: &access.FindingIdentity{UID: "ana", Name: "Ana"}, Grant: &access.FindingGrant{ID: "g", Provider: "aws", Permission: "s3:*"}, Coverage: &covered, FirstSeen: at, LastSeen: at},
			{Fingerprint: "f2", Kind: "UNUSED_GRANT", Severity: access.SeverityLow, Verdict: access.VerdictUnused, Team: "payments", State: "open", FirstSeen: at, LastSeen: at},
		},
		Unverifiable: []access.Finding{{Fingerprint: "f3", Verdict: access.VerdictUnverifiable, Gaps: []access.Gap{{Feed: "aws", From: at.Add(-time.Hour), To: at}}}},
	}
	return m
}

// TestForm compares documents of every shape with what receivers rely on.
func TestForm(t *testing.T) {
	closed := told()
	closed.Reason, closed.Findings, closed.Unverifiable = alert.ReasonResolved, nil, nil
	closed.Closing.Excepted, closed.Closing.How = 1, []alert.Resolved{{How: "revocation", N: 2}}
	week := told()
	week.Reason, week.Findings, week.Unverifiable = alert.ReasonDigest, nil, nil
	week.Week = &alert.Week{Name: "2026-W35", From: at.AddDate(0, 0, -7), To: at, Open: []alert.Count{{Severity: access.SeverityHigh, N: 3}}, New: 2,
		Expiring: []alert.Expiring{{What: "s3:* of Ana", Reason: "migration", Approver: "li", Expires: at.AddDate(0, 0, 5)}}, Oldest: told().Findings[:1]}
	for name, m := range map[string]*alert.Message{"worse": told(), "resolved": closed, "digest": week} {
		got, err := json.MarshalIndent(Of(m, nil), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", name+".golden.json")
		if *update {
			if err := os.WriteFile(file, append(got, '\n'), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(got)+"\n" != string(want) {
			t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
		}
	}
}

// TestIDsTellWhatIsRepeated: the same attempt has the same id, whatever is said next has another, and the thread stays.
func TestIDsTellWhatIsRepeated(t *testing.T) {
	first, again := Of(told(), nil), Of(told(), nil)
	if first.ID == "" || first.ID != again.ID {
		t.Errorf("%q and %q", first.ID, again.ID)
	}
	stands := &alert.Delivery{TS: "1", At: at}
	reminder := told()
	reminder.Reason = alert.ReasonReminder
	one := Of(reminder, stands)
	later := *stands
	later.At = at.AddDate(0, 0, 7)
	two := Of(reminder, &later)
	if one.ID == first.ID || two.ID == one.ID || one.Thread != first.Thread || two.Thread != first.Thread {
		t.Errorf("ids %q %q %q in threads %q %q %q", first.ID, one.ID, two.ID, first.Thread, one.Thread, two.Thread)
	}
}

// TestBounds: however large and hostile a message is, its document stays within MaxBytes, every text is one visible line, every
// list is bounded, and what was left out is counted.
func TestBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Just(strings.Repeat("A\u202e\n<!here>", 1_000)), rapid.Just(strings.Repeat("\x00\xff", 5_000)))
		m := told()
		m.Findings, m.Unverifiable = nil, nil
		n := rapid.SampledFrom([]int{0, 1, 19, 20, 21, 500}).Draw(t, "findings")
		hostile := text.Draw(t, "text")
		m.Title, m.Team, m.Link = hostile, hostile, hostile
		for range n {
			f := access.Finding{Fingerprint: hostile, Title: hostile, Why: hostile, Severity: access.SeverityHigh, Identity: &access.FindingIdentity{Name: hostile}, Grant: &access.FindingGrant{Resource: hostile}}
			for range rapid.IntRange(0, 40).Draw(t, "list") {
				f.Evidence, f.Gaps = append(f.Evidence, hostile), append(f.Gaps, access.Gap{Feed: hostile})
			}
			m.Findings = append(m.Findings, f)
		}
		d := Of(m, nil)
		raw, err := json.Marshal(d)
		if err != nil || len(raw) > MaxBytes {
			t.Fatalf("%d bytes, %v", len(raw), err)
		}
		if d.Total != n || d.Omitted+len(d.Findings) != n {
			t.Fatalf("%d findings: %d told, %d left out, of %d", n, len(d.Findings), d.Omitted, d.Total)
		}
		walk(reflect.ValueOf(*d), func(s string) {
			if !utf8.ValidString(s) || len([]rune(s)) > 601 {
				t.Fatalf("a text of %d runes, or none: %.40q", len([]rune(s)), s)
			}
			for _, r := range s {
				if unicode.Is(unicode.C, r) || r == '\u2028' || r == '\u2029' {
					t.Fatalf("%U in %.60q", r, s)
				}
			}
		})
	})
}

// walk visits every text of a value.
func walk(v reflect.Value, visit func(string)) {
	switch v.Kind() {
	case reflect.String:
		visit(v.String())
	case reflect.Pointer:
		if !v.IsNil() {
			walk(v.Elem(), visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), visit)
		}
	case reflect.Struct:
		if v.Type() == clock {
			return
		}
		for i := range v.NumField() {
			walk(v.Field(i), visit)
		}
	}
}

// TestNothingEscapesTheBounds: a field of a kind that is not bounded, such as a map, would be copied as it is.
func TestNothingEscapesTheBounds(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var look func(path string, typ reflect.Type)
	look = func(path string, typ reflect.Type) {
		if seen[typ] || typ == clock {
			return
		}
		seen[typ] = true
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice:
			look(path, typ.Elem())
		case reflect.Struct:
			for i := range typ.NumField() {
				if f := typ.Field(i); !f.IsExported() {
					t.Errorf("%s.%s cannot be copied", path, f.Name)
				} else {
					look(path+"."+f.Name, f.Type)
				}
			}
		case reflect.Map, reflect.Interface, reflect.Array, reflect.Func, reflect.Chan:
			t.Errorf("%s is a %s, which is not bounded", path, typ.Kind())
		}
	}
	look("Document", reflect.TypeFor[Document]())
}

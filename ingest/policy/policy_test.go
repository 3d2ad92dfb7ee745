package policy

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestBaseline(t *testing.T) {
	got, err := ReadBaseline("b.yaml", []byte(`# what the board approved
approved_by: li@corp.example
approved_at: 2026-07-01
review_by: 2026-12-31T12:00:00+01:00
team: payments
accounts: ["111122223333"]
grants:
  - {subject: "arn:aws:iam::111122223333:role/*", permission: "s3:Get*", resource: "arn:aws:s3:::ledger/*", ticket: T-1}
  - subject: ana@corp.example
    permission: member
`))
	if err != nil {
		t.Fatal(err)
	}
	want := &access.Baseline{Source: "b.yaml", Team: "payments", Accounts: []string{"111122223333"}, ApprovedBy: "li@corp.example",
		ApprovedAt: day("2026-07-01"), ReviewBy: time.Date(2026, 12, 31, 11, 0, 0, 0, time.UTC), Grants: []access.BaselineGrant{
			{Subject: "arn:aws:iam::111122223333:role/*", Permission: "s3:Get*", Resource: "arn:aws:s3:::ledger/*", Ticket: "T-1"},
			{Subject: "ana@corp.example", Permission: "member"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestIdle(t *testing.T) {
	got, err := ReadIdle("i.yaml", []byte(`idle:
  - match: {subject: "arn:aws:iam::111122223333:role/BreakGlass", permission: "*"}
    class: break-glass
    owner: p-200
    reason: last resort
    approver: li@corp.example
    expires: 2027-01-01
    test_every: 26w

  - {match: {subject: dr}, class: disaster-recovery, owner: o, reason: r, approver: a, expires: 2027-01-01}
`))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Line != 2 || got[1].Line != 10 || got[0].TestEvery != 26*7*24*time.Hour || got[0].Match.Permission != "*" ||
		got[0].Expires != day("2027-01-01") || got[1].TestEvery != 0 || got[0].Source != "i.yaml" {
		t.Errorf("%+v", got)
	}
}

func TestExceptions(t *testing.T) {
	got, err := ReadExceptions("e.yaml", []byte("exceptions:\n- match: {kind: UNUSED_GRANT, subject: 'x*', team: payments}\n  reason: migration\n  approver: li\n  expires: 2026-12-01\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []access.Exception{{Source: "e.yaml", Line: 2, Match: access.Match{Kind: "UNUSED_GRANT", Subject: "x*", Team: "payments"}, Reason: "migration", Approver: "li", Expires: day("2026-12-01")}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

func TestEmptyFiles(t *testing.T) {
	for _, text := range []string{"", "\n", "# nothing yet\n", "idle:\n", "idle: []\n"} {
		if got, err := ReadIdle("i.yaml", []byte(text)); err != nil || len(got) != 0 {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	if _, err := ReadBaseline("b.yaml", nil); err == nil {
		t.Error("an empty baseline approves nobody knows what")
	}
}

func TestRefused(t *testing.T) {
	idle := func(f string, d []byte) error { _, err := ReadIdle(f, d); return err }
	exceptions := func(f string, d []byte) error { _, err := ReadExceptions(f, d); return err }
	baseline := func(f string, d []byte) error { _, err := ReadBaseline(f, d); return err }
	approvals := func(f string, d []byte) error { _, err := ReadApprovals(f, d); return err }
	tests := []struct {
		name string
		read func(string, []byte) error
		text string
		want string
	}{
		{"no reason", exceptions, "exceptions:\n  - match: {kind: X}\n    reason: ok\n    approver: a\n    expires: 2026-12-01\n  - match: {kind: Y}\n    approver: a\n    expires: 2026-12-01\n",
			"f:6:5: this exception has no reason\n    - match: {kind: Y}\n      ^"},
		{"none of three", exceptions, "exceptions: [{match: {kind: X}}]\n", "f:1:14: this exception has no reason, approver and expires\n  exceptions: [{match: {kind: X}}]\n               ^"},
		{"matches everything", exceptions, "exceptions:\n- {reason: r, approver: a, expires: 2026-12-01}\n", "f:2:3: this exception has no match"},
		{"misspelt key", exceptions, "exceptions:\n- match: {kind: X}\n  reson: r\n", "f:3:3: unknown field \"reson\"\n    reson: r\n    ^"},
		{"misspelt key inside", exceptions, "exceptions:\n- match: {kinds: X}\n", "f:2:11: unknown field \"kinds\""},
		{"misspelt top", exceptions, "exception: []\n", "f:1:1: unknown field \"exception\""},
		{"key twice", exceptions, "exceptions: []\nexceptions: []\n", "f:2:1: mapping key \"exceptions\" already defined"},
		{"wild date", exceptions, "exceptions:\n- match: {kind: X}\n  expires: soon\n", "f:3:12: \"soon\" is no time (write 2026-09-01 or 2026-09-01T08:00:00Z)\n    expires: soon\n             ^"},
		{"after an umlaut", exceptions, "exceptions:\n- {reason: ä, expires: x}\n", "f:2:24: \"x\" is no time"},
		{"a list for a map", exceptions, "exceptions:\n- [a]\n", "f:2:3:"},
		{"a map for a word", exceptions, "exceptions:\n- reason: {a: b}\n", "f:2:11:"},
		{"broken", exceptions, "exceptions: [\n", "f:1:13:"},
		{"two documents", exceptions, "exceptions: []\n---\nexceptions: []\n", "f:3:"},
		{"alias", exceptions, "exceptions:\n- match: &m {kind: X}\n- match: *m\n", "f:2:10: anchors and aliases are not read here"},
		{"not UTF-8", exceptions, "exceptions: []\n# \xff\n", "f:2:3: not UTF-8"},
		{"nested", exceptions, strings.Repeat("[", 70000), "f:1:65: nested too deeply"},
		{"dashes", exceptions, strings.Repeat("- ", 70000), "nested too deeply"},
		{"no owner", idle, "idle:\n- {match: {subject: s}, class: c, reason: r, approver: a, expires: 2026-12-01}\n", "f:2:3: this entry has no owner"},
		{"wild duration", idle, "idle:\n- {match: {subject: s}, test_every: 1y}\n", "f:2:37: \"1y\" is no duration (write 90d, 26w, 36h or 15m)"},
		{"negative duration", idle, "idle:\n- {match: {subject: s}, test_every: -1d}\n", "\"-1d\" is negative"},
		{"no approver", baseline, "approved_at: 2026-01-01\nreview_by: 2026-06-01\ngrants: []\n", "f:1:1: the baseline has no approved_by"},
		{"review first", baseline, "approved_by: a\napproved_at: 2026-06-01\nreview_by: 2026-01-01\n", "review_by is not after approved_at"},
		{"no permission", baseline, "approved_by: a\napproved_at: 2026-01-01\nreview_by: 2026-06-01\ngrants:\n  - {subject: x}\n", "f:5:5: this grant has no permission"},
		{"approvals without subject", approvals, "permission,approved_by,approved_at\n", "f:1:1: the header has no column \"subject\""},
		{"approval without time", approvals, "subject,permission,approved_by,approved_at\na,b,c,\n", "f:2:7: approved_at is empty\n  a,b,c,\n        ^"},
		{"approval at a wild time", approvals, "subject,permission,approved_by,approved_at\nä,b,c,today\n", "f:2:7: approved_at \"today\" is no time"},
		{"approval row too short", approvals, "subject,permission,approved_by,approved_at\na,b\n", "f:2:1: wrong number of fields"},
		{"approvals column twice", approvals, "subject,permission,approved_by,approved_at,subject\n", "is there twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.read("f", []byte(tt.text))
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("says\n%v\nwant\n%s", err, tt.want)
			}
			var source *SourceError
			if !errors.As(err, &source) || source.File != "f" || source.Line == 0 {
				t.Errorf("%T has no place", err)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}

func TestApprovals(t *testing.T) {
	got, err := ReadApprovals("t.csv", []byte("\xef\xbb\xbfticket,subject,permission,approved_by,approved_at,team\nT-1,ana,member,li,2026-07-01,x\n"))
	want := []access.Approval{{Subject: "ana", Permission: "member", ApprovedBy: "li", ApprovedAt: day("2026-07-01"), Ticket: "T-1"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := ReadApprovals("t.csv", nil); err != nil || got != nil {
		t.Errorf("an empty file: %v, %v", got, err)
	}
}

func TestGlob(t *testing.T) {
	tests := []struct {
		pattern, s string
		want       bool
	}{
		{"*", "", true}, {"", "", true}, {"", "a", false}, {"a*c", "abbc", true}, {"a?c", "abc", true}, {"a?c", "ac", false},
		{"A", "a", false}, {"**/x", "a/b/x", true}, {"s3:Get*", "s3:GetObject", true}, {"arn:aws:iam::*:role/x", "arn:aws:iam::1:role/x", true}, {"a.c", "abc", false},
	}
	for _, tt := range tests {
		if got := Glob(tt.pattern, tt.s); got != tt.want {
			t.Errorf("Glob(%q, %q) = %v", tt.pattern, tt.s, got)
		}
	}
}

func TestCaretKeepsTabs(t *testing.T) {
	e := &SourceError{File: "f", Line: 1, Column: 4, Msg: "m", Excerpt: "\t\täx"}
	if got, want := e.Error(), "f:1:4: m\n  \t\täx\n  \t\t ^"; got != want {
		t.Errorf("got %q want %q", got, want)
	}
}

func TestTooLarge(t *testing.T) {
	if err := LoadYAML("f", make([]byte, maxYAML+1), &struct{}{}); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("%v", err)
	}
}

func FuzzLoadYAML(f *testing.F) {
	f.Add([]byte("exceptions:\n- match: {kind: X}\n  reason: r\n  approver: a\n  expires: 2026-12-01\n"))
	f.Add([]byte("exceptions: [{match: {kind: &a X}}]\n---\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := ReadExceptions("f", data)
		if err != nil {
			var source *SourceError
			if !errors.As(err, &source) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		for _, e := range got {
			if e.Reason == "" || e.Approver == "" || e.Expires.IsZero() || e.Line == 0 {
				t.Fatalf("%+v", e)
			}
		}
	})
}

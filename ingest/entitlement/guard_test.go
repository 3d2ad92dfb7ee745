package entitlement

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/entitlement/reader"
)

func snap(account string, grants int, taken string) access.Snapshot {
	t, _ := time.Parse(time.DateOnly, taken)
	return access.Snapshot{Account: account, Grants: make([]access.Grant, grants), TakenAt: t, Dated: taken != ""}
}

func TestGuard(t *testing.T) {
	one := func(s ...access.Snapshot) []access.Snapshot { return s }
	tests := []struct {
		name       string
		prev, next []access.Snapshot
		want       string
	}{
		{"the first", nil, one(snap("a", 0, "2026-09-01")), ""},
		{"nothing ever", nil, nil, ""},
		{"the same", one(snap("a", 100, "2026-09-01")), one(snap("a", 100, "2026-09-01")), ""},
		{"nothing now", one(snap("a", 3, "2026-09-01")), nil, "empty"},
		{"empty", one(snap("a", 3, "2026-09-01")), one(snap("a", 0, "2026-09-02")), "empty"},
		{"empty before as well", one(snap("a", 0, "2026-09-01")), one(snap("a", 0, "2026-09-02")), ""},
		{"empty and nameless", one(snap("a", 3, "2026-09-01")), one(snap("", 0, "2026-09-02")), "empty"},
		{"shrunk", one(snap("a", 100, "2026-09-01")), one(snap("a", 49, "2026-09-02")), "shrunk"},
		{"just half", one(snap("a", 100, "2026-09-01")), one(snap("a", 50, "2026-09-02")), ""},
		{"shrunk, but small", one(snap("a", 19, "2026-09-01")), one(snap("a", 1, "2026-09-02")), ""},
		{"shrunk from the floor", one(snap("a", 20, "2026-09-01")), one(snap("a", 9, "2026-09-02")), "shrunk"},
		{"grown", one(snap("a", 20, "2026-09-01")), one(snap("a", 900, "2026-09-02")), ""},
		{"older", one(snap("a", 20, "2026-09-02")), one(snap("a", 20, "2026-09-01")), "older"},
		{"older of another account", one(snap("a", 20, "2026-09-02"), snap("b", 5, "2026-08-01")), one(snap("b", 5, "2026-08-15")), ""},
		{"undated", one(snap("a", 20, "2026-09-02")), one(snap("a", 20, "")), ""},
		{"another account appears", one(snap("a", 20, "2026-09-01")), one(snap("b", 1, "2026-08-01")), ""},
		{"one account of two shrinks", one(snap("a", 40, "2026-09-01"), snap("b", 40, "2026-09-01")), one(snap("a", 40, "2026-09-02"), snap("b", 4, "2026-09-02")), "shrunk"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var prev *Summary
			if tt.prev != nil {
				prev = Summarise(nil, tt.prev)
			}
			got := ""
			if r := Guard(prev, tt.next); r != nil {
				got = r.Reason
			}
			if got != tt.want {
				t.Errorf("refused: %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSummariseKeepsWhatIsNotMentioned(t *testing.T) {
	s := Summarise(Summarise(nil, []access.Snapshot{snap("a", 3, "2026-09-01"), snap("b", 4, "2026-09-01")}), []access.Snapshot{snap("b", 5, "2026-09-02")})
	if s.Accounts["a"].Grants != 3 || s.Accounts["b"].Grants != 5 {
		t.Errorf("%+v", s)
	}
}

func TestRefuse(t *testing.T) {
	if r := Refuse(&reader.SyntaxError{File: "f", Msg: "m", Err: ErrTruncated}); r.Reason != "truncated" || !strings.Contains(r.Error(), "f: m") {
		t.Errorf("%v", r)
	}
	if r := Refuse(errors.New("no")); r.Reason != "unreadable" {
		t.Errorf("%v", r)
	}
	var rejection *access.Rejection
	if err := fmt.Errorf("x: %w", ErrTruncated); !errors.As(err, &rejection) || rejection.Reason != access.ReasonTruncated {
		t.Error("ErrTruncated is no rejection")
	}
}

func TestStampFromName(t *testing.T) {
	for name, want := range map[string]string{
		"iam/payments-20260901T000000Z.json":       "2026-09-01T00:00:00Z",
		"payments-20260901T123456Z.json.gz":        "2026-09-01T12:34:56Z",
		`C:\iam\payments-20260901T000000Z.csv`:     "2026-09-01T00:00:00Z",
		"payments-20260901T000000Z":                "2026-09-01T00:00:00Z",
		"20260901T000000Z.json":                    "2026-09-01T00:00:00Z",
		"a-20260801T000000Z-20260901T000000Z.json": "2026-09-01T00:00:00Z",
		"payments-20260901T000000Z/latest.json":    "",
		"payments-20261301T000000Z.json":           "",
		"payments-20260901.json":                   "",
		"payments20260901T000000Z.json":            "",
		"payments-120260901T000000Z.json":          "",
		"":                                         "",
	} {
		got, ok := StampFromName(name)
		if s := ""; ok {
			s = got.Format(time.RFC3339)
			if s != want {
				t.Errorf("%s: %s, want %q", name, s, want)
			}
		} else if want != "" {
			t.Errorf("%s: nothing, want %s", name, want)
		}
	}
}

func TestStampPrecedence(t *testing.T) {
	at := func(day int) time.Time { return time.Date(2026, 9, day, 0, 0, 0, 0, time.UTC) }
	const name = "x-20260903T000000Z.json"
	tests := []struct {
		own, asOf time.Time
		name      string
		want      int
		dated     bool
	}{
		{at(1), at(2), name, 1, true}, {time.Time{}, at(2), name, 2, true}, {time.Time{}, time.Time{}, name, 3, true}, {time.Time{}, time.Time{}, "x.json", 4, false},
	}
	for _, tt := range tests {
		if got, dated := Stamp(tt.own, tt.asOf, tt.name, at(4)); !got.Equal(at(tt.want)) || dated != tt.dated {
			t.Errorf("%+v: %v %v", tt, got, dated)
		}
	}
}

func TestFormats(t *testing.T) {
	for _, f := range All() {
		got, ok := Lookup(f.Name)
		if !ok || got.Name != f.Name || f.Docs == "" || f.Read == nil {
			t.Errorf("format %q is incomplete", f.Name)
		}
		// Nothing is trusted to be whole: every format must survive a file that is not its own.
		if _, err := f.Read(strings.NewReader("{\"x\": ["), Options{Source: "f"}); err == nil {
			t.Errorf("format %q accepts rubbish", f.Name)
		}
	}
	if _, ok := Lookup("nosuch"); ok {
		t.Error("an unknown format is found")
	}
}

package field

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
	"unsafe"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
)

func TestTime(t *testing.T) {
	for in, want := range map[string]string{
		"2026-09-01T08:15:00Z":                          "2026-09-01T08:15:00Z",
		"2026-09-01T08:15:00.1Z":                        "2026-09-01T08:15:00.1Z",
		"2026-09-01T08:15:00.123456789Z":                "2026-09-01T08:15:00.123456789Z",
		"2026-09-01T08:15:00.1234567891234Z":            "2026-09-01T08:15:00.123456789Z",
		"2026-09-01T08:15:00,5Z":                        "2026-09-01T08:15:00.5Z",
		"2026-09-01T10:15:00+02:00":                     "2026-09-01T08:15:00Z",
		"2026-08-31T23:45:00-0830":                      "2026-09-01T08:15:00Z",
		"2026-09-01 08:15:00.000000000":                 "2026-09-01T08:15:00Z",
		"2026-09-01 08:15:00 UTC":                       "2026-09-01T08:15:00Z",
		"2026-09-01T08:15:00":                           "2026-09-01T08:15:00Z",
		"2024-02-29T00:00:00Z":                          "2024-02-29T00:00:00Z",
		"2026-12-31T23:59:60Z":                          "2027-01-01T00:00:00Z",
		"":                                              "",
		"2026-09-01":                                    "",
		"2026-09-01T08:15:00.Z":                         "",
		"2026-13-01T08:15:00Z":                          "",
		"2026-02-29T08:15:00Z":                          "",
		"2026-09-01T24:00:00Z":                          "",
		"2026-09-01T08:61:00Z":                          "",
		"2026-09-01T08:15:00+25:00":                     "",
		"2026-09-01T08:15:00+2":                         "",
		"2026-09-01T08:15:00 yesterday":                 "",
		"20260901T081500Z":                              "",
		"1788000000":                                    "",
		"yyyy-mm-ddThh:mm:ssZ":                          "",
		"0000-00-00T00:00:00Z":                          "",
		"0001-01-01T00:00:00Z":                          "",
		"0001-01-01T00:30:00+01:00":                     "",
		"0001-01-01T00:00:01Z":                          "0001-01-01T00:00:01Z",
		"2026-09-01T08:15:00" + strings.Repeat("0", 90): "",
	} {
		got, ok := Time([]byte(in))
		switch {
		case want == "" && ok:
			t.Errorf("%q was read as %v", in, got)
		case want != "" && (!ok || got.Format(time.RFC3339Nano) != want):
			t.Errorf("%q: got %v %v, want %s", in, got, ok, want)
		}
	}
}

// TestTimeAgreesWithTheStandardLibrary compares on every RFC 3339 time.
func TestTimeAgreesWithTheStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := time.FixedZone("", 60*rapid.IntRange(-14*60, 14*60).Draw(t, "zone"))
		at := time.Unix(rapid.Int64Range(-30_000_000_000, 200_000_000_000).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).In(zone)
		got, ok := Time([]byte(at.Format(time.RFC3339Nano)))
		if !ok || !got.Equal(at) || got.Location() != time.UTC {
			t.Fatalf("%v: got %v %v", at, got, ok)
		}
	})
}

func TestStrings(t *testing.T) {
	s := NewStrings()
	type kept struct{ got, want string }
	var all []kept
	buf := make([]byte, 0, 64)
	for i := range 200_000 {
		buf = append(append(buf[:0], "value-"...), byte('a'+i%26), byte('a'+i/26%26), byte('a'+i/676%26), byte('a'+i/17576%26))
		got := s.Copy(buf)
		if i%2 == 0 {
			got = s.Intern(buf)
		}
		if i%1000 == 0 {
			all = append(all, kept{got, string(buf)})
		}
	}
	for _, k := range all {
		if k.got != k.want {
			t.Fatalf("%q became %q", k.want, k.got)
		}
	}
	if len(s.slots) != internSlots {
		t.Errorf("the table grew to %d", len(s.slots))
	}
	if s.Intern(nil) != "" || s.Copy(nil) != "" || s.Join([]byte("a"), []byte(": "), []byte("b")) != "a: b" {
		t.Error("edges")
	}
	long := []byte(strings.Repeat("x", 100_000))
	if s.Intern(long) != string(long) || s.Copy(long) != string(long) {
		t.Error("long strings")
	}
}

func TestStringsAllocateNothing(t *testing.T) {
	s := NewStrings()
	b := []byte("arn:aws:iam::111122223333:user/ana")
	s.Intern(b)
	if n := testing.AllocsPerRun(1000, func() { s.Intern(b) }); n != 0 {
		t.Errorf("Intern of a known value: %v allocations", n)
	}
	if n := testing.AllocsPerRun(1000, func() { s.Copy(b) }); n > 0.1 {
		t.Errorf("Copy: %v allocations", n)
	}
}

// What is remembered must not keep more of the arena alive than internPins and a chunk.
func TestStringsForget(t *testing.T) {
	s := NewStrings()
	b := []byte("arn:aws:iam::111122223333:user/ana")
	first := s.Intern(b)
	if again := s.Intern(b); unsafe.StringData(again) != unsafe.StringData(first) {
		t.Error("a value that was just seen is copied again")
	}
	other := make([]byte, internMax)
	for i := range internPins/internMax + 1 {
		other[0], other[1], other[2], other[3] = byte(i), byte(i>>8), byte(i>>16), 1
		s.Intern(other)
	}
	kept := 0
	for _, at := range s.slots {
		if at.s != "" {
			kept++
		}
	}
	if kept > 2 {
		t.Errorf("%d values are remembered after %d bytes", kept, internPins)
	}
	if again := s.Intern(b); again != first || unsafe.StringData(again) == unsafe.StringData(first) {
		t.Error("the first value was not forgotten")
	}
}

// TestNoExcerpts shows that the reason for a rejection never quotes the record.
func TestNoExcerpts(t *testing.T) {
	for _, rec := range []string{`{"password":"hunter2`, `{"a":hunter2}`, `{"a":1} hunter2`, `{"a" "hunter2"}`, `{"a":1 "hunter2"}`, `{hunter2:1}`, `{"a":-hunter2}`, `{"a":[1 "hunter2"]}`} {
		var j JSON
		_, err := j.Parse([]byte(rec))
		var r *access.Rejection
		if !errors.As(err, &r) || r.Reason != access.ReasonSyntax || r.Detail == "" || strings.Contains(r.Error(), "hunter2") {
			t.Errorf("%s: %v", rec, err)
		}
	}
}

func TestReaders(t *testing.T) {
	var j JSON
	v, err := j.Parse([]byte(`{"s":"text","n":12.50,"t":true,"no":null,"o":{"k":"v"},"l":["a",1],"yes":"true","esc\u0061ped":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"s": "text", "n": "12.50", "t": "true", "no": "", "o": "", "l": "", "none": "", "escaped": "x"} {
		if got := string(At(v, key)); got != want {
			t.Errorf("At(%q) = %q, want %q", key, got, want)
		}
	}
	if string(At(Get(v, "o"), "k")) != "v" || Get(Get(v, "s"), "k") != nil || len(List(Get(v, "l"))) != 2 || List(Get(v, "o")) != nil {
		t.Error("Get or List")
	}
	for key, want := range map[string][2]bool{"t": {true, true}, "yes": {true, true}, "s": {false, false}, "none": {false, false}} {
		if got, known := Bool(Get(v, key)); got != want[0] || known != want[1] {
			t.Errorf("Bool(%q) = %v, %v", key, got, known)
		}
	}
	for key, want := range map[string]access.Reason{"s": "", "n": access.ReasonType, "no": access.ReasonMissing, "none": access.ReasonMissing, "o": access.ReasonType} {
		_, err := Essential(Get(v, key), key)
		var r *access.Rejection
		if errors.As(err, &r); (r == nil) != (want == "") || r != nil && r.Reason != want {
			t.Errorf("Essential(%q): %v", key, err)
		}
	}
}

// TestInner shows that the outer record survives reading the text inside it.
func TestInner(t *testing.T) {
	var j JSON
	outer, err := j.Parse([]byte(`{"message":"{\"a\":\"inner\"}","b":"outer"}`))
	if err != nil {
		t.Fatal(err)
	}
	inner, err := j.ParseInner(At(outer, "message"))
	if err != nil || string(At(inner, "a")) != "inner" || string(At(outer, "b")) != "outer" {
		t.Errorf("inner %v, outer %v, %v", inner, outer, err)
	}
}

func TestTruncate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, n := rapid.String().Draw(t, "s"), rapid.IntRange(0, 50).Draw(t, "n")
		got := Truncate(s, n)
		if len(got) > n || !strings.HasPrefix(s, got) || utf8.ValidString(s) && (!utf8.ValidString(got) || len(s) > n && len(got) < n-3) {
			t.Fatalf("Truncate(%q, %d) = %q", s, n, got)
		}
		if string(TruncateBytes([]byte(s), n)) != got {
			t.Fatal("TruncateBytes differs")
		}
	})
}

func TestHashID(t *testing.T) {
	a, b := HashID([]byte("one")), HashID([]byte("two"))
	if len(a) != 32 || a == b || a != HashID([]byte("one")) {
		t.Errorf("%s %s", a, b)
	}
}

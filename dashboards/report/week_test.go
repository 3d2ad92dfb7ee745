package report

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // so that the test says the same on every machine
)

func TestWeekAndRangeAgreeForSixtyYears(t *testing.T) {
	for d := time.Date(1990, 1, 1, 9, 0, 0, 0, time.UTC); d.Year() < 2050; d = d.AddDate(0, 0, 1) {
		name := Week(d)
		from, to, err := Range(name, nil)
		if err != nil {
			t.Fatalf("%s is %s: %v", d.Format(time.DateOnly), name, err)
		}
		if d.Before(from) || !d.Before(to) || from.Weekday() != time.Monday || to.Sub(from) != 7*24*time.Hour {
			t.Fatalf("%s is %s, which is from %v to %v", d.Format(time.DateOnly), name, from, to)
		}
	}
}

func TestRange(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal("no zone data here:", err)
	}
	from, to, err := Range("2026-W43", berlin) // summer time ends on Sunday, 25 October
	if err != nil || from.Format(time.RFC3339) != "2026-10-19T00:00:00+02:00" || to.Format(time.RFC3339) != "2026-10-26T00:00:00+01:00" || to.Sub(from) != 169*time.Hour {
		t.Errorf("2026-W43 in Berlin is %v to %v, %v", from, to, err)
	}
	for in, why := range map[string]string{"2026-W54": "no week 54", "2025-W53": "no week 53", "2026-W00": "no week 0", "2026-47": "write", "": "write", "2026-W47\n": "write", "W47": "write"} {
		if _, _, err := Range(in, nil); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("Range(%q): %v, want an error with %q", in, err, why)
		}
	}
	if _, _, err := Range("2026-W53", nil); err != nil {
		t.Errorf("2026 has 53 weeks: %v", err)
	}
}

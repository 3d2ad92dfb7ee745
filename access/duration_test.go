package access

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseDuration(t *testing.T) {
	const day = 24 * time.Hour
	good := map[string]time.Duration{
		"90d": 90 * day, "26w": 26 * 7 * day, "720h": 720 * time.Hour, "1w2d12h": 9*day + 12*time.Hour,
		"15m": 15 * time.Minute, "1.5h": 90 * time.Minute, "0s": 0, "0": 0, "-2d": -2 * day, "1d30m": day + 30*time.Minute,
	}
	for in, want := range good {
		if got, err := ParseDuration(in); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	for _, bad := range []string{"", "d", "w", "90", "1.5d", "2d1w", "1d1d", "1y", "d90", "90 d", "999999999w", "--1d", "1d-1h", "106751d2400000h"} {
		if got, err := ParseDuration(bad); err == nil {
			t.Errorf("ParseDuration(%q) = %v, want an error", bad, got)
		}
	}
}

func TestParseDurationReadsWhatGoWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64().Draw(t, "d"))
		if d == -1<<63 {
			return
		}
		if got, err := ParseDuration(d.String()); err != nil || got != d {
			t.Fatalf("ParseDuration(%q) = %v, %v", d.String(), got, err)
		}
	})
}

package access

import (
	"fmt"
	"strings"
	"time"
)

// ParseDuration is time.ParseDuration with two more units, d (24 h) and w (7 d): "90d", "26w", "1w2d12h". They come before
// the units of time.ParseDuration. A day is always 24 hours here; calendar days are for the callers that know a zone.
func ParseDuration(s string) (time.Duration, error) {
	if s == "" {
		return 0, fmt.Errorf("duration is empty")
	}
	rest, sign := s, time.Duration(1)
	if r, ok := strings.CutPrefix(rest, "-"); ok {
		rest, sign = r, -1
	}
	var total time.Duration
	for _, unit := range []struct {
		letter byte
		length time.Duration
	}{{'w', 7 * 24 * time.Hour}, {'d', 24 * time.Hour}} {
		i := strings.IndexByte(rest, unit.letter)
		if i < 0 {
			continue
		}
		n, err := wholeNumber(rest[:i])
		if err != nil || n > int64((1<<63-1)/unit.length) {
			return 0, durationError(s)
		}
		part := time.Duration(n) * unit.length
		if total+part < total {
			return 0, durationError(s)
		}
		total += part
		rest = rest[i+1:]
		if rest == "" {
			return sign * total, nil
		}
	}
	part, err := time.ParseDuration(rest)
	if err != nil || part < 0 || total+part < total {
		return 0, durationError(s)
	}
	return sign * (total + part), nil
}

func durationError(s string) error {
	return fmt.Errorf("%q is no duration (write 90d, 26w, 36h or 15m)", s)
}

func wholeNumber(s string) (int64, error) {
	if s == "" || len(s) > 9 {
		return 0, fmt.Errorf("no number")
	}
	var n int64
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("no number")
		}
		n = n*10 + int64(c-'0')
	}
	return n, nil
}

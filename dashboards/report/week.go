package report

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Week names the ISO 8601 week that t falls in, in t's own zone: 2026-W47.
func Week(t time.Time) string {
	year, week := t.ISOWeek()
	return fmt.Sprintf("%04d-W%02d", year, week)
}

var weekName = regexp.MustCompile(`^(\d{4})-W(\d{2})$`)

// Range gives the week's first moment (Monday, midnight) and the first moment after it in loc. A week in which clocks
// change is 167 or 169 hours long. A nil loc is UTC.
func Range(week string, loc *time.Location) (from, to time.Time, err error) {
	m := weekName.FindStringSubmatch(week)
	if m == nil {
		return from, to, fmt.Errorf("week %q: write year and ISO week as 2026-W47", week)
	}
	if loc == nil {
		loc = time.UTC
	}
	year, _ := strconv.Atoi(m[1]) // digits only
	number, _ := strconv.Atoi(m[2])
	fourth := time.Date(year, time.January, 4, 0, 0, 0, 0, loc) // always in week 1
	monday := 4 - (int(fourth.Weekday())+6)%7 + 7*(number-1)
	from = time.Date(year, time.January, monday, 0, 0, 0, 0, loc)
	to = time.Date(year, time.January, monday+7, 0, 0, 0, 0, loc)
	if y, w := time.Date(year, time.January, monday, 12, 0, 0, 0, time.UTC).ISOWeek(); y != year || w != number {
		return time.Time{}, time.Time{}, fmt.Errorf("week %q: %d has no week %d", week, year, number)
	}
	return from, to, nil
}

// LastWeeks names n weeks up to and including one, oldest first. A name that is no week stands alone.
func LastWeeks(week string, n int) []string {
	from, _, err := Range(week, time.UTC)
	if err != nil {
		return []string{week}
	}
	out := make([]string, n)
	for i := range out {
		out[i] = Week(from.AddDate(0, 0, 7*(i-n+1)))
	}
	return out
}

package words

import (
	"math"
	"strconv"
	"time"
)

// thin is the narrow no-break space that groups digits and stands before units.
const thin = "\u202f"

// Int prints a count with its digits grouped: 12 430.
func Int(n int64) string {
	s := strconv.FormatInt(n, 10)
	head := ""
	if n < 0 {
		head, s = "−", s[1:]
	}
	if len(s) <= 4 {
		return head + s
	}
	var out []byte
	for i := range len(s) {
		if i > 0 && (len(s)-i)%3 == 0 {
			out = append(out, thin...)
		}
		out = append(out, s[i])
	}
	return head + string(out)
}

// Percent prints a share of 0 to 1. It rounds towards the worse: 0.99996 is 99.9 %, never 100 %, and a trace is never 0 %.
func Percent(f float64) string {
	switch {
	case math.IsNaN(f):
		return "–"
	case f > 0 && f < 0.001:
		return "<0.1" + thin + "%"
	}
	tenths := math.Floor(f*1000 + 1e-9)
	if tenths >= 1000 && f < 1 {
		tenths = 999
	}
	return strconv.FormatFloat(tenths/10, 'f', -1, 64) + thin + "%"
}

// Share is part of whole, 0 when there is nothing to share.
func Share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// Decimal prints a figure with one decimal at most.
func Decimal(f float64) string { return strconv.FormatFloat(math.Round(f*10)/10, 'f', -1, 64) }

// Noun is the count with its noun: "1 finding", "2 findings".
func Noun(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Int(n) + " " + many
}

// Stamp prints a moment in UTC to the minute; Day prints its date.
func Stamp(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04") + " UTC"
}

// Day prints the date of a moment in UTC.
func Day(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02")
}

// Span prints a length of time in its largest fitting unit: 12 min, 5 h, 3 d, 2.5 y.
func Span(d time.Duration) string {
	const day = 24 * time.Hour
	d = d.Abs()
	n := func(unit time.Duration, name string) string {
		return strconv.FormatInt(int64(d/unit), 10) + thin + name
	}
	switch {
	case d < time.Minute:
		return n(time.Second, "s")
	case d < 2*time.Hour:
		return n(time.Minute, "min")
	case d < 2*day:
		return n(time.Hour, "h")
	case d < 730*day:
		return n(day, "d")
	}
	return Decimal(float64(d)/float64(365*day)) + thin + "y"
}

// Ago says how long before now something was, or how far ahead it lies.
func Ago(t, now time.Time) string {
	switch {
	case t.IsZero():
		return "never"
	case t.After(now):
		return "in " + Span(t.Sub(now))
	case now.Sub(t) < time.Minute:
		return "now"
	}
	return Span(now.Sub(t)) + " ago"
}

// NoTeam stands for findings that belong to no team.
const NoTeam = "(no team)"

// TeamName is a team's name as it is shown.
func TeamName(s string) string {
	if s == "" {
		return NoTeam
	}
	return Visible(s)
}

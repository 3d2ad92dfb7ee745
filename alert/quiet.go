package alert

import (
	"slices"
	"time"
)

// Quiet are the hours in which a team hears of nothing that is not critical, in its own zone.
type Quiet struct {
	From, To time.Duration  // since midnight; From after To spans midnight, equal ones are no hours
	Days     []time.Weekday // quiet from midnight to midnight
	Zone     *time.Location
}

// Until is when the quiet that holds at t ends, and false when none holds.
func (q Quiet) Until(t time.Time) (time.Time, bool) {
	if q.Zone == nil || !q.holds(t) {
		return time.Time{}, false
	}
	// The end is one of a few moments: an end of the hours or a midnight. A week holds all of them.
	local := t.In(q.Zone)
	for d := range 9 {
		for _, at := range []time.Duration{0, q.To} {
			end := q.moment(local, d, at)
			if end.After(t) && !q.holds(end) {
				return end, true
			}
		}
	}
	return t.Add(7 * 24 * time.Hour), true // every day is quiet: looked at again in a week
}

// moment is a time of day, so many days on. The calendar does the counting, since days are not always 24 hours.
func (q Quiet) moment(local time.Time, days int, at time.Duration) time.Time {
	h, m := int(at.Hours()), int(at.Minutes())%60
	return time.Date(local.Year(), local.Month(), local.Day()+days, h, m, 0, 0, q.Zone)
}

func (q Quiet) holds(t time.Time) bool {
	local := t.In(q.Zone)
	if slices.Contains(q.Days, local.Weekday()) {
		return true
	}
	clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second
	switch {
	case q.From == q.To:
		return false
	case q.From < q.To:
		return clock >= q.From && clock < q.To
	}
	return clock >= q.From || clock < q.To
}

package store

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// FeedDay is what one feed could answer for on one day.
type FeedDay struct {
	Team, Feed string
	Day        time.Time // midnight UTC
	Covered    float64   // share of the day, 0 to 1
	Grade      string    // C0 … C3
	Gaps       string    // JSON list of access.Gap, clipped to the day
	Blinds     int       // verdicts that the day's gaps made UNVERIFIABLE
}

// SaveFeedDays writes days of feeds; each replaces what was on record. Those that say what is on record already are left
// out, so that an evaluation rewrites only the days that it sees in another light.
func (s *Store) SaveFeedDays(ctx context.Context, v []FeedDay) (written int, err error) {
	if len(v) == 0 {
		return 0, nil
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	from, to := v[0].Day, v[0].Day
	for i := range v {
		if v[i].Day.Before(from) {
			from = v[i].Day
		}
		if v[i].Day.After(to) {
			to = v[i].Day
		}
	}
	old, err := s.FeedDays(ctx, from, to.AddDate(0, 0, 1))
	if err != nil {
		return 0, err
	}
	have := make(map[FeedDay]bool, len(old))
	for _, d := range old {
		have[d] = true
	}
	var rows []FeedDay
	for _, d := range v {
		d.Day = d.Day.UTC().Truncate(24 * time.Hour)
		if !have[d] {
			rows = append(rows, d)
		}
	}
	if len(rows) == 0 {
		return 0, nil
	}
	version, err := s.version(ctx, "feed_day_version")
	if err != nil {
		return 0, err
	}
	type row = FeedDay
	return len(rows), s.insert(ctx, "feed_days", "", []column{
		{"team", typeLow, pick(rows, func(r *row) string { return r.Team })},
		{"feed", typeLow, pick(rows, func(r *row) string { return r.Feed })},
		{"day", "UInt16", pick(rows, func(r *row) uint16 { return dayNumber(r.Day) })},
		{"covered", "Float64", pick(rows, func(r *row) float64 { return r.Covered })},
		{"grade", typeLow, pick(rows, func(r *row) string { return r.Grade })},
		{"gaps", typeString, pick(rows, func(r *row) string { return r.Gaps })},
		{"blinds", "UInt64", pick(rows, func(r *row) uint64 { return uint64(r.Blinds) })},
		{"version", "UInt64", repeat(version, len(rows))},
	})
}

// FeedDays returns the days on record of every feed in [from, to), by team, feed and day.
func (s *Store) FeedDays(ctx context.Context, from, to time.Time) ([]FeedDay, error) {
	return all(ctx, s, "feed_days", func(r driver.Rows, d *FeedDay) error {
		var day uint16
		var blinds uint64
		err := r.Scan(&d.Team, &d.Feed, &day, &d.Covered, &d.Grade, &d.Gaps, &blinds)
		d.Day, d.Blinds = time.Unix(int64(day)*86400, 0).UTC(), int(blinds)
		return err
	}, p("from", dayNumber(from)), p("to", dayNumber(to)))
}

// dayNumber counts days from 1970-01-01, as ClickHouse's Date does.
func dayNumber(t time.Time) uint16 { return uint16(min(max(t.Unix()/86400, 0), 1<<16-1)) }

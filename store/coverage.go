package store

import (
	"context"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/grantwatch/grantwatch/access"
)

// CoverageEach calls fn for every minute since a time in which a feed said something, ordered by team, feed and minute.
func (s *Store) CoverageEach(ctx context.Context, since time.Time, fn func(access.CoverMinute) error) error {
	return s.each(ctx, "coverage", func(r driver.Rows) error {
		var c access.CoverMinute
		if err := r.Scan(&c.Team, &c.Feed, &c.Minute, &c.First, &c.Last); err != nil {
			return err
		}
		c.Minute, c.First, c.Last = c.Minute.UTC(), c.First.UTC(), c.Last.UTC()
		return fn(c)
	}, at("since", since.Truncate(time.Minute)))
}

// FeedStat is the sum of a feed's batches. Received is Stored + Filtered + Dead; Flagged are among Stored.
type FeedStat struct {
	Team, Feed string
	Received   int64
	Stored     int64
	Filtered   int64
	Dead       int64
	Flagged    int64
	Batches    int64
	Newest     time.Time // newest event time; zero when no event was stored
	Ingested   time.Time // when the last batch was read
	Lateness   [40]uint64
	Accounts   []string
}

// FeedStats returns the sums of every feed of every team.
func (s *Store) FeedStats(ctx context.Context) ([]FeedStat, error) {
	return all(ctx, s, "feed_stats", scanFeedStat)
}

// TeamFeedStats returns the sums of one team's feeds.
func (s *Store) TeamFeedStats(ctx context.Context, team string) ([]FeedStat, error) {
	return all(ctx, s, "feed_stats_team", scanFeedStat, p("team", team))
}

func scanFeedStat(r driver.Rows, f *FeedStat) error {
	var lateness []uint64
	var batches uint64
	err := r.Scan(&f.Team, &f.Feed, &f.Received, &f.Stored, &f.Filtered, &f.Dead, &f.Flagged, &batches, &f.Newest, &f.Ingested, &lateness, &f.Accounts)
	if err != nil {
		return err
	}
	copy(f.Lateness[:], lateness)
	f.Batches, f.Newest, f.Ingested = int64(batches), known(f.Newest), known(f.Ingested)
	slices.Sort(f.Accounts)
	return nil
}

// Sessions returns the session credentials that were issued or used since a time, of every team.
func (s *Store) Sessions(ctx context.Context, since time.Time) ([]access.SessionUse, error) {
	return all(ctx, s, "sessions", scanSession, at("since", since))
}

// IssuedSessions are those of Sessions whose issue was seen. The others lead nowhere, and there can be very many.
func (s *Store) IssuedSessions(ctx context.Context, since time.Time) ([]access.SessionUse, error) {
	return all(ctx, s, "sessions_issued", scanSession, at("since", since))
}

func scanSession(r driver.Rows, u *access.SessionUse) error {
	err := r.Scan(&u.Team, &u.Provider, &u.Credential, &u.ParentUID, &u.Parent, &u.ParentCred, &u.Role, &u.Issued, &u.First, &u.Last)
	u.Issued, u.First, u.Last = known(u.Issued), known(u.First), known(u.Last)
	return err
}

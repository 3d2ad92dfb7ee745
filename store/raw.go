package store

import (
	"context"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// RawEvent is a record as it came.
type RawEvent struct {
	Team, Feed string
	Time       time.Time
	ID         string
	Expires    time.Time // it is kept until that day has ended
	Raw        []byte
}

// RawEvents returns the records of events, by their ids, as far as they are kept; of every team when team is empty.
func (s *Store) RawEvents(ctx context.Context, team string, ids []string) ([]RawEvent, error) {
	out := []RawEvent{}
	for part := range slices.Chunk(ids, refsAtOnce) {
		got, err := all(ctx, s, "raw_events", func(r driver.Rows, e *RawEvent) error {
			var raw string
			if err := r.Scan(&e.Team, &e.Feed, &e.Time, &e.ID, &e.Expires, &raw); err != nil {
				return err
			}
			e.Time, e.Expires, e.Raw = e.Time.UTC(), e.Expires.UTC(), []byte(raw)
			return nil
		}, p("ids", part), p("team", team))
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	return out, nil
}

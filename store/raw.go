package store

import (
	"context"
	"slices"
	"time"
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
		got, err := all(ctx, s, "raw_events", scanRaw, p("ids", part), p("team", team))
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	return out, nil
}

package store

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Lost is how many records of a feed could not be read. Records of a kind that is no access record are not among them:
// nothing was lost with these.
type Lost struct {
	Team, Feed string
	Records    int64
}

// FeedLost returns the losses of every feed of every team; a feed without any is not listed.
func (s *Store) FeedLost(ctx context.Context) ([]Lost, error) {
	return all(ctx, s, "feed_lost", func(r driver.Rows, v *Lost) error {
		var n uint64
		err := r.Scan(&v.Team, &v.Feed, &n)
		v.Records = int64(n)
		return err
	})
}

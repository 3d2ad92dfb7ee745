package store

import (
	"context"
	"fmt"

	"github.com/grantwatch/grantwatch/access"
)

// SaveHits makes the hits of a batch durable before the rest of it is, so that they can be told of at once. WriteBatch
// has them under the same token, and the table takes them once.
func (s *Store) SaveHits(ctx context.Context, b *access.Batch) error {
	if b.Token == "" {
		return fmt.Errorf("store: hits of %s, %s: no token", b.Feed, b.Source)
	}
	cols, err := hitColumns(b)
	if err != nil {
		return err
	}
	return s.insert(ctx, "hits", b.Token, cols)
}

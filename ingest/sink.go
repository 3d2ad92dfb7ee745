package ingest

import (
	"context"

	"github.com/grantwatch/grantwatch/access"
)

// Sink takes batches. It returns nil only when all of a batch is durable, and takes a batch whose token it has seen
// without doubling anything. The batch is the pipeline's again once WriteBatch returns: what a sink keeps, it copies.
type Sink interface {
	WriteBatch(ctx context.Context, b *access.Batch) error
}

// EventRules are the rules that look at single events. Match is called from several goroutines. The event is only
// valid during the call; of a hit the pipeline takes Rule, Severity and Why, and fills in the rest.
type EventRules interface {
	Match(ev *access.Event, team, feed string) []access.Hit
}

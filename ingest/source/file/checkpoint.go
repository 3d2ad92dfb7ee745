package file

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Checkpoint is how far a source of a feed was read. It is an alias of a plain struct so that a store, which knows
// nothing of this package, satisfies Checkpoints as it is.
type Checkpoint = struct {
	Feed, Source string
	Position     int64
	Identity     string // what tells this source from another of the same name
	Body         string // what else its reader wants to know, as JSON
}

// Checkpoints keeps checkpoints. All that is saved in one call becomes visible at once.
type Checkpoints interface {
	Checkpoints(ctx context.Context, feed string) ([]Checkpoint, error)
	SaveCheckpoints(ctx context.Context, feed string, list []Checkpoint) error
}

// intentSource is the checkpoint that says what is being read. It is saved before the first row is written: after a
// crash exactly the same stretch is read again, at the same "now", and so makes the same batches.
const intentSource = "(reading)"

// intent is its body; no pieces means that nothing is being read.
type intent struct {
	At     time.Time `json:"at,omitzero"`
	Source string    `json:"source,omitempty"`
	From   int64     `json:"from,omitempty"`
	Pieces []piece   `json:"pieces,omitempty"`
}

// piece is a document, or a stretch of lines.
type piece struct {
	Name     string `json:"name"`
	Identity string `json:"identity"`
	Key      string `json:"key,omitempty"` // of lines: their checkpoint
	From     int64  `json:"from,omitempty"`
	To       int64  `json:"to"`
}

func (i *intent) checkpoint(feed string) (Checkpoint, error) {
	body, err := json.Marshal(i)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("file: %w", err)
	}
	return Checkpoint{Feed: feed, Source: intentSource, Position: int64(len(i.Pieces)), Body: string(body)}, nil
}

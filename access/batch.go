package access

import "time"

// Batch is what an ingester hands to its sink: everything that one contiguous stretch of one source turned into.
// A batch replayed after a crash is the same batch with the same Token; every part of it is idempotent.
type Batch struct {
	Team, Feed string
	Token      string // deduplication token: source, range and payload hash
	Source     string // file name, topic/partition
	From, To   int64  // range of positions in the source, [From, To)
	Ingested   time.Time

	Events Columns

	// Roll-ups are those of the batches of a stream since the last that had any, this one included.
	Usage    UsageTable
	Coverage []CoverMinute
	Sessions []SessionUse

	Dead     []DeadLetter
	Canaries []Sighting
	Hits     []Hit

	Received int64      // records read
	Filtered int64      // records left out on purpose
	Lateness [40]uint32 // histogram: records whose event time lies [2^(i-1), 2^i) seconds behind the newest before them; [0] is on time
	Newest   time.Time  // newest event time in the batch
	Flagged  int64      // records whose clock is wild: stored, flagged, in no roll-up
	Accounts []string   // accounts seen
	RawUntil time.Time  // how long Events.Raw is kept
}

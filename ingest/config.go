package ingest

import (
	"fmt"
	"runtime"
	"time"

	"github.com/grantwatch/grantwatch/ingest/frame"
)

// Config bounds what a pipeline takes of the machine and says which clocks it believes. The zero value is good.
type Config struct {
	BatchRecords int           // records of a batch at most, 60 000 when zero
	BatchBytes   int64         // raw bytes of a batch at most, 144 MiB when zero; a third of it where they are kept
	RollUpRows   int           // rows of roll-ups that a stream gathers over its batches before it writes them, 200 000 when zero
	RecordBytes  int           // longest record, the framer's default when zero
	Workers      int           // streams that are read at the same time; the processors, 3 at most, when zero
	Window       int           // how many event ids back a duplicate is known, 131 072 when zero
	FutureSkew   time.Duration // how far ahead of now an event may be, 5 minutes when zero
	MinTime      time.Time     // events before it have a wild clock; 2000-01-01 when zero
	Observe      Observer      // counts records on their way; may be nil
	Readings     Readings      // keeps what was read of feeds with digests; may be nil
}

// The defaults. A larger batch is less work for the engine (100 000 events in one cost half of what they cost in batches of
// 40 000) and more memory here, of which eleven feeds at once took 628 MiB with 100 000 and 508 MiB with 60 000: an event in
// a batch takes about 300 bytes, its share of tables included, and its record beside that when it is kept. Roll-ups that are
// gathered for longer are fewer rows, and about 100 bytes each. Batches must not depend on the machine, because a stretch
// that is read again after a crash has to be cut as it was before.
const (
	defaultBatchRecords = 60_000
	defaultBatchBytes   = 144 << 20
	defaultRollUpRows   = 200_000
	defaultWindow       = 1 << 17
	defaultFutureSkew   = 5 * time.Minute
	mostWorkers         = 3 // each holds a batch in memory, and three keep any engine busy
)

// maxBatchRecords keeps a batch well inside what ClickHouse takes as one block.
const maxBatchRecords = 1_000_000

func (c Config) withDefaults() Config {
	if c.BatchRecords == 0 {
		c.BatchRecords = defaultBatchRecords
	}
	if c.BatchBytes == 0 {
		c.BatchBytes = defaultBatchBytes
	}
	if c.RollUpRows == 0 {
		c.RollUpRows = defaultRollUpRows
	}
	if c.Workers == 0 {
		c.Workers = min(runtime.GOMAXPROCS(0), mostWorkers)
	}
	if c.Window == 0 {
		c.Window = defaultWindow
	}
	if c.FutureSkew == 0 {
		c.FutureSkew = defaultFutureSkew
	}
	if c.MinTime.IsZero() {
		c.MinTime = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if c.Observe == nil {
		c.Observe = Unobserved{}
	}
	return c
}

// alone is how long a message may be that is taken as one record without framing it.
func (c *Config) alone() int {
	most := frame.DefaultMaxRecord
	if c.RecordBytes > 0 {
		most = c.RecordBytes
	}
	return int(min(int64(most), c.BatchBytes))
}

// Validate says what is wrong with a configuration.
func (c Config) Validate() error {
	switch {
	case c.BatchRecords < 0 || c.BatchRecords > maxBatchRecords:
		return fmt.Errorf("ingest: batch of %d records: it must be 1 to %d, or 0 for the default", c.BatchRecords, maxBatchRecords)
	case c.BatchBytes < 0:
		return fmt.Errorf("ingest: batch of %d bytes: it must not be negative", c.BatchBytes)
	case c.RollUpRows < 0:
		return fmt.Errorf("ingest: %d rows of roll-ups: it must not be negative", c.RollUpRows)
	case c.RecordBytes < 0:
		return fmt.Errorf("ingest: records of %d bytes: it must not be negative", c.RecordBytes)
	case c.Workers < 0:
		return fmt.Errorf("ingest: %d workers: it must not be negative", c.Workers)
	case c.Window < 0:
		return fmt.Errorf("ingest: window of %d ids: it must not be negative", c.Window)
	case c.FutureSkew < 0:
		return fmt.Errorf("ingest: a future skew of %s: it must not be negative", c.FutureSkew)
	}
	return nil
}

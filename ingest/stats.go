package ingest

// Stats counts what became of the records of a stream. Received = Stored + Filtered + Dead, always.
type Stats struct {
	Received   int64
	Stored     int64
	Filtered   int64 // left out on purpose: duplicates
	Dead       int64
	Flagged    int64 // among Stored: wild clocks
	Hits       int64
	Bytes      int64 // raw, decompressed
	Batches    int64
	Unreadable int64 // streams that broke off: broken compression
}

// Add adds other to s.
func (s *Stats) Add(other Stats) {
	s.Received += other.Received
	s.Stored += other.Stored
	s.Filtered += other.Filtered
	s.Dead += other.Dead
	s.Flagged += other.Flagged
	s.Hits += other.Hits
	s.Bytes += other.Bytes
	s.Batches += other.Batches
	s.Unreadable += other.Unreadable
}

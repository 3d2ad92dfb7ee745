package ingest

import "github.com/grantwatch/grantwatch/access"

// Observer counts records on their way. Every record that it was told was Read becomes part of a batch that is Wrote, or
// is GaveBack: those that are neither yet are in flight. It is told by the batch or by the thousand records, from several
// goroutines, and keeps nothing of what it is given.
type Observer interface {
	// Read: so many more records of a feed were read.
	Read(f *access.Feed, records int64)
	// Wrote: all of a batch is durable. s says how much was read for it, and b what became of it.
	Wrote(b *access.Batch, s Stats)
	// GaveBack: so many records are not durable after all, and the pipeline is done with them. Their source still has them.
	GaveBack(f *access.Feed, records int64)
}

// Unobserved is an Observer that does nothing, to build others on.
type Unobserved struct{}

// Read does nothing.
func (Unobserved) Read(*access.Feed, int64) {}

// Wrote does nothing.
func (Unobserved) Wrote(*access.Batch, Stats) {}

// GaveBack does nothing.
func (Unobserved) GaveBack(*access.Feed, int64) {}

// tellEvery is how many records are read before the observer is told of them.
const tellEvery = 1024

// took is called after each record: it tells of every thousand.
func (s *stream) took() {
	if s.buf.batch.Received-s.buf.told >= tellEvery {
		s.tell(s.buf)
	}
}

// tell tells of the records that were read since it was last told.
func (s *stream) tell(b *buffer) {
	if n := b.batch.Received - b.told; n > 0 {
		b.told += n
		s.cfg.Observe.Read(s.feed, n)
	}
}

// giveBack is the end of a batch that is not written: its records are read again, or by somebody else.
func (p *Pipeline) giveBack(f *access.Feed, b *buffer) {
	if b.told > 0 {
		p.cfg.Observe.GaveBack(f, b.told)
	}
	p.done(b)
}

// Busy tells how many of the pipeline's batches are being filled or written, and how many there can be. When all are busy,
// the streams wait for the sink.
func (p *Pipeline) Busy() (busy, all int) { return cap(p.buffers) - len(p.buffers), cap(p.buffers) }

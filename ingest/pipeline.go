package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/decode"
	"github.com/grantwatch/grantwatch/ingest/source/file"
)

// Pipeline reads streams into a sink. It is safe for concurrent use; all its streams share one bounded set of batches.
type Pipeline struct {
	cfg     Config
	sink    Sink
	buffers chan *buffer // the only ones there are
	folds   folds

	mu      sync.Mutex
	helpers map[string][]*helper // by format: those that no stream uses
}

// helper is what a stream works with and the next one uses again: a decoder knows callers by then, and what both remember
// takes megabytes.
type helper struct {
	dec  decode.Decoder
	seen *seen
}

func (p *Pipeline) helper(f decode.Format, window int) *helper {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.helpers[f.Name]
	if len(list) == 0 {
		return &helper{f.New(decode.NewStrings()), newSeen(window)}
	}
	h := list[len(list)-1]
	p.helpers[f.Name] = list[:len(list)-1]
	h.seen.begin(window)
	return h
}

func (p *Pipeline) release(f decode.Format, h *helper) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if list := p.helpers[f.Name]; len(list) < p.cfg.Workers {
		p.helpers[f.Name] = append(list, h)
	}
}

// New makes a pipeline.
func New(sink Sink, cfg Config) (*Pipeline, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	p := &Pipeline{cfg: cfg, sink: sink, helpers: map[string][]*helper{}}
	// One for each stream to fill, and one for all of them that is being written: a stream whose last batch is still on
	// its way starts the next one as long as another stream does not need the memory.
	n := cfg.Workers + 1
	p.buffers = make(chan *buffer, n)
	p.folds.most = n
	for range n {
		p.buffers <- nil // made when first wanted
	}
	return p, nil
}

// Part is one piece of a stream: a file, or a stretch of one.
type Part = file.Piece

// RunStream reads one stream to its end and returns what became of its records. Bad records are dead letters; the error
// is that of the source or the sink, and whatever had been written before it may be written again.
func (p *Pipeline) RunStream(ctx context.Context, feed access.Feed, source string, r io.Reader, now time.Time, rules EventRules) (Stats, error) {
	part := Part{Name: source, Open: func() (io.ReadCloser, error) { return io.NopCloser(r), nil }}
	cfg := p.cfg
	cfg.RollUpRows = 1 // what cannot be read again has its roll-ups with each batch
	return p.stream(ctx, &cfg, feed, source, 0, now, rules, func(Stats) {}, func(ctx context.Context, s *stream) error { return s.parts(ctx, []Part{part}, nil) })
}

// RunParts reads parts one after the other as one stream: small files fill batches together. from is the position of
// the first part's beginning in the source. The stats are those of what the sink has accepted.
func (p *Pipeline) RunParts(ctx context.Context, feed access.Feed, source string, from int64, parts []Part, now time.Time, rules EventRules) (Stats, error) {
	return p.runParts(ctx, feed, source, from, parts, now, rules, func(Stats) {}, nil)
}

// runParts is RunParts that tells of every batch the sink has accepted and, unless part is nil, of every part read.
func (p *Pipeline) runParts(ctx context.Context, feed access.Feed, source string, from int64, parts []Part, now time.Time, rules EventRules, accepted, part func(Stats)) (Stats, error) {
	return p.stream(ctx, &p.cfg, feed, source, from, now, rules, accepted, func(ctx context.Context, s *stream) error { return s.parts(ctx, parts, part) })
}

// stream runs one stream: read fills batches, and what is full is written meanwhile.
func (p *Pipeline) stream(ctx context.Context, cfg *Config, feed access.Feed, source string, from int64, now time.Time, rules EventRules,
	accepted func(Stats), read func(context.Context, *stream) error) (Stats, error) {
	format, ok := decode.Lookup(feed.Format)
	if !ok {
		return Stats{}, fmt.Errorf("ingest: feed %s: no format %q", feed.Name, feed.Format)
	}
	if feed.Provider == "" {
		feed.Provider = format.Provider
	}
	var done Stats
	full := make(chan *buffer)
	g, gctx := errgroup.WithContext(ctx)
	h := p.helper(format, cfg.Window)
	defer p.release(format, h)
	s := &stream{cfg: cfg, feed: &feed, source: source, now: now.UTC(), rules: rules, position: from,
		dec: h.dec, seen: h.seen, get: p.get, rolls: &p.folds,
		put: func(ctx context.Context, b *buffer) error {
			select {
			case full <- b:
				return nil
			case <-ctx.Done():
				p.giveBack(&feed, b)
				return ctx.Err()
			}
		}}
	g.Go(func() error {
		defer close(full)
		err := read(gctx, s)
		if s.buf != nil { // the stream broke off: what was not handed on is read again
			p.giveBack(&feed, s.buf)
		}
		p.folds.put(s.roll)
		return err
	})
	g.Go(func() error { return p.write(gctx, &feed, full, &done, accepted) })
	err := g.Wait()
	if err == nil {
		err = p.keep(ctx, &feed, s.reads)
	}
	done.Unreadable = s.bad
	if err != nil && ctx.Err() != nil {
		err = errors.Join(context.Cause(ctx), err)
	}
	return done, err
}

func (s *stream) parts(ctx context.Context, parts []Part, each func(Stats)) error {
	for _, part := range parts {
		before := s.sum
		if err := s.part(ctx, part); err != nil {
			return err
		}
		if each != nil {
			each(s.sum.since(before))
		}
	}
	return s.flush(ctx, s.position, true)
}

func (s *stream) part(ctx context.Context, part Part) error {
	r, err := part.Open()
	if err != nil {
		return fmt.Errorf("ingest: feed %s: %w", s.feed.Name, err)
	}
	defer r.Close()
	return s.read(ctx, part.Name, r)
}

// get waits for a buffer that nobody uses.
func (p *Pipeline) get(ctx context.Context) (*buffer, error) {
	select {
	case b := <-p.buffers:
		if b == nil {
			b = newBuffer()
		}
		return b, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// write hands batches to the sink in the order in which they were read. Once the sink has failed, the batches after the
// failed one must not be written: the caller's position would otherwise have a hole behind it.
func (p *Pipeline) write(ctx context.Context, feed *access.Feed, full <-chan *buffer, done *Stats, accepted func(Stats)) error {
	for b := range full {
		x := &b.batch
		if err := p.sink.WriteBatch(ctx, x); err != nil {
			p.giveBack(feed, b)
			return err // the group's context ends, and with it the reader
		}
		step := Stats{Received: x.Received, Stored: int64(x.Events.Len()), Filtered: x.Filtered, Dead: int64(len(x.Dead)),
			Flagged: x.Flagged, Hits: int64(len(x.Hits)), Bytes: b.bytes, Batches: 1}
		done.Add(step)
		accepted(step)
		p.cfg.Observe.Wrote(x, step)
		p.done(b)
	}
	return nil
}

// done gives the memory of a batch to the next.
func (p *Pipeline) done(b *buffer) {
	p.folds.put(b.roll)
	b.roll = nil
	p.buffers <- b
}

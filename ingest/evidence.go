package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"path"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/digest"
)

// Readings keeps which objects were read to their end, with the hash of what was in them; the store does. It is told
// after everything in them is durable and before their source forgets them, so that after a crash none is missing.
type Readings interface {
	SaveReadings(ctx context.Context, list []access.Reading) error
}

// canary takes note of a canary, and reports whether the event was made by `grantwatch canary`: that is no event. Events
// with a clock that nobody believes prove nothing.
func (s *stream) canary(ev *access.Event, flag string) bool {
	x := &s.buf.batch
	if access.IsCanary(ev) {
		x.Canaries = append(x.Canaries, access.Sighting{Kind: access.CanaryPost, ID: ev.ID, Time: ev.Time})
		return true
	}
	if c := s.feed.Canary; c != nil && flag == "" && c.Is(ev) {
		x.Canaries = append(x.Canaries, access.Sighting{Kind: access.CanaryCall, ID: ev.ID, Time: ev.Time})
	}
	return false
}

// checksum is the sum of one part, with what was counted before it. Its zero value sums nothing.
type checksum struct {
	hash   hash.Hash
	before Stats
	bad    int64
}

// writer is nil, and not an interface with nil in it, when nothing is summed.
func (c *checksum) writer() io.Writer {
	if c.hash == nil {
		return nil
	}
	return c.hash
}

// summing begins the sum of a part, if anybody will ask for it.
func (s *stream) summing() *checksum {
	if s.feed.Digests == nil || s.cfg.Readings == nil {
		return &checksum{}
	}
	return &checksum{sha256.New(), s.sum, s.bad}
}

// nothing is the hash of an empty part.
var nothing = hex.EncodeToString(sha256.New().Sum(nil))

// summed takes note of a part that was read to its end. One that broke off in the middle was not.
func (s *stream) summed(c *checksum, name string) {
	if c.hash == nil || s.bad > c.bad {
		return
	}
	base := path.Base(name)
	account, region, ok := digest.LogName(base)
	if !ok {
		return // no log file as it was delivered: no digest lists it
	}
	n := s.sum.since(c.before)
	sum := hex.EncodeToString(c.hash.Sum(nil))
	if sum == nothing {
		return // an object that was left out reads as nothing
	}
	s.reads = append(s.reads, access.Reading{Team: s.feed.Team, Feed: s.feed.Name, Name: base, Account: account, Region: region,
		Hash: sum, Records: n.Received, Dead: n.Dead, At: s.now})
}

// keep hands the parts that were read on, once all of their records are durable.
func (p *Pipeline) keep(ctx context.Context, feed *access.Feed, list []access.Reading) error {
	if len(list) == 0 {
		return nil
	}
	if err := p.cfg.Readings.SaveReadings(ctx, list); err != nil {
		return fmt.Errorf("ingest: feed %s: %w", feed.Name, err)
	}
	return nil
}

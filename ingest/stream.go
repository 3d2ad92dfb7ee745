package ingest

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/decode"
	"github.com/grantwatch/grantwatch/ingest/frame"
)

// stream reads the parts of one source one after the other and cuts what it reads into batches. All that decides what
// a batch holds is in here and begins anew with each stream.
type stream struct {
	cfg    *Config
	feed   *access.Feed
	source string
	now    time.Time
	rules  EventRules
	dec    decode.Decoder
	seen   *seen
	newest time.Time // newest event time so far, against which lateness is told
	ev     access.Event

	reads    []access.Reading // parts that were read to their end, of a feed with digests
	position int64            // of the next record: bytes of the parts before it, and its offset in its own
	buf      *buffer
	roll     *fold // of the batches since the last that took one along; nil when nothing was read since
	rolls    *folds
	bad      int64 // parts that broke off
	sum      Stats // of the records read so far, written or not
	get      func(context.Context) (*buffer, error)
	put      func(context.Context, *buffer) error
}

// read takes in one part.
func (s *stream) read(ctx context.Context, name string, r io.Reader) error {
	base, end := s.position, s.position
	sum := s.summing()
	frames := frame.New(r, frame.Options{MaxRecord: s.cfg.RecordBytes, Sum: sum.writer()})
	defer frames.Close()
	for {
		rec, err := frames.Next()
		if errors.Is(err, io.EOF) {
			s.position = end
			s.summed(sum, name)
			return nil
		}
		var rejection *access.Rejection
		if err != nil && !errors.As(err, &rejection) {
			return fmt.Errorf("ingest: %s: %s: %w", s.feed.Name, name, err)
		}
		if err := s.room(ctx, base+rec.Offset); err != nil {
			return err
		}
		s.buf.raw(rec.Bytes)
		end = base + rec.Offset + int64(len(rec.Bytes)) + 1
		if rejection == nil {
			rejection = s.record(rec.Bytes)
			if rejection != nil && rec.Truncated {
				rejection = access.Reject(access.ReasonTruncated, rejection.Detail)
			}
		}
		if rejection != nil {
			if rejection.Reason == access.ReasonCompression {
				s.bad++ // the reader ends after it; what came before it stands
			}
			s.dead(rejection, place(name, rec), rec.Bytes)
			s.sum.Dead++
		}
		s.took()
		s.sum.Received++
		s.sum.Bytes += int64(len(rec.Bytes))
	}
}

// room makes sure that there is a batch with a place left in it for the record at position at.
func (s *stream) room(ctx context.Context, at int64) error {
	most := s.cfg.BatchBytes
	if s.feed.KeepRaw > 0 {
		most /= 3 // they stay in memory until the batch is written
	}
	if b := s.buf; b != nil && (b.batch.Received >= int64(s.cfg.BatchRecords) || b.bytes >= most) {
		if err := s.flush(ctx, at, s.roll.rows() >= s.cfg.RollUpRows); err != nil {
			return err
		}
	}
	if s.buf != nil {
		return nil
	}
	b, err := s.get(ctx)
	if err != nil {
		return err
	}
	b.begin(s.feed.Team, s.feed.Name, s.source, at, s.now)
	b.batch.RawUntil = s.now.Add(s.feed.KeepRaw)
	s.buf = b
	if s.roll == nil {
		s.roll = s.rolls.get(s.feed)
	}
	s.roll.batch()
	return nil
}

// flush hands the batch on; it ends at to. What was rolled up so far goes with it if rolled says so, and must go with the
// last: a stream is read again from its beginning unless all of it was written.
func (s *stream) flush(ctx context.Context, to int64, rolled bool) error {
	if s.buf == nil {
		return nil
	}
	b, roll := s.buf, (*fold)(nil)
	s.buf = nil
	if rolled {
		roll, s.roll = s.roll, nil
	}
	s.tell(b)
	b.end(to, roll)
	return s.put(ctx, b)
}

// record decodes one record into the batch.
func (s *stream) record(raw []byte) *access.Rejection {
	ev := &s.ev
	ev.Reset()
	if err := s.dec.Decode(raw, ev); err != nil {
		var rejection *access.Rejection
		if errors.As(err, &rejection) {
			return rejection
		}
		return access.Reject(access.ReasonSyntax, err.Error())
	}
	x := &s.buf.batch
	flag := tidy(ev, &x.Events, s.feed, s.cfg, s.now)
	if s.seen.again(ev.ID) || s.canary(ev, flag) {
		x.Filtered++
		s.sum.Filtered++
		return nil
	}
	row := x.Events.Add(ev, flag)
	if flag == "" {
		s.newest = late(&x.Lateness, ev.Time, s.newest)
		if ev.Time.After(x.Newest) {
			x.Newest = ev.Time
		}
		s.roll.add(ev, row)
	} else {
		x.Flagged++
		s.sum.Flagged++
	}
	if s.rules != nil {
		s.match(ev)
	}
	if s.feed.KeepRaw > 0 {
		s.buf.keep(raw)
	}
	s.sum.Stored++
	return nil
}

func (s *stream) match(ev *access.Event) {
	for _, h := range s.rules.Match(ev, s.feed.Team, s.feed.Name) {
		h.Team, h.Feed, h.Event = s.feed.Team, s.feed.Name, clone(ev)
		s.buf.batch.Hits = append(s.buf.batch.Hits, h)
	}
}

// clone copies an event out of the memory that is used again for the next one.
func clone(ev *access.Event) access.Event {
	out := *ev
	out.Memo = access.Memo{}
	out.Targets = append([]access.Target(nil), ev.Targets...)
	out.Actor.Chain = append([]string(nil), ev.Actor.Chain...)
	out.Actor.Groups = append([]string(nil), ev.Actor.Groups...)
	if ev.Change != nil {
		change := *ev.Change
		out.Change = &change
	}
	out.Attrs = nil
	for k, v := range ev.Attrs {
		out.SetAttr(k, v)
	}
	return out
}

// dead keeps a record that cannot be decoded, with its bytes and its place. Its id follows from these, so that it is
// the same letter when it is read again.
func (s *stream) dead(why *access.Rejection, position string, raw []byte) {
	h := xxh3.New()
	_, _ = h.WriteString(s.feed.Name + "\x00" + position + "\x00") // a hash does not fail
	_, _ = h.Write(raw)
	sum := h.Sum128().Bytes()
	s.buf.batch.Dead = append(s.buf.batch.Dead, access.DeadLetter{
		ID: hex.EncodeToString(sum[:]), Team: s.feed.Team, Feed: s.feed.Name, Reason: why.Reason, Detail: mend(why.Detail, longestID),
		Position: position, At: s.now, Raw: append([]byte(nil), raw...),
	})
}

// place is file:line, and the number of the record in the file when that is another.
func place(name string, rec frame.Record) string {
	p := name + ":" + strconv.FormatInt(rec.Line, 10)
	if rec.Index+1 != rec.Line {
		p += "#" + strconv.FormatInt(rec.Index+1, 10)
	}
	return p
}

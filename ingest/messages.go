package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/frame"
	"github.com/grantwatch/grantwatch/ingest/source/kafka"
)

// messageRecords is how many records one message may hold. A batch ends with a message, since its range is one of
// offsets; what is in a message beyond this is a dead letter.
const messageRecords = 100_000

// RunMessages reads a range of numbered messages as one stream: each message is one record, or several in any form that
// frame knows, and what is wrong with one does not reach the next. How the range is cut into batches follows from the
// range alone, its limits and its time included, so that it makes the same batches whenever it is read. It lets go of each
// message's value when it has read it.
func (p *Pipeline) RunMessages(ctx context.Context, feed access.Feed, r kafka.Range, rules EventRules) (Stats, error) {
	cfg := p.cfg
	cfg.BatchRecords, cfg.BatchBytes, cfg.Window = r.Limits.Records, r.Limits.Bytes, r.Limits.Window
	return p.stream(ctx, &cfg, feed, r.Source, r.From, r.At, rules, func(Stats) {}, func(ctx context.Context, s *stream) error { return s.messages(ctx, r) })
}

func (s *stream) messages(ctx context.Context, r kafka.Range) error {
	frames := frame.New(nil, frame.Options{MaxRecord: s.cfg.RecordBytes, MaxBytes: s.cfg.BatchBytes})
	defer frames.Close()
	var in bytes.Reader
	at := r.From // the first batch begins where the range does, also when offsets are missing there
	for i := range r.Messages {
		m := &r.Messages[i]
		if err := s.room(ctx, at); err != nil {
			return err
		}
		if m.Rejected != nil {
			s.buf.raw(m.Value)
			s.took()
			s.dead(m.Rejected, s.at(m, frame.Record{Line: 1}), m.Value)
		} else if !s.alone(m.Value) {
			in.Reset(m.Value)
			frames.Reset(&in)
			if err := s.message(frames, m); err != nil {
				return err
			}
		}
		if i+1 < len(r.Messages) {
			at = r.Messages[i+1].Offset
		}
		m.Value = nil // it can be collected while the rest of the range is still read
	}
	return s.flush(ctx, r.To, true)
}

// alone takes in a message that is one record and nothing else, as most are. It is the record that a frame would make of
// it, which the decoder tells for nothing: it takes one whole object, and all that it does not take goes through a frame.
func (s *stream) alone(value []byte) bool {
	if len(value) > s.cfg.alone() || !frame.Alone(value) || s.record(value) != nil {
		return false
	}
	s.buf.raw(value)
	s.took()
	return true
}

// message takes in what one message holds.
func (s *stream) message(frames *frame.Reader, m *kafka.Message) error {
	for n := 0; ; n++ {
		rec, err := frames.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var rejection *access.Rejection
		if err != nil && !errors.As(err, &rejection) {
			return fmt.Errorf("ingest: %s: %s: %w", s.feed.Name, s.at(m, rec), err)
		}
		if n == messageRecords {
			why := access.Reject(access.ReasonTooLarge, fmt.Sprintf("more than %d records in one message; the rest is not read", messageRecords))
			s.buf.raw(m.Value)
			s.took()
			s.dead(why, s.at(m, rec), m.Value)
			return nil
		}
		s.buf.raw(rec.Bytes)
		s.took()
		evidence := rec.Bytes
		if rejection == nil {
			rejection = s.record(rec.Bytes)
			if rejection != nil && rec.Truncated {
				rejection = access.Reject(access.ReasonTruncated, rejection.Detail)
			}
		} else if len(evidence) == 0 {
			evidence = m.Value // broken compression has no record of its own
		}
		if rejection == nil {
			continue
		}
		if rejection.Reason == access.ReasonCompression {
			s.bad++
		}
		s.dead(rejection, s.at(m, rec), evidence)
	}
}

// at is topic/partition@offset, and the line and number of the record in the message when it is not the first.
func (s *stream) at(m *kafka.Message, rec frame.Record) string {
	p := s.source + "@" + strconv.FormatInt(m.Offset, 10)
	if rec.Line > 1 || rec.Index > 0 {
		return place(p, rec)
	}
	return p
}

package ingest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/decode"
	"github.com/grantwatch/grantwatch/ingest/frame"
)

// NormaliseStats counts what Normalise did with the records of one stream.
type NormaliseStats struct {
	Records  int64
	Events   int64
	Rejected int64
}

// line is one line of Normalise's output: an event or a rejection. A record whose only fault is that it states no time is
// printed as an event without one, and the warning says why the pipeline would refuse it: a use without a time is none.
type line struct {
	Event    *printed          `json:"event,omitempty"`
	Rejected *access.Rejection `json:"rejected,omitempty"`
	Warning  *access.Rejection `json:"warning,omitempty"`
}

// printed is an event whose time is absent when it is unknown: absent is absent.
type printed struct {
	*access.Event
	Time *time.Time `json:"time,omitempty"`
}

// Normalise reads raw records of one format from r and prints one JSON line a record to w, in order: the event, or why
// it was rejected. The error is the format's, the stream's or the writer's; a record is never one.
func Normalise(ctx context.Context, r io.Reader, w io.Writer, format string) (NormaliseStats, error) {
	var stats NormaliseStats
	f, ok := decode.Lookup(format)
	if !ok {
		return stats, fmt.Errorf("unknown format %q", format)
	}
	dec := f.New(decode.NewStrings())
	in := frame.New(r, frame.Options{})
	defer in.Close()
	out := bufio.NewWriterSize(w, 64<<10)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	var ev access.Event
	for {
		if err := ctx.Err(); err != nil {
			return stats, errors.Join(err, out.Flush())
		}
		rec, err := in.Next()
		if err == io.EOF {
			return stats, out.Flush()
		}
		var rejection *access.Rejection
		if err != nil && !errors.As(err, &rejection) {
			return stats, errors.Join(fmt.Errorf("reading record %d: %w", rec.Index+1, err), out.Flush())
		}
		l := line{Rejected: rejection}
		if rejection == nil {
			ev.Reset()
			l = decodeLine(dec, rec, &ev)
		}
		stats.Records++
		if l.Rejected == nil {
			stats.Events++
		} else {
			stats.Rejected++
		}
		if err := enc.Encode(l); err != nil {
			return stats, err
		}
	}
}

func decodeLine(dec decode.Decoder, rec frame.Record, ev *access.Event) line {
	var rejection *access.Rejection
	err := dec.Decode(rec.Bytes, ev)
	switch {
	case err == nil:
	case rec.Truncated:
		return line{Rejected: access.Reject(access.ReasonTruncated, "the stream ends inside the record")}
	case !errors.As(err, &rejection):
		return line{Rejected: access.Reject(access.ReasonSyntax, err.Error())}
	case rejection.Reason != access.ReasonTime || ev.ID == "":
		return line{Rejected: rejection}
	}
	l := line{Event: &printed{Event: ev}, Warning: rejection}
	if !ev.Time.IsZero() {
		l.Event.Time = &ev.Time
	}
	return l
}

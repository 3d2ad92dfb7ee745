package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/decode"
	"github.com/grantwatch/grantwatch/ingest/frame"
)

// Readable tells whether the feed's decoder reads these bytes today: nil when every record in them, of which there must
// be one at least, becomes an event, else why not. Nothing is stored.
func (p *Pipeline) Readable(feed access.Feed, raw []byte) (*access.Rejection, error) {
	format, ok := decode.Lookup(feed.Format)
	if !ok {
		return nil, fmt.Errorf("ingest: feed %s: no format %q", feed.Name, feed.Format)
	}
	frames := frame.New(bytes.NewReader(raw), frame.Options{MaxRecord: p.cfg.RecordBytes})
	defer frames.Close()
	dec := format.New(decode.NewStrings())
	var ev access.Event
	for n := 0; ; n++ {
		rec, err := frames.Next()
		if errors.Is(err, io.EOF) {
			if n == 0 {
				return access.Reject(access.ReasonSyntax, "no record"), nil
			}
			return nil, nil
		}
		if err == nil {
			ev.Reset()
			err = dec.Decode(rec.Bytes, &ev)
		}
		var rejection *access.Rejection
		switch {
		case errors.As(err, &rejection):
			return rejection, nil
		case err != nil:
			return access.Reject(access.ReasonSyntax, err.Error()), nil
		}
	}
}

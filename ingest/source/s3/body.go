package s3

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// resumes is how often a download may break off without a single byte in between.
const resumes = 5

// body reads an object. A download that breaks off goes on where it broke off, from the very same object: If-Match sees
// to it that no byte of another one comes in.
type body struct {
	ctx   context.Context //nolint:containedctx // io.Reader has no place for it
	t     *Tracker
	o     Object
	r     io.ReadCloser // nil before the first request and after a break
	at    int64
	tries int
}

// open asks for the object from b.at on.
func (b *body) open() error {
	in := &s3.GetObjectInput{Bucket: &b.t.cfg.Bucket, Key: &b.o.Key}
	if b.o.ETag != "" {
		in.IfMatch = aws.String(`"` + b.o.ETag + `"`)
	}
	if b.at > 0 {
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", b.at))
	}
	out, err := b.t.store.GetObject(b.ctx, in)
	if err != nil {
		return explain(err, "s3:GetObject", b.t.cfg.place(b.o.Key))
	}
	if b.at == 0 && out.ContentLength != nil { // what an announcement says of its size decides nothing
		b.o.Size = *out.ContentLength
	}
	b.r = out.Body
	if b.at > 0 && out.ContentRange == nil { // the whole object came
		if _, err := io.CopyN(io.Discard, b.r, b.at); err != nil {
			_ = b.Close() // it is asked for again
		}
	}
	return nil
}

// Read reads on.
func (b *body) Read(p []byte) (int, error) {
	for {
		var err error
		if b.r == nil {
			if b.at > 0 && b.at >= b.o.Size {
				return 0, io.EOF
			}
			if err = b.open(); err != nil {
				var e *Error
				if b.at > 0 && errors.As(err, &e) && e.gone() {
					// What came of it stands; what is missing becomes a dead letter, since it ends in the middle.
					b.t.report(err)
					return 0, io.EOF
				}
				return 0, err
			}
			if b.r == nil {
				if err = b.again(io.ErrUnexpectedEOF); err != nil {
					return 0, err
				}
				continue
			}
		}
		n, err := b.r.Read(p)
		b.at += int64(n)
		if n > 0 {
			b.tries = 0
			return n, nil // an error is met again at the next call
		}
		if err == nil {
			continue
		}
		if errors.Is(err, io.EOF) && b.at >= b.o.Size {
			return 0, io.EOF
		}
		if err := b.again(err); err != nil {
			return 0, err
		}
	}
}

// again gives a broken download another chance, or gives up.
func (b *body) again(err error) error {
	_ = b.Close() // it is broken
	if b.ctx.Err() != nil {
		return b.ctx.Err()
	}
	if b.tries++; b.tries > resumes {
		return explain(err, "s3:GetObject", b.t.cfg.place(b.o.Key))
	}
	return nil
}

// Close ends the download.
func (b *body) Close() error {
	if b.r == nil {
		return nil
	}
	err := b.r.Close()
	b.r = nil
	return err
}

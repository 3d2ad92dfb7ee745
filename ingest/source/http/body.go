package push

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Sizes of the buffers that bodies are read with.
const (
	chunk     = 64 << 10
	firstRead = 1 << 20 // a body whose length is told gets that at once, up to here
	zstdFrame = 8 << 20 // the window that every zstd decoder must offer, and the most that one frame is given here
)

// body is what a request brought.
type body struct {
	kept []byte // what is written: decompressed, or as it was sent when that would be much longer
	size int64  // decompressed
	sent int64
	hash Hash // of the decompressed bytes
}

// encoding reads Content-Encoding.
func encoding(r *http.Request) (string, *problem) {
	switch e := strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ","))); e {
	case "", "identity":
		return "", nil
	case "gzip", "x-gzip":
		return "gzip", nil
	case "zstd":
		return "zstd", nil
	}
	return "", &problem{status: http.StatusUnsupportedMediaType, reason: "unsupported_encoding", detail: "Content-Encoding must be gzip, zstd or none", hec: hecInvalidFormat}
}

// magic tells a compression by its first bytes, as the framer does.
func magic(b []byte) string {
	switch {
	case len(b) >= 2 && b[0] == 0x1f && b[1] == 0x8b:
		return "gzip"
	case len(b) >= 4 && (string(b[:4]) == "\x28\xb5\x2f\xfd" || b[0]&0xf0 == 0x50 && string(b[1:4]) == "\x2a\x4d\x18"):
		return "zstd"
	}
	return ""
}

// receive reads a body and takes the compression off it. Nothing of a body that is broken or too long goes any further.
// A whole body is wanted decompressed in memory; of others only short ones are.
func (s *Server) receive(w http.ResponseWriter, r *http.Request, l *lease, enc string, whole bool) (*body, *problem) {
	limit := s.limits.Body
	if r.ContentLength > limit {
		return nil, tooLarge(fmt.Sprintf("the body is longer than %d bytes", limit))
	}
	deadline := http.NewResponseController(w)
	_ = deadline.SetReadDeadline(time.Now().Add(s.limits.Read)) // a writer that has no deadlines, as in tests, has none
	sent, p := readBody(r, l, limit)
	_ = deadline.SetReadDeadline(time.Time{})
	if p != nil {
		return nil, p
	}
	if enc == "" {
		enc = magic(sent) // cloud services push .gz objects as they lie in their buckets
	}
	if enc == "" {
		if whole && int64(len(sent)) > s.limits.Envelope {
			return nil, tooLarge(fmt.Sprintf("the body is longer than %d bytes", s.limits.Envelope))
		}
		return &body{kept: sent, size: int64(len(sent)), sent: int64(len(sent)), hash: sha256.Sum256(sent)}, nil
	}
	return s.unpack(r.Context(), sent, l, enc, whole)
}

// readBody reads what was sent, taking memory as it comes: a length that is only promised holds nothing.
func readBody(r *http.Request, l *lease, limit int64) ([]byte, *problem) {
	size := int64(chunk)
	if r.ContentLength >= 0 {
		size = min(r.ContentLength+1, firstRead) // one more, to see the end
	}
	if !l.grow(size) {
		return nil, busy("too much is in flight")
	}
	buf := make([]byte, 0, size)
	for {
		if len(buf) == cap(buf) {
			more := min(int64(cap(buf)), limit+1-int64(cap(buf)))
			if r.ContentLength >= 0 {
				more = min(more, r.ContentLength+1-int64(cap(buf)))
			}
			if more <= 0 {
				return nil, tooLarge(fmt.Sprintf("the body is longer than %d bytes", limit))
			}
			if !l.grow(more) {
				return nil, busy("too much is in flight")
			}
			buf = append(make([]byte, 0, int64(cap(buf))+more), buf...)
		}
		n, err := r.Body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case err == io.EOF && int64(len(buf)) > limit:
			return nil, tooLarge(fmt.Sprintf("the body is longer than %d bytes", limit))
		case err == io.EOF:
			return buf, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, &problem{status: http.StatusRequestTimeout, reason: "timeout", detail: "the body took too long to arrive", hec: hecBusy}
		case err != nil:
			return nil, &problem{status: http.StatusBadRequest, reason: "truncated", detail: "the body ends in the middle", hec: hecInvalidFormat}
		}
	}
}

var gzips = sync.Pool{New: func() any { return new(gzip.Reader) }}

// unpack decompresses all of a body, so that what is broken at its end is known before its beginning is stored.
func (s *Server) unpack(ctx context.Context, sent []byte, l *lease, enc string, whole bool) (*body, *problem) {
	select {
	case s.decoders <- struct{}{}: // each may take the window that its frame asks for
		defer func() { <-s.decoders }()
	case <-ctx.Done():
		return nil, gone()
	}
	var z io.Reader
	switch enc {
	case "gzip":
		g := gzips.Get().(*gzip.Reader)
		defer gzips.Put(g)
		if err := g.Reset(bytes.NewReader(sent)); err != nil {
			return nil, broken(enc, err)
		}
		z = g
	default:
		d, err := zstd.NewReader(bytes.NewReader(sent), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdFrame))
		if err != nil {
			return nil, broken(enc, err)
		}
		defer d.Close()
		z = d
	}
	limit, keep := s.limits.Decoded, min(int64(inline), s.limits.Decoded)
	if whole {
		limit, keep = s.limits.Envelope, s.limits.Envelope
	}
	b := &body{sent: int64(len(sent))}
	first := min(max(chunk, 4*int64(len(sent))), keep) + 1
	if !l.grow(first) {
		return nil, busy("too much is in flight")
	}
	sum := sha256.New()
	out := make([]byte, 0, first)
	hashed := 0
	long := false // too long to be kept decompressed
	for {
		if len(out) == cap(out) {
			_, _ = sum.Write(out[hashed:]) // a hash does not fail
			hashed = len(out)
			switch {
			case long:
				out, hashed = out[:0], 0
			case b.size > keep:
				long = true
				l.shrink(int64(cap(out)) - chunk)
				out, hashed = make([]byte, 0, chunk), 0
			default:
				more := min(int64(cap(out)), keep+1-int64(cap(out)))
				if !l.grow(more) {
					return nil, busy("too much is in flight")
				}
				out = append(make([]byte, 0, int64(cap(out))+more), out...)
			}
		}
		n, err := z.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		b.size += int64(n)
		if b.size > limit {
			return nil, tooLarge(fmt.Sprintf("the body is longer than %d bytes when it is decompressed", limit))
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, broken(enc, err)
		}
		if ctx.Err() != nil {
			return nil, gone()
		}
	}
	_, _ = sum.Write(out[hashed:])
	sum.Sum(b.hash[:0])
	if long {
		l.shrink(chunk)
		b.kept = sent
		return b, s.once(sent, enc)
	}
	l.shrink(int64(cap(sent)))
	b.kept = out
	if magic(out) != "" {
		return nil, twice()
	}
	return b, nil
}

// once makes sure that a long body is not compressed a second time: the framer would take that off too, and there is no
// telling how long it is.
func (s *Server) once(sent []byte, enc string) *problem {
	var z io.Reader
	if enc == "gzip" {
		g, err := gzip.NewReader(bytes.NewReader(sent))
		if err != nil {
			return broken(enc, err)
		}
		z = g
	} else {
		d, err := zstd.NewReader(bytes.NewReader(sent), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdFrame))
		if err != nil {
			return broken(enc, err)
		}
		defer d.Close()
		z = d
	}
	var head [4]byte
	if _, err := io.ReadFull(z, head[:]); err == nil && magic(head[:]) != "" {
		return twice()
	}
	return nil
}

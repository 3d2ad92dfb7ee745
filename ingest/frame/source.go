package frame

import (
	"bufio"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/grantwatch/grantwatch/access"
)

// maxWindow bounds the memory that a zstd frame can ask for.
const maxWindow = 64 << 20

// source reads a stream and takes gzip or zstd off it, whichever its first bytes say.
type source struct {
	raw  io.Reader
	sum  io.Writer // is given what comes out; nil when nobody wants it
	in   io.Reader // nil before the first Read
	kind string
	zst  *zstd.Decoder
	from *watched

	buffered *bufio.Reader // from the pool
}

// readers are used again, like the buffers of Reader.
var readers = sync.Pool{New: func() any { return bufio.NewReaderSize(eof{}, 64<<10) }}

// watched remembers the stream's own error, to tell a broken disk from broken compression.
type watched struct {
	r   io.Reader
	err error
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

func (s *source) Read(b []byte) (int, error) {
	if s.in == nil {
		if err := s.open(); err != nil {
			return 0, err
		}
	}
	n, err := s.in.Read(b)
	if s.sum != nil && n > 0 {
		_, _ = s.sum.Write(b[:n]) // a hash does not fail
	}
	if err == nil || err == io.EOF && s.from.err == nil {
		return n, err
	}
	return n, s.explain(err)
}

func (s *source) open() error {
	s.from = &watched{r: s.raw}
	in := readers.Get().(*bufio.Reader)
	in.Reset(s.from)
	s.buffered, s.in = in, in
	magic, err := in.Peek(4)
	if err != nil && s.from.err != nil {
		return s.from.err
	}
	switch {
	case len(magic) >= 2 && magic[0] == 0x1f && magic[1] == 0x8b:
		s.kind = "gzip"
		z, err := gzip.NewReader(in)
		if err != nil {
			return s.explain(err)
		}
		s.in = z // members written one after the other are read as one stream
	case len(magic) == 4 && (string(magic) == "\x28\xb5\x2f\xfd" || magic[0]&0xf0 == 0x50 && string(magic[1:]) == "\x2a\x4d\x18"):
		s.kind = "zstd"
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return s.explain(err)
		}
		s.zst, s.in = z, z
	}
	return nil
}

// explain turns a decompressor's error into a rejection, unless it is the stream itself that failed.
func (s *source) explain(err error) error {
	if s.from.err != nil {
		return s.from.err
	}
	if s.kind == "" {
		return err
	}
	detail := s.kind + " is broken"
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		detail = s.kind + " ends in the middle"
	} else if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		detail = "zstd asks for more memory than allowed"
	}
	return access.Reject(access.ReasonCompression, detail)
}

func (s *source) close() {
	if s.zst != nil {
		s.zst.Close()
		s.zst = nil
		s.in = eof{}
	}
	if s.buffered != nil {
		s.buffered.Reset(eof{})
		readers.Put(s.buffered)
		s.buffered, s.in = nil, eof{}
	}
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

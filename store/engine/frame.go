package engine

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/go-faster/city"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// ClickHouse's compressed frames: a 16-byte checksum, one byte for the method,
// the compressed size (which counts these nine bytes) and the plain size.
const (
	frameSum    = 16
	frameFixed  = 9
	frameHead   = frameSum + frameFixed
	frameMax    = 1 << 30 // what a ClickHouse server accepts, compressed or plain
	methodNone  = 0x02
	methodLZ4   = 0x82
	methodZSTD  = 0x90
	framePlain  = 1 << 20 // how much plain output goes into one frame
	lz4Ratio    = 255     // more than this no LZ4 block holds for a byte
	sizeOffset  = frameSum + 1
	plainOffset = frameSum + 5
)

var errFrame = errors.New("broken compressed frame")

// frameReader undoes decompress=1. It tells a body that ends between two
// frames from one that ends inside a frame, which would otherwise look like a
// shorter insert.
type frameReader struct {
	from  io.Reader
	raw   bytes.Buffer
	plain []byte
	at    int
	zstd  *zstd.Decoder
}

func (r *frameReader) Read(p []byte) (int, error) {
	for r.at == len(r.plain) {
		if err := r.frame(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.plain[r.at:])
	r.at += n
	return n, nil
}

func (r *frameReader) frame() error {
	var head [frameHead]byte
	if _, err := io.ReadFull(r.from, head[:]); err != nil {
		return err // io.EOF only when not a single byte was there
	}
	packed := int64(binary.LittleEndian.Uint32(head[sizeOffset:]))
	plain := int64(binary.LittleEndian.Uint32(head[plainOffset:]))
	if packed < frameFixed || packed > frameMax || plain > frameMax {
		return fmt.Errorf("%w: sizes %d and %d", errFrame, packed, plain)
	}
	// The buffer grows with what arrives: a size in a head is only a claim.
	r.raw.Reset()
	r.raw.Write(head[frameSum:])
	if _, err := io.CopyN(&r.raw, r.from, packed-frameFixed); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	raw := r.raw.Bytes()
	sum := city.CH128(raw)
	if sum.Low != binary.LittleEndian.Uint64(head[0:]) || sum.High != binary.LittleEndian.Uint64(head[8:]) {
		return fmt.Errorf("%w: checksum does not match", errFrame)
	}
	if head[frameSum] != methodZSTD && plain > packed*lz4Ratio {
		return fmt.Errorf("%w: %d bytes cannot hold %d", errFrame, packed, plain)
	}
	r.at = 0
	return r.unpack(head[frameSum], raw[frameFixed:], int(plain))
}

func (r *frameReader) unpack(method byte, packed []byte, plain int) (err error) {
	switch method {
	case methodNone:
		r.plain = append(r.plain[:0], packed...)
	case methodLZ4:
		var n int
		r.plain = grow(r.plain, plain)
		n, err = lz4.UncompressBlock(packed, r.plain)
		r.plain = r.plain[:max(n, 0)]
	case methodZSTD:
		if r.zstd == nil {
			if r.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(frameMax)); err != nil {
				return err
			}
		}
		r.plain, err = r.zstd.DecodeAll(packed, r.plain[:0])
	default:
		err = fmt.Errorf("method 0x%02x is unknown", method)
	}
	if err == nil && len(r.plain) != plain {
		err = fmt.Errorf("%d bytes instead of %d", len(r.plain), plain)
	}
	if err != nil {
		r.plain = r.plain[:0]
		return fmt.Errorf("%w: %w", errFrame, err)
	}
	return nil
}

func (r *frameReader) Close() error {
	if r.zstd != nil {
		r.zstd.Close()
	}
	return nil
}

func grow(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// frameWriter does compress=1: it gathers output and writes it in frames.
type frameWriter struct {
	to  io.Writer
	buf []byte
	enc *compress.Writer
}

func newFrameWriter(to io.Writer, method string) (*frameWriter, error) {
	m := compress.LZ4
	switch method {
	case "", "LZ4", "lz4", "LZ4HC", "lz4hc": // a reader cannot tell the two apart
	case "ZSTD", "zstd":
		m = compress.ZSTD
	case "NONE", "none":
		m = compress.None
	default:
		return nil, &Exception{Code: codeUnknownCodec, Message: "Unknown network_compression_method " + method + " (BAD_ARGUMENTS)"}
	}
	return &frameWriter{to: to, enc: compress.NewWriter(compress.LevelZero, m)}, nil
}

func (w *frameWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		take := min(len(p), framePlain-len(w.buf))
		w.buf = append(w.buf, p[:take]...)
		p = p[take:]
		if len(w.buf) == framePlain {
			if err := w.flush(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

func (w *frameWriter) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	if err := w.enc.Compress(w.buf); err != nil {
		return err
	}
	w.buf = w.buf[:0]
	_, err := w.to.Write(w.enc.Data)
	return err
}

func (w *frameWriter) Close() error { return w.flush() }

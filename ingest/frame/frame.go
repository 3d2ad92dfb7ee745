// Package frame cuts any stream of logs into records: one JSON object a line, JSON objects printed over many lines or
// written back to back, JSON arrays, objects that wrap an array ({"Records": […]}), and plain lines of text; plain, gzip
// or zstd. It never holds more than one record, and nothing in the input stops it: what cannot be a record comes out as
// an *access.Rejection or as a record that the decoder will reject, and reading goes on behind it.
package frame

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/grantwatch/grantwatch/access"
)

// Options bound a Reader. The zero value means the defaults.
type Options struct {
	MaxRecord int       // longest record in bytes; default 10 MiB
	MaxDepth  int       // deepest nesting; default 512
	MaxBytes  int64     // longest stream after decompression; 0 is no limit
	Sum       io.Writer // is given the decompressed stream as it is read; may be nil
	Lines     bool      // every line is a record, whatever it looks like: for formats that are not JSON
}

// Defaults of Options.
const (
	DefaultMaxRecord = 10 << 20
	DefaultMaxDepth  = 512
)

// evidence is how much of a rejected record is handed on with the rejection.
const evidence = 64 << 10

// Record is one record and its place. The positions are those of the decompressed stream.
type Record struct {
	Bytes     []byte // valid until the next call of Next
	Line      int64  // 1-based line on which it starts
	Index     int64  // 0-based count of records and rejections before it
	Offset    int64  // byte at which it starts
	Truncated bool   // the stream ends inside it
}

// Reader cuts a stream into records.
type Reader struct {
	src  source
	opt  Options
	scan scanner

	buf   []byte
	r, w  int   // unread bytes are buf[r:w]
	base  int64 // stream offset of buf[0]
	total int64 // bytes taken from the source
	line  int64 // line of buf[r]
	index int64
	err   error // why the source gives no more

	array   bool // inside an array whose elements are records
	wrapped bool // the array is a member of an object that has to be closed after it
	comma   bool // a value ended on this line: a comma after it separates, it begins nothing
}

// New makes a Reader of r. It reads nothing before the first Next.
func New(r io.Reader, opt Options) *Reader {
	if opt.MaxRecord <= 0 {
		opt.MaxRecord = DefaultMaxRecord
	}
	if opt.MaxDepth <= 0 {
		opt.MaxDepth = DefaultMaxDepth
	}
	f := &Reader{opt: opt, line: 1}
	f.src.raw, f.src.sum = r, opt.Sum
	f.scan.init(opt.MaxDepth)
	return f
}

// Close frees the decompressor, and the buffer for the next Reader: bytes of records must not be used after it. It does
// not close the stream.
func (f *Reader) Close() {
	f.src.close()
	if len(f.buf) == firstBuffer {
		buffers.Put((*[firstBuffer]byte)(f.buf))
	}
	f.buf, f.r, f.w, f.err = nil, 0, 0, io.EOF
}

// firstBuffer is what a Reader reads with until a record is longer. Streams can be as short as one pushed record, so the
// buffers are used again.
const firstBuffer = 256 << 10

var buffers = sync.Pool{New: func() any { return new([firstBuffer]byte) }}

// Next returns the next record. The error is nil; or an *access.Rejection, after which reading goes on and the Record
// holds the place and the beginning of what was rejected; or io.EOF at the end; or what the stream's own Read said.
func (f *Reader) Next() (Record, error) {
	for {
		if f.array {
			if rec, done, err := f.element(); done {
				return rec, err
			}
			continue
		}
		if !f.skipBlank() {
			return f.end()
		}
		if f.opt.Lines {
			rec, ok, err := f.textLine()
			if ok {
				return rec, err
			}
			continue
		}
		switch f.buf[f.r] {
		case '{':
			if f.openWrapper() {
				continue
			}
			return f.object()
		case '[':
			if f.openArray() {
				continue
			}
		}
		if rec, ok, err := f.textLine(); ok {
			return rec, err
		}
	}
}

// end reports why there is no more. A rejection of the rest of the stream is said once; then the stream has ended.
func (f *Reader) end() (Record, error) {
	var rejection *access.Rejection
	if errors.As(f.err, &rejection) {
		f.err = io.EOF
		return f.place(nil), rejection
	}
	return Record{}, f.err
}

// place makes a record that starts at the next unread byte.
func (f *Reader) place(b []byte) Record {
	rec := Record{Bytes: b, Line: f.line, Index: f.index, Offset: f.base + int64(f.r)}
	f.index++
	return rec
}

// take hands out the next n bytes as a record.
func (f *Reader) take(n int) Record {
	rec := f.place(f.buf[f.r : f.r+n])
	f.consume(n)
	return rec
}

func (f *Reader) consume(n int) {
	f.line += int64(bytes.Count(f.buf[f.r:f.r+n], newline))
	f.r += n
}

var newline = []byte{'\n'}

// ensure makes at least n unread bytes available, unless the source ends before.
func (f *Reader) ensure(n int) bool {
	for f.w-f.r < n {
		if !f.fill() {
			return false
		}
	}
	return true
}

// fill reads more. Unread bytes may move, so positions are only kept relative to f.r.
func (f *Reader) fill() bool {
	if f.err != nil {
		return false
	}
	if f.w == len(f.buf) {
		if f.r > 0 {
			copy(f.buf, f.buf[f.r:f.w])
			f.base += int64(f.r)
			f.w -= f.r
			f.r = 0
		}
		if f.w > len(f.buf)*3/4 || len(f.buf) == 0 {
			if len(f.buf) == 0 {
				f.buf = buffers.Get().(*[firstBuffer]byte)[:]
			} else {
				grown := make([]byte, 2*len(f.buf))
				copy(grown, f.buf[:f.w])
				f.buf = grown
			}
		}
	}
	room := f.buf[f.w:]
	if left := f.opt.MaxBytes - f.total; f.opt.MaxBytes > 0 && int64(len(room)) > left {
		// One byte more than allowed is asked for, to tell a stream that ends here from one that goes on.
		room = room[:left+1]
	}
	for range 100 {
		n, err := f.src.Read(room)
		f.total += int64(n)
		if f.opt.MaxBytes > 0 && f.total > f.opt.MaxBytes {
			n -= int(f.total - f.opt.MaxBytes)
			f.total = f.opt.MaxBytes
			err = access.Reject(access.ReasonTooLarge, fmt.Sprintf("the stream is longer than %d bytes; the rest is not read", f.opt.MaxBytes))
		}
		f.w += n
		if err != nil {
			f.err = err
		}
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	f.err = io.ErrNoProgress
	return false
}

// skipBlank goes to the next byte that begins something.
func (f *Reader) skipBlank() bool {
	for f.ensure(1) {
		switch c := f.buf[f.r]; {
		case c == '\n':
			f.line++
			f.comma = false
		case c == '\r':
		case c == ' ' || c == '\t':
			if f.opt.Lines {
				return true
			}
		case c == ',' && f.comma:
			f.comma = false
		case c == 0xEF:
			if !f.ensure(3) || f.buf[f.r+1] != 0xBB || f.buf[f.r+2] != 0xBF {
				return true
			}
			f.r += 2
		default:
			return true
		}
		f.r++
	}
	return false
}

package frame

import (
	"bytes"
	"fmt"
	"io"

	"github.com/grantwatch/grantwatch/access"
)

// find looks for c among the unread bytes from..limit-1, reading on as needed. Limits are counted in bytes of the
// stream, never in what happens to be read already, so that the same stream is always cut the same way.
func (f *Reader) find(c byte, from, limit int) int {
	for from < limit {
		if j := bytes.IndexByte(f.buf[f.r+from:min(f.w, f.r+limit)], c); j >= 0 {
			return from + j
		}
		from = f.w - f.r
		if from >= limit || !f.fill() {
			return -1
		}
	}
	return -1
}

// lineLen measures the current line up to its newline. whole is false when the stream ends first or the line is longer
// than a record may be.
func (f *Reader) lineLen() (n int, whole bool) {
	if n = f.find('\n', 0, f.opt.MaxRecord+1); n >= 0 {
		return n, true
	}
	return min(f.w-f.r, f.opt.MaxRecord+1), false
}

// textLine takes the line as a record; ok is false when there is nothing on it.
func (f *Reader) textLine() (rec Record, ok bool, err error) {
	f.comma = false
	n, whole := f.lineLen()
	if n > f.opt.MaxRecord {
		rec, err = f.dropLine()
		return rec, true, err
	}
	if !whole && f.failed() {
		return rec, true, f.err
	}
	text := bytes.TrimRight(f.buf[f.r:f.r+n], " \t\r")
	if len(bytes.TrimLeft(text, " \t")) > 0 {
		rec, ok = f.place(text), true
		rec.Truncated = !whole && f.cut()
	}
	f.r += n
	return rec, ok, nil
}

// cut reports whether the stream ended before its time.
func (f *Reader) cut() bool {
	_, rejected := f.err.(*access.Rejection)
	return rejected
}

// failed reports whether the stream itself could not be read: half a record is then no record, since whoever reads the
// stream again will get the whole of it.
func (f *Reader) failed() bool {
	return f.err != nil && f.err != io.EOF && !f.cut()
}

// dropLine rejects a line that is too long and goes behind it.
func (f *Reader) dropLine() (Record, error) {
	rec := f.place(f.evidence())
	for {
		if j := bytes.IndexByte(f.buf[f.r:f.w], '\n'); j >= 0 {
			f.r += j
			return rec, f.tooLarge()
		}
		f.r = f.w
		if !f.fill() {
			return rec, f.tooLarge()
		}
	}
}

// evidence copies the beginning of a record that is too long.
func (f *Reader) evidence() []byte {
	return bytes.Clone(f.buf[f.r : f.r+min(evidence, f.opt.MaxRecord)])
}

func (f *Reader) tooLarge() error {
	return access.Reject(access.ReasonTooLarge, fmt.Sprintf("longer than %d bytes", f.opt.MaxRecord))
}

// object takes the JSON object that begins here. In the ordinary case it is the whole line, and the line is not even
// looked through.
func (f *Reader) object() (Record, error) {
	n, whole := f.lineLen()
	if whole && n <= f.opt.MaxRecord {
		line := bytes.TrimRight(f.buf[f.r:f.r+n], " \t\r")
		if line[len(line)-1] == '}' && !several(line) && (f.followed(n) || !f.open(line)) {
			rec := f.place(line)
			f.r += n
			return rec, nil
		}
	}
	// An object printed over lines has its bracket alone on the first; any other first line that is not complete is
	// suspected of being a record cut off.
	pretty := false
	if whole {
		pretty = len(bytes.TrimRight(f.buf[f.r+1:f.r+n], " \t\r")) == 0
	}
	f.scan.reset(!pretty)
	n, st, rejected := f.value()
	if rejected != nil {
		return *rejected, f.tooLarge()
	}
	switch st {
	case done:
		f.comma = true
		if f.scan.deep {
			rec := f.take(n)
			rec.Bytes = rec.Bytes[:min(len(rec.Bytes), evidence)]
			return rec, f.tooDeep()
		}
		return f.take(n), nil
	case bad:
		return f.broken(n, pretty)
	}
	if f.failed() {
		return Record{}, f.err
	}
	first := bytes.IndexByte(f.buf[f.r:f.r+n], '\n')
	if first >= 0 && !pretty {
		rec := f.place(bytes.TrimRight(f.buf[f.r:f.r+first], " \t\r"))
		f.r += first
		return rec, nil
	}
	rec := f.take(n)
	rec.Bytes = bytes.TrimRight(rec.Bytes, " \t\r\n")
	rec.Truncated = true
	return rec, nil
}

func (f *Reader) tooDeep() error {
	return access.Reject(access.ReasonTooDeep, fmt.Sprintf("nested deeper than %d", f.opt.MaxDepth))
}

// value scans one value. Of a value that is too long only the beginning is kept; it is then already consumed and
// rejected holds it.
func (f *Reader) value() (n int, st status, rejected *Record) {
	for {
		k, st := f.scan.run(f.buf[f.r+n : f.w])
		n += k
		if st != more && n <= f.opt.MaxRecord {
			return n, st, nil
		}
		if n > f.opt.MaxRecord {
			rec := f.place(f.evidence())
			f.consume(n)
			f.comma = true
			for st == more && f.ensure(1) {
				k, st = f.scan.run(f.buf[f.r:f.w])
				f.consume(k)
			}
			return 0, st, &rec
		}
		if !f.fill() {
			return n, more, nil
		}
	}
}

// broken takes what was meant to be an object and went wrong n bytes into it. What follows must not suffer: of an object
// cut off inside its line only that line is taken, of one printed over lines everything up to the next one.
func (f *Reader) broken(n int, pretty bool) (Record, error) {
	first := bytes.IndexByte(f.buf[f.r:f.r+n], '\n')
	if first < 0 || !pretty {
		if first < 0 {
			rec, _, err := f.textLine()
			return rec, err
		}
		rec := f.place(bytes.TrimRight(f.buf[f.r:f.r+first], " \t\r"))
		f.r += first
		return rec, nil
	}
	for {
		j := f.find('\n', n, f.opt.MaxRecord)
		if j < 0 {
			n = min(f.w-f.r, f.opt.MaxRecord)
			break
		}
		n = j + 1
		if !f.ensure(n + 1) {
			break
		}
		c := f.buf[f.r+n]
		if c == '{' || c == '[' {
			break
		}
		if c == '}' {
			// The closing line belongs to it. It is short; of a long one only the bracket is taken.
			if j = f.find('\n', n, n+256); j < 0 {
				j = n + 1
			}
			n = j
			break
		}
	}
	rec := f.take(n)
	rec.Bytes = bytes.TrimRight(rec.Bytes, " \t\r\n")
	return rec, nil
}

// several reports whether the line holds objects back to back: a closing bracket that only blanks part from an opening
// one. Inside a string that proves nothing, and then the scanner decides.
func several(line []byte) bool {
	for {
		i := bytes.IndexByte(line, '}')
		if i < 0 {
			return false
		}
		line = line[i+1:]
		for j := 0; j < len(line); j++ {
			if c := line[j]; c == '{' {
				return true
			} else if c != ' ' && c != '\t' {
				break
			}
		}
	}
}

// followed reports whether the line after the one of length n begins something new, so that this one must be whole. When
// that line is not there yet, or blank, or could go on with this one, open has to tell; the answer never depends on how
// the stream was cut into reads.
func (f *Reader) followed(n int) bool {
	if f.w-f.r < n+2 {
		return false
	}
	c := class[f.buf[f.r+n+1]]
	return c == plain || c == open
}

// open reports whether the line leaves a bracket open.
func (f *Reader) open(line []byte) bool {
	f.scan.reset(true)
	_, st := f.scan.run(line)
	return st == more
}

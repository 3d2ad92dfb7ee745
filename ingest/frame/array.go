package frame

import (
	"bytes"
	"io"

	"github.com/grantwatch/grantwatch/access"
)

// ahead is how far into an object is looked for the array that it wraps.
const ahead = 4 << 10

// leading lists the keys with which objects begin that wrap an array of records, and whether the key's own array is it.
// "items" and the like are only believed behind these, so that an event that merely has such a member stays one event.
var leading = map[string]bool{
	"Records": true, "records": true, "items": true, "logEvents": true, "Events": true,
	"kind": false, "apiVersion": false, "metadata": false, "etag": false, "messageType": false, "owner": false,
	"logGroup": false, "logStream": false, "subscriptionFilters": false, "nextPageToken": false, "NextToken": false,
}

// Alone reports whether b can be one record only, if it is JSON at all: an object on one line that wraps no others. It says
// no when in doubt.
func Alone(b []byte) bool {
	n := len(b)
	if n < 3 || b[0] != '{' || b[1] != '"' || b[n-1] != '}' || bytes.IndexByte(b, '\n') >= 0 || several(b) {
		return false
	}
	key, _, ok := bytes.Cut(b[2:], []byte{'"'})
	_, wraps := leading[string(key)]
	return ok && !wraps && bytes.IndexByte(key, '\\') < 0
}

// openWrapper reports whether the object that begins here wraps an array of records, and goes into the array.
func (f *Reader) openWrapper() bool {
	at := f.nonBlank(1)
	if at < 0 || f.buf[f.r+at] != '"' {
		return false
	}
	for range 16 {
		key, next := f.shortString(at)
		isArray, known := leading[string(key)]
		isKind := string(key) == "kind" // asked now: reading on may move the bytes
		if !known {
			return false
		}
		colon := f.nonBlank(next)
		if colon < 0 || f.buf[f.r+colon] != ':' {
			return false
		}
		value := f.nonBlank(colon + 1)
		if value < 0 {
			return false
		}
		if isArray {
			if f.buf[f.r+value] != '[' {
				return false
			}
			f.consume(value + 1)
			f.array, f.wrapped = true, true
			return true
		}
		if isKind {
			kind, _ := f.shortString(value)
			if !bytes.HasSuffix(kind, []byte("List")) && !bytes.HasSuffix(kind, []byte("#activities")) {
				return false
			}
		}
		end := f.skipShort(value)
		if end < 0 {
			return false
		}
		sep := f.nonBlank(end)
		if sep < 0 || f.buf[f.r+sep] != ',' {
			return false
		}
		if at = f.nonBlank(sep + 1); at < 0 || f.buf[f.r+at] != '"' {
			return false
		}
	}
	return false
}

// nonBlank finds the next byte from at on that is not blank; -1 when there is none within reach.
func (f *Reader) nonBlank(at int) int {
	for ; at < ahead; at++ {
		if f.w-f.r <= at && !f.ensure(at+1) {
			return -1
		}
		if class[f.buf[f.r+at]] != blank {
			return at
		}
	}
	return -1
}

// shortString reads the string that begins at at and has no escapes; next is behind it.
func (f *Reader) shortString(at int) (text []byte, next int) {
	if f.buf[f.r+at] != '"' {
		return nil, at
	}
	for i := at + 1; i < ahead; i++ {
		if f.w-f.r <= i && !f.ensure(i+1) {
			return nil, at
		}
		switch f.buf[f.r+i] {
		case '"':
			return f.buf[f.r+at+1 : f.r+i], i + 1
		case '\\', '\n':
			return nil, at
		}
	}
	return nil, at
}

// skipShort returns the place behind the value that begins at at, if that is within reach.
func (f *Reader) skipShort(at int) int {
	if class[f.buf[f.r+at]] == plain {
		for i := at; i < ahead && (f.w-f.r > i || f.ensure(i+1)); i++ {
			if class[f.buf[f.r+i]] != plain {
				return i
			}
		}
		return -1
	}
	f.scan.reset(false)
	for n := at; n < ahead; {
		k, st := f.scan.run(f.buf[f.r+n : min(f.w, f.r+ahead)])
		n += k
		if st == done {
			return n
		}
		if st == bad || n >= ahead || !f.fill() {
			return -1
		}
	}
	return -1
}

// openArray reports whether a JSON array begins here, and goes into it. Lines of text begin with a bracket too
// ("[2026-…] …"), so the first element must look like JSON.
func (f *Reader) openArray() bool {
	at := f.nonBlank(1)
	if at < 0 {
		return false
	}
	switch f.buf[f.r+at] {
	case '{', '[', ']', '"':
	case 'n':
		if !f.ensure(at+4) || string(f.buf[f.r+at:f.r+at+4]) != "null" {
			return false
		}
	default:
		return false
	}
	f.consume(1)
	f.array, f.wrapped = true, false
	return true
}

// element takes the next element of the array; found is false when the array has ended.
func (f *Reader) element() (rec Record, found bool, err error) {
	for f.ensure(1) && (class[f.buf[f.r]] == blank || f.buf[f.r] == ',') {
		if f.buf[f.r] == '\n' {
			f.line++
		}
		f.r++
	}
	if !f.ensure(1) {
		f.array = false
		if f.err != io.EOF {
			return rec, false, nil // the reason why the stream broke off is told instead
		}
		return f.place(nil), true, access.Reject(access.ReasonTruncated, "the stream ends inside an array")
	}
	c := f.buf[f.r]
	if c == ']' {
		f.r++
		f.array = false
		if f.wrapped {
			return f.closeWrapper()
		}
		f.comma = true
		return rec, false, nil
	}
	if class[c] == plain {
		return f.scalar()
	}
	f.scan.reset(false)
	n, st, rejected := f.value()
	if rejected != nil {
		return *rejected, true, f.tooLarge()
	}
	switch st {
	case done:
		rec = f.take(n)
		if f.scan.deep {
			rec.Bytes = rec.Bytes[:min(len(rec.Bytes), evidence)]
			return rec, true, f.tooDeep()
		}
		return rec, true, nil
	case bad:
		return f.resync(n), true, nil
	}
	f.array = false
	if f.failed() {
		return rec, true, f.err
	}
	rec = f.take(n)
	rec.Truncated = true
	return rec, true, nil
}

// scalar takes an element that is a number or a word.
func (f *Reader) scalar() (Record, bool, error) {
	n := 0
	for n <= f.opt.MaxRecord && (f.w-f.r > n || f.ensure(n+1)) && class[f.buf[f.r+n]] == plain {
		n++
	}
	if n > f.opt.MaxRecord {
		rec := f.place(f.evidence())
		f.r += n
		for f.ensure(1) && class[f.buf[f.r]] == plain {
			f.r++
		}
		return rec, true, f.tooLarge()
	}
	return f.take(n), true, nil
}

// resync takes a broken element and goes to where the next one seems to begin: behind a bracket and a comma, at a
// bracket. The first n bytes are known to belong to the broken one.
func (f *Reader) resync(n int) Record {
	n = max(n, 1)
	for {
		j := f.find('}', n, f.opt.MaxRecord)
		if j < 0 {
			break
		}
		n = j + 1
		comma := f.after(n)
		if comma < 0 || f.buf[f.r+comma] != ',' {
			continue
		}
		if next := f.after(comma + 1); next >= 0 && f.buf[f.r+next] == '{' {
			return f.take(n)
		}
	}
	n = min(f.w-f.r, f.opt.MaxRecord)
	if !f.ensure(n + 1) {
		f.array = false // the rest of the stream was the broken element
	}
	return f.take(n)
}

// after finds the next byte that is not blank, at most 256 bytes on.
func (f *Reader) after(at int) int {
	for end := at + 256; at < end; at++ {
		if f.w-f.r <= at && !f.ensure(at+1) {
			return -1
		}
		if class[f.buf[f.r+at]] != blank {
			return at
		}
	}
	return -1
}

// closeWrapper goes behind the object whose array has ended.
func (f *Reader) closeWrapper() (rec Record, found bool, err error) {
	f.wrapped = false
	f.scan.enter()
	for f.ensure(1) {
		k, st := f.scan.run(f.buf[f.r:f.w])
		f.consume(k)
		switch st {
		case done:
			f.comma = true
			return rec, false, nil
		case bad:
			return rec, false, nil // what follows is looked at afresh
		}
	}
	if f.err != io.EOF {
		return rec, false, nil
	}
	return f.place(nil), true, access.Reject(access.ReasonTruncated, "the stream ends before the object around the array is closed")
}

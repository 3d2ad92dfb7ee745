package push

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
)

// mostDeep is how deep an envelope may be nested; what is inside the records is the decoder's to judge, but it has to be
// passed over here.
const mostDeep = 100_000

func blank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func skipBlanks(b []byte, i int) int {
	for i < len(b) && blank(b[i]) {
		i++
	}
	return i
}

// skipString returns the place behind the string that begins at i; -1 when it does not end.
func skipString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return i + 1
		case c == '\\':
			i++
		case c < ' ':
			return -1
		}
	}
	return -1
}

// ends are the bytes at which a scalar ends.
var ends = [256]bool{'"': true, '{': true, '}': true, '[': true, ']': true, ',': true, ':': true, ' ': true, '\n': true, '\t': true, '\r': true}

// skipValue returns the place behind the JSON value that begins at i; -1 when there is none. Brackets and strings are
// looked at, scalars are taken as they are: the decoder reads them.
func skipValue(b []byte, i int) int {
	var usual [64]byte
	stack := usual[:0] // the brackets that have to close
	for ; i < len(b); i++ {
		switch c := b[i]; c {
		case '"':
			if i = skipString(b, i); i < 0 {
				return -1
			}
			i--
		case '{', '[':
			if len(stack) == mostDeep {
				return -1
			}
			stack = append(stack, c+2) // the closing one, in ASCII
			continue
		case '}', ']':
			if len(stack) == 0 || stack[len(stack)-1] != c {
				return -1
			}
			stack = stack[:len(stack)-1]
		case ',', ':', ' ', '\n', '\t', '\r':
			if len(stack) == 0 {
				return -1
			}
			continue
		default:
			for i+1 < len(b) && !ends[b[i+1]] {
				i++
			}
		}
		if len(stack) == 0 {
			return i + 1
		}
	}
	return -1
}

// members calls f with every member of the object b, the name without its quotes. It reports whether b is one.
func members(b []byte, f func(name, value []byte) bool) bool {
	i := skipBlanks(b, 0)
	if i >= len(b) || b[i] != '{' {
		return false
	}
	if i = skipBlanks(b, i+1); i < len(b) && b[i] == '}' {
		return skipBlanks(b, i+1) == len(b)
	}
	for i < len(b) && b[i] == '"' {
		end := skipString(b, i)
		if end < 0 {
			return false
		}
		name := b[i+1 : end-1]
		if i = skipBlanks(b, end); i >= len(b) || b[i] != ':' {
			return false
		}
		i = skipBlanks(b, i+1)
		if end = skipValue(b, i); end < 0 || !f(name, b[i:end]) {
			return false
		}
		if i = skipBlanks(b, end); i >= len(b) {
			return false
		}
		if b[i] == '}' {
			return skipBlanks(b, i+1) == len(b)
		}
		if b[i] != ',' {
			return false
		}
		i = skipBlanks(b, i+1)
	}
	return false
}

// elements calls f with every element of the array b, and reports whether b is one. null is an array without any.
func elements(b []byte, f func(value []byte) bool) bool {
	i := skipBlanks(b, 0)
	if i >= len(b) || b[i] != '[' {
		return string(b) == "null"
	}
	if i = skipBlanks(b, i+1); i < len(b) && b[i] == ']' {
		return skipBlanks(b, i+1) == len(b)
	}
	for i < len(b) {
		end := skipValue(b, i)
		if end < 0 || !f(b[i:end]) {
			return false
		}
		if i = skipBlanks(b, end); i >= len(b) {
			return false
		}
		if b[i] == ']' {
			return skipBlanks(b, i+1) == len(b)
		}
		if b[i] != ',' {
			return false
		}
		i = skipBlanks(b, i+1)
	}
	return false
}

// packer writes records one under the other, as the framer takes them, within bounds.
type packer struct {
	lease   *lease
	limit   int64
	buf     []byte
	problem *problem // why it is full
}

// room makes sure that n bytes fit.
func (p *packer) room(n int) bool {
	if p.problem != nil {
		return false
	}
	need := int64(len(p.buf)) + int64(n)
	if need <= int64(cap(p.buf)) {
		return true
	}
	if need > p.limit {
		p.problem = tooLarge(fmt.Sprintf("the records are longer than %d bytes when they are unpacked", p.limit))
		return false
	}
	size := min(max(2*int64(cap(p.buf)), need, chunk), p.limit)
	if !p.lease.grow(size - int64(cap(p.buf))) {
		p.problem = busy("too much is in flight")
		return false
	}
	p.buf = append(make([]byte, 0, size), p.buf...)
	return true
}

// value writes a JSON value as a record, as it is.
func (p *packer) value(raw []byte) bool {
	if !p.room(len(raw) + 1) {
		return false
	}
	p.buf = append(append(p.buf, raw...), '\n')
	return true
}

// text writes a text as a record. One of several lines that is not JSON stays one record by being quoted; so does an
// empty one, which would be none.
func (p *packer) text(s []byte) bool {
	s = bytes.TrimSpace(s)
	if len(s) > 0 && (bytes.IndexByte(s, '\n') < 0 || json.Valid(s)) {
		return p.value(s)
	}
	if !p.room(quotedLen(s) + 1) {
		return false
	}
	p.buf = append(appendQuoted(p.buf, s), '\n')
	return true
}

func (p *packer) hash() Hash { return sha256.Sum256(p.buf) }

func quotedLen(s []byte) int {
	n := len(s) + 2
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			n++
		case c < ' ':
			n += 5
		}
	}
	return n
}

// appendQuoted writes s as a JSON string. Bytes that are not UTF-8 stay as they are: the decoder judges them.
func appendQuoted(b, s []byte) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

package awscloudtrail

import (
	"bytes"
	"unicode/utf8"

	"github.com/valyala/fastjson"

	"github.com/grantwatch/grantwatch/ingest/decode/field"
)

// outer is an outer member of a record: parsed, or as it stands in the record.
type outer struct {
	kind byte // of raw: 's' a string without escapes, 'n' a number, 't', 'f', '{', '['; 0 when there is none
	raw  []byte
	v    *fastjson.Value
}

// top returns an outer member that is looked into, nil when the record has none.
func (d *decoder) top(m member) *fastjson.Value {
	o := &d.outer[m]
	if o.v == nil && o.kind != 0 {
		if d.parsers[m] == nil {
			d.parsers[m] = new(fastjson.Parser)
		}
		text := o.raw
		if o.kind == 's' {
			text = append(append(append(d.key[:0], '"'), o.raw...), '"')
		}
		o.v, _ = d.parsers[m].ParseBytes(text) // what is no JSON was refused before
	}
	return o.v
}

// has reports whether the record has an outer member that is not null.
func (d *decoder) has(m member) bool { return d.outer[m].kind != 0 || d.outer[m].v != nil }

// text is the text of an outer member, as field.Text reads it.
func (d *decoder) text(m member) []byte {
	switch o := &d.outer[m]; o.kind {
	case 0:
		return field.Text(o.v)
	case '{', '[':
		return nil
	default:
		return o.raw
	}
}

// truth reads an outer member that is true or false, as field.Bool does.
func (d *decoder) truth(m member) (value, known bool) {
	switch o := &d.outer[m]; o.kind {
	case 't':
		return true, true
	case 'f':
		return false, true
	case 0:
		return field.Bool(o.v)
	case 's':
		return field.Bool(d.top(m))
	}
	return false, false
}

// Limits of the quick way; what is beyond them is parsed as a whole.
const (
	quickRecord = 64 << 10
	quickDepth  = 64
)

// quick reads the outer members of an ordinary record without parsing what is inside them: half of a record is the caller,
// who is known by the bytes of its member mostly, and most of the rest is never asked for. It reports false for every
// record in which anything is out of the ordinary, which then goes the way of all others: escapes in an outer member, a
// wrapped record, broken JSON. TestQuickIsTheSame and its fuzz test hold the two ways to the same events.
func (d *decoder) quick(rec []byte) bool {
	d.outer = [members]outer{}
	if len(rec) > quickRecord || !utf8.Valid(rec) || bytes.IndexByte(rec, 0) >= 0 {
		return false
	}
	i := blank(rec, 0)
	if i == len(rec) || rec[i] != '{' {
		return false
	}
	for i++; ; i++ {
		if i = blank(rec, i); i == len(rec) || rec[i] != '"' {
			return false
		}
		key, next, ok := plainString(rec, i)
		if !ok {
			return false
		}
		if i = blank(rec, next); i == len(rec) || rec[i] != ':' {
			return false
		}
		i = blank(rec, i+1)
		o, next, ok := d.member(rec, i)
		if !ok {
			return false
		}
		m, known := memberOf(string(key))
		switch {
		case known && o.kind == 0 && m == eventName:
			return false
		case known && o.kind != 0 && d.outer[m].kind == 0:
			d.outer[m] = o
			if !d.sound(m, o) {
				return false
			}
		case (o.kind == '{' || o.kind == '[') && !d.parses(o.raw):
			return false
		}
		if i = blank(rec, next); i == len(rec) {
			return false
		}
		if rec[i] == '}' {
			return blank(rec, i+1) == len(rec) && d.outer[eventName].kind == 's' && len(d.outer[eventName].raw) > 0 && d.outer[eventTime].kind == 's'
		}
		if rec[i] != ',' {
			return false
		}
	}
}

// sound reports whether what stands in a member is JSON. Of a caller that is known it was found to be when it was first
// seen.
func (d *decoder) sound(m member, o outer) bool {
	switch o.kind {
	case '{', '[':
	default:
		return m != userIdentity
	}
	if m == userIdentity {
		if o.kind != '{' {
			return false
		}
		d.caller = hashOf(o.raw)
		if findCaller(d.caller) != nil {
			return true
		}
	}
	return d.top(m) != nil
}

// parses reports whether a member that nobody asks for is JSON.
func (d *decoder) parses(raw []byte) bool {
	_, err := d.other.ParseBytes(raw)
	return err == nil
}

// member reads the value that begins at i.
func (d *decoder) member(rec []byte, i int) (o outer, next int, ok bool) {
	if i == len(rec) {
		return o, i, false
	}
	switch c := rec[i]; c {
	case '"':
		raw, next, ok := plainString(rec, i)
		return outer{kind: 's', raw: raw}, next, ok
	case '{', '[':
		next, ok := nested(rec, i)
		return outer{kind: c, raw: rec[i:next]}, next, ok
	case 't':
		return outer{kind: 't', raw: rec[i:min(i+4, len(rec))]}, i + 4, bytes.HasPrefix(rec[i:], []byte("true"))
	case 'f':
		return outer{kind: 'f', raw: rec[i:min(i+5, len(rec))]}, i + 5, bytes.HasPrefix(rec[i:], []byte("false"))
	case 'n':
		return o, i + 4, bytes.HasPrefix(rec[i:], []byte("null"))
	}
	next = i
	for next < len(rec) && rec[next] >= '0' && rec[next] <= '9' {
		next++
	}
	return outer{kind: 'n', raw: rec[i:next]}, next, next > i && (rec[i] != '0' || next == i+1)
}

func blank(rec []byte, i int) int {
	for i < len(rec) && (rec[i] == ' ' || rec[i] == '\t' || rec[i] == '\n' || rec[i] == '\r') {
		i++
	}
	return i
}

// plainString reads the string that begins at i, unless there is an escape in it.
func plainString(rec []byte, i int) (text []byte, next int, ok bool) {
	n := bytes.IndexByte(rec[i+1:], '"')
	if n < 0 {
		return nil, i, false
	}
	text = rec[i+1 : i+1+n]
	if bytes.IndexByte(text, '\\') >= 0 {
		return nil, i, false
	}
	return text, i + n + 2, true
}

// nested finds the end of the object or array that begins at i. Whether it is JSON has to be asked of the parser; if it is,
// this is where it ends.
func nested(rec []byte, i int) (end int, ok bool) {
	depth := 0
	for i < len(rec) {
		switch rec[i] {
		case '"':
			for {
				n := bytes.IndexByte(rec[i+1:], '"')
				if n < 0 {
					return i, false
				}
				i += n + 1
				back := i - 1
				for rec[back] == '\\' {
					back--
				}
				if (i-back)%2 == 1 {
					break
				}
			}
		case '{', '[':
			if depth++; depth > quickDepth {
				return i, false
			}
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1, true
			}
		}
		i++
	}
	return i, false
}

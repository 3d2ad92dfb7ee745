package store

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// The values of events stand in the tables of their batch, and a column takes them from there. Each of these kinds of
// data encodes without making a value for every row.
type (
	// coded is text: row i has texts[at[i]].
	coded struct {
		at    []uint32
		texts []string
	}
	// targetTexts is one text of every target of a list, joined.
	targetTexts struct {
		at    []uint32
		lists [][]access.Target
		text  func(*access.Target) string
	}
	// same is one value in every row: a text or a time.
	same struct {
		v any
		n int
	}
	// eventTimes are the times of events.
	eventTimes []access.EventRow
	// micros are times in microseconds since 1970, as eventTimes are.
	micros []int64
	// refs are the ids of last uses behind their times, so that the greatest text is that of the latest; "" without a use.
	refs []access.UsageRow
	// eventIDs are the ids of events; one that is no UUID leaves a zero here.
	eventIDs struct{ c *access.Columns }
	// otherIDs are the ids of events that are no UUIDs, and empty for those that are.
	otherIDs struct{ c *access.Columns }
)

// plain makes ordinary slices of these kinds, for the driver.
func plain(data any) any {
	switch v := data.(type) {
	case coded:
		out := make([]string, len(v.at))
		for i, at := range v.at {
			out[i] = v.texts[at]
		}
		return out
	case targetTexts:
		out := make([]string, len(v.at))
		for i, at := range v.at {
			out[i] = joined(v.lists[at], v.text)
		}
		return out
	case same:
		if at, ok := v.v.(time.Time); ok {
			return repeat(at, v.n)
		}
		return repeat(v.v.(string), v.n)
	case eventTimes:
		out := make([]time.Time, len(v))
		for i := range v {
			out[i] = time.UnixMicro(v[i].Time).UTC()
		}
		return out
	case micros:
		out := make([]time.Time, len(v))
		for i, t := range v {
			out[i] = time.UnixMicro(t).UTC()
		}
		return out
	case refs:
		out := make([]string, len(v))
		for i := range v {
			out[i] = string(appendRef(nil, &v[i]))
		}
		return out
	case eventIDs:
		out := make([]string, v.c.Len())
		for i := range out {
			id, _ := parseUUID(v.c.ID(i))
			out[i] = formatUUID(id)
		}
		return out
	case otherIDs:
		out := make([]string, v.c.Len())
		for i := range out {
			if _, ok := parseUUID(v.c.ID(i)); !ok {
				out[i] = string(v.c.ID(i))
			}
		}
		return out
	}
	return data
}

// uuid is a UUID as it is written: sixteen bytes, the first first.
type uuid [16]byte

const hexDigits = "0123456789abcdef"

// unhex has the value of each hexadecimal digit in lower case, and 255 for all else.
var unhex = func() (t [256]byte) {
	for i := range t {
		t[i] = 255
	}
	for i := range len(hexDigits) {
		t[hexDigits[i]] = byte(i)
	}
	return t
}()

const uuidLen = 36

// parseUUID reads a UUID in the one spelling that comes out of the engine again: in lower case, with four hyphens.
func parseUUID(b []byte) (u uuid, ok bool) {
	if len(b) != uuidLen || b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-' {
		return u, false
	}
	n, bad := 0, byte(0)
	for i := 0; i < uuidLen; i += 2 {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			i++
		}
		x, y := unhex[b[i]], unhex[b[i+1]]
		bad |= x | y
		u[n] = x<<4 | y
		n++
	}
	if bad > 15 {
		return uuid{}, false
	}
	return u, true
}

func formatUUID(u uuid) string {
	out := make([]byte, 0, uuidLen)
	for i, b := range u {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			out = append(out, '-')
		}
		out = append(out, hexDigits[b>>4], hexDigits[b&15])
	}
	return string(out)
}

// uuids writes UUIDs as ClickHouse keeps them: two numbers of 64 bits, the upper half first.
func (e *encoder) uuids(c *access.Columns) {
	for i := range c.Len() {
		u, _ := parseUUID(c.ID(i))
		e.u64(binary.BigEndian.Uint64(u[:8]))
		e.u64(binary.BigEndian.Uint64(u[8:]))
	}
}

func (e *encoder) otherIDs(c *access.Columns) {
	for i := range c.Len() {
		id := c.ID(i)
		if _, ok := parseUUID(id); ok {
			id = nil
		}
		e.bytes(id)
	}
}

// same writes one value n times.
func (e *encoder) same(typ string, v same) {
	switch x := v.v.(type) {
	case time.Time:
		from := len(e.buf)
		e.times(typ, []time.Time{x})
		one := slices.Clone(e.buf[from:])
		for range v.n - 1 {
			e.buf = append(e.buf, one...)
		}
	case string:
		if typ == typeLow {
			e.u64(lowVersion)
			d := e.beginLow()
			k := e.key(x)
			for range v.n {
				e.keys = append(e.keys, k)
			}
			e.endLow(d)
			return
		}
		for range v.n {
			e.str(x)
		}
	}
}

func (e *encoder) coded(typ string, v coded) {
	if typ != typeLow {
		for _, at := range v.at {
			e.str(v.texts[at])
		}
		return
	}
	e.u64(lowVersion)
	d := e.beginLow()
	codes := e.unknown(len(v.texts))
	for _, at := range v.at {
		k := codes[at]
		if k == noKey {
			k = e.key(v.texts[at])
			codes[at] = k
		}
		e.keys = append(e.keys, k)
	}
	e.endLow(d)
}

func (e *encoder) targetTexts(v targetTexts) {
	for _, at := range v.at {
		e.text = appendJoined(e.text[:0], v.lists[at], v.text)
		e.bytes(e.text)
	}
}

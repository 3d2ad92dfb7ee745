package store

import (
	"encoding/binary"
	"maps"
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
	// codedLists are lists of texts in the same way.
	codedLists struct {
		at    []uint32
		lists [][]string
	}
	// codedMaps are maps in the same way.
	codedMaps struct {
		at   []uint32
		maps []map[string]string
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
	case codedLists:
		out := make([][]string, len(v.at))
		for i, at := range v.at {
			out[i] = v.lists[at]
		}
		return out
	case codedMaps:
		out := make([]map[string]string, len(v.at))
		for i, at := range v.at {
			out[i] = v.maps[at]
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
		e.buf = binary.AppendUvarint(e.buf, uint64(len(id)))
		e.buf = append(e.buf, id...)
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

func (e *encoder) codedLists(typ string, v codedLists) {
	if typ == typeLows {
		e.u64(lowVersion) // the inner column's prefix comes before the offsets
	}
	total := e.codedOffsets(v.at, func(i int) int { return len(v.lists[i]) })
	if typ != typeLows {
		for _, at := range v.at {
			for _, s := range v.lists[at] {
				e.str(s)
			}
		}
		return
	}
	if total > 0 {
		e.lowLists(v.at, v.lists)
	}
}

// codedMaps writes keys and values apart, in the order of the keys: Go's own order differs each time.
func (e *encoder) codedMaps(v codedMaps) {
	e.u64(lowVersion)
	e.u64(lowVersion)
	keys, values := make([][]string, len(v.maps)), make([][]string, len(v.maps))
	for i, m := range v.maps {
		keys[i] = slices.Sorted(maps.Keys(m))
		for _, k := range keys[i] {
			values[i] = append(values[i], m[k])
		}
	}
	if e.codedOffsets(v.at, func(i int) int { return len(keys[i]) }) > 0 {
		e.lowLists(v.at, keys)
		e.lowLists(v.at, values)
	}
}

// codedOffsets writes where the list of each row ends, and returns how many there are in all of them.
func (e *encoder) codedOffsets(at []uint32, size func(i int) int) uint64 {
	var end uint64
	for _, i := range at {
		end += uint64(size(int(i)))
		e.u64(end)
	}
	return end
}

// lowLists writes the elements of the rows' lists as one dictionary and its keys. Each list is looked up once.
func (e *encoder) lowLists(at []uint32, lists [][]string) {
	d := e.beginLow()
	codes := make([][]uint32, len(lists))
	for _, i := range at {
		if codes[i] == nil {
			codes[i] = make([]uint32, len(lists[i]))
			for n, s := range lists[i] {
				codes[i][n] = e.key(s)
			}
		}
		e.keys = append(e.keys, codes[i]...)
	}
	e.endLow(d)
}

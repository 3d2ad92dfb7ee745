package store

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// column is one column of an insert: its name, the type that it is sent as, and its values as one Go slice, whose type
// the encoder and the driver both know how to take.
type column struct {
	name, typ string
	data      any
}

// The types that columns are sent as. ClickHouse converts what differs from the table.
const (
	typeString  = "String"
	typeLow     = "LowCardinality(String)"
	typeMicros  = "DateTime64(6, 'UTC')"
	typeMillis  = "DateTime64(3, 'UTC')"
	typeMinute  = "DateTime('UTC')"
	typeStrings = "Array(String)"
	typeUUID    = "UUID"
	typeDays    = "Array(UInt16)"
	typeCounts  = "Array(UInt32)"
)

// encoder writes one block in ClickHouse's Native format, as an INSERT over HTTP takes it: number of columns, number of
// rows, and for each column name, type and values. It is a reader that encodes one column at a time as it is read, so
// that a block never lies in memory as a whole. Reading it again from the start gives the same bytes.
type encoder struct {
	cols []column
	rows int
	next int // the column that is encoded next; -1 before the head
	row  int // of that column, when it is encoded in pieces

	buf   []byte // what is encoded and not read yet is buf[read:]
	read  int
	dict  map[string]uint32
	keys  []uint32
	codes []uint32
	text  []byte
}

// begin makes e a reader of the block of these columns. All of them must have the same number of rows.
func (e *encoder) begin(cols []column, rows int) error {
	for _, c := range cols {
		switch n := length(c.data); {
		case n < 0:
			return fmt.Errorf("column %s: no encoding for %T", c.name, c.data)
		case n != rows:
			return fmt.Errorf("column %s has %d rows, expected %d", c.name, n, rows)
		}
	}
	e.cols, e.rows, e.next, e.row, e.buf, e.read = cols, rows, -1, 0, e.buf[:0], 0
	return nil
}

// Read implements io.Reader.
func (e *encoder) Read(p []byte) (int, error) {
	for e.read == len(e.buf) {
		if e.next == len(e.cols) {
			return 0, io.EOF
		}
		e.buf, e.read = e.buf[:0], 0
		e.advance()
	}
	n := copy(p, e.buf[e.read:])
	e.read += n
	return n, nil
}

// advance encodes the head or the next column; of raw records, which are as long as all the rest, the next piece of it.
func (e *encoder) advance() {
	if e.next < 0 {
		e.buf = binary.AppendUvarint(e.buf, uint64(len(e.cols)))
		e.buf = binary.AppendUvarint(e.buf, uint64(e.rows))
		e.next++
		return
	}
	c := e.cols[e.next]
	if e.row == 0 {
		e.str(c.name)
		e.str(c.typ)
	}
	if raw, ok := c.data.([][]byte); ok {
		for e.row < len(raw) && len(e.buf) < piece {
			e.bytes(raw[e.row])
			e.row++
		}
		if e.row < len(raw) {
			return
		}
		e.row = 0
	} else {
		e.values(c)
	}
	e.next++
}

// piece is how many bytes of raw records are encoded at once.
const piece = 256 << 10

// forget drops the values of the last block.
func (e *encoder) forget() {
	e.cols = nil
	clear(e.dict)
}

func (e *encoder) values(c column) {
	switch v := c.data.(type) {
	case []string:
		if c.typ == typeLow {
			e.u64(lowVersion)
			e.low(v)
			return
		}
		for _, s := range v {
			e.str(s)
		}
	case []time.Time:
		e.times(c.typ, v)
	case []uint8:
		e.buf = append(e.buf, v...)
	case []uint16:
		for _, n := range v {
			e.buf = binary.LittleEndian.AppendUint16(e.buf, n)
		}
	case []uint32:
		for _, n := range v {
			e.buf = binary.LittleEndian.AppendUint32(e.buf, n)
		}
	case []uint64:
		for _, n := range v {
			e.u64(n)
		}
	case []int64:
		for _, n := range v {
			e.u64(uint64(n))
		}
	case []float64:
		for _, n := range v {
			e.u64(math.Float64bits(n))
		}
	case [][]string:
		e.offsets(len(v), func(i int) int { return len(v[i]) })
		for _, a := range v {
			for _, s := range a {
				e.str(s)
			}
		}
	case [][]uint16:
		e.offsets(len(v), func(i int) int { return len(v[i]) })
		for _, a := range v {
			for _, n := range a {
				e.buf = binary.LittleEndian.AppendUint16(e.buf, n)
			}
		}
	case [][]uint32:
		e.offsets(len(v), func(i int) int { return len(v[i]) })
		for _, a := range v {
			for _, n := range a {
				e.buf = binary.LittleEndian.AppendUint32(e.buf, n)
			}
		}
	case coded:
		e.coded(c.typ, v)
	case targetTexts:
		e.targetTexts(v)
	case same:
		e.same(c.typ, v)
	case eventTimes:
		for i := range v {
			e.u64(uint64(v[i].Time))
		}
	case micros:
		for _, t := range v {
			e.u64(uint64(t))
		}
	case refs:
		for i := range v {
			e.text = appendRef(e.text[:0], &v[i])
			e.bytes(e.text)
		}
	case eventIDs:
		e.uuids(v.c)
	case otherIDs:
		e.otherIDs(v.c)
	}
}

func (e *encoder) u64(n uint64) { e.buf = binary.LittleEndian.AppendUint64(e.buf, n) }

func (e *encoder) str(s string) {
	e.buf = binary.AppendUvarint(e.buf, uint64(len(s)))
	e.buf = append(e.buf, s...)
}

func (e *encoder) bytes(b []byte) {
	e.buf = binary.AppendUvarint(e.buf, uint64(len(b)))
	e.buf = append(e.buf, b...)
}

func (e *encoder) times(typ string, v []time.Time) {
	switch typ {
	case typeMinute:
		for _, t := range v {
			e.buf = binary.LittleEndian.AppendUint32(e.buf, uint32(min(max(t.Unix(), 0), math.MaxUint32)))
		}
	case typeMillis:
		for _, t := range v {
			e.u64(uint64(clamp(t).UnixMilli()))
		}
	default:
		for _, t := range v {
			e.u64(uint64(clamp(t).UnixMicro()))
		}
	}
}

func (e *encoder) offsets(n int, size func(int) int) {
	var end uint64
	for i := range n {
		end += uint64(size(i))
		e.u64(end)
	}
}

// length is the number of rows in a column's values.
func length(data any) int {
	switch v := data.(type) {
	case []string:
		return len(v)
	case []time.Time:
		return len(v)
	case []uint8:
		return len(v)
	case []uint16:
		return len(v)
	case []uint32:
		return len(v)
	case []uint64:
		return len(v)
	case []float64:
		return len(v)
	case []int64:
		return len(v)
	case [][]string:
		return len(v)
	case [][]uint16:
		return len(v)
	case [][]uint32:
		return len(v)
	case [][]byte:
		return len(v)
	case coded:
		return len(v.at)
	case targetTexts:
		return len(v.at)
	case same:
		return v.n
	case eventTimes:
		return len(v)
	case micros:
		return len(v)
	case refs:
		return len(v)
	case eventIDs:
		return v.c.Len()
	case otherIDs:
		return v.c.Len()
	}
	return -1
}

// list writes the names of the columns for an INSERT. Names are ours, never a value.
func list(cols []column) string {
	var b strings.Builder
	for i, c := range cols {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("`" + c.name + "`")
	}
	return b.String()
}

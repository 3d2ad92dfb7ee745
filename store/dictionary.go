package store

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// lowVersion stands before every LowCardinality: the version of how its keys are written.
const lowVersion = 1

// noKey is the key of a text that was not looked up yet.
const noKey = math.MaxUint32

// low writes a LowCardinality(String): a dictionary whose entry 0 is the empty string, and an index for each row.
// Neighbours are often the same string in the same place in memory, which is seen without looking at its bytes.
func (e *encoder) low(v []string) {
	if len(v) == 0 {
		return // without rows there is no dictionary either
	}
	d := e.beginLow()
	var last string
	var lastKey uint32
	for _, s := range v {
		if len(s) != len(last) || unsafe.StringData(s) != unsafe.StringData(last) {
			last, lastKey = s, e.key(s)
		}
		e.keys = append(e.keys, lastKey)
	}
	e.endLow(d)
}

// beginLow begins a dictionary and returns where its head stands.
func (e *encoder) beginLow() (head int) {
	if e.dict == nil {
		e.dict = make(map[string]uint32, 1024)
	}
	clear(e.dict)
	e.keys = e.keys[:0]
	e.dict[""] = 0
	head = len(e.buf)
	e.u64(0) // what kind of keys follow: known at the end
	e.u64(0) // size of the dictionary: same
	e.str("")
	return head
}

// key is the key of a text in the dictionary, which gets it if it does not have it.
func (e *encoder) key(s string) uint32 {
	k, ok := e.dict[s]
	if !ok {
		k = uint32(len(e.dict))
		e.dict[s] = k
		e.str(s)
	}
	return k
}

// endLow writes the keys of the rows.
func (e *encoder) endLow(head int) {
	const additionalKeys, updateDictionary = 1 << 9, 1 << 10
	kind, size := uint64(additionalKeys|updateDictionary), len(e.dict)
	e.u64(uint64(len(e.keys)))
	switch {
	case size <= math.MaxUint8+1:
		for _, k := range e.keys {
			e.buf = append(e.buf, byte(k))
		}
	case size <= math.MaxUint16+1:
		kind |= 1
		for _, k := range e.keys {
			e.buf = binary.LittleEndian.AppendUint16(e.buf, uint16(k))
		}
	default:
		kind |= 2
		for _, k := range e.keys {
			e.buf = binary.LittleEndian.AppendUint32(e.buf, k)
		}
	}
	binary.LittleEndian.PutUint64(e.buf[head:], kind)
	binary.LittleEndian.PutUint64(e.buf[head+8:], uint64(size))
}

// unknown are n keys that are not known yet.
func (e *encoder) unknown(n int) []uint32 {
	e.codes = e.codes[:0]
	for range n {
		e.codes = append(e.codes, noKey)
	}
	return e.codes
}

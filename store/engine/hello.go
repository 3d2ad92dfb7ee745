package engine

import (
	"encoding/binary"
	"strings"
)

// helloQuery is the first thing that clickhouse-go asks over HTTP. It reads
// the answer in the newest revision of the Native format and every later block
// in the revision that the answer names.
const helloQuery = "SELECT displayName(), version(), revision(), timezone()"

// customSerialization is the revision from which a column says whether it is
// serialised in a way of its own.
const customSerialization = 54454

func (q *request) isHello(statement string) bool {
	return q.revision > 0 && strings.EqualFold(q.format, "Native") && strings.TrimRight(strings.TrimSpace(statement), ";") == helloQuery
}

// helloBlock answers it with revision 0, which is how the engine prints Native.
func helloBlock(revision uint64, version string) []byte {
	var b []byte
	str := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	if revision > 0 {
		b = append(b, 1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0) // block info: no overflow rows, no bucket
	}
	b = append(b, 4, 1) // columns, rows
	column := func(name, typ string) {
		str(name)
		str(typ)
		if revision >= customSerialization {
			b = append(b, 0)
		}
	}
	column("displayName()", "String")
	str("grantwatch engine")
	column("version()", "String")
	str(version)
	column("revision()", "UInt32")
	b = binary.LittleEndian.AppendUint32(b, 0)
	column("timezone()", "String")
	str("UTC")
	return b
}

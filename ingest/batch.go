package ingest

import (
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/grantwatch/grantwatch/access"
)

// buffer is a batch that is being filled, and the memory that it is made of. Buffers are used again and again: columns,
// arenas and maps keep their memory.
type buffer struct {
	batch access.Batch
	arena arena // the records themselves, when the feed keeps them
	hash  *xxh3.Hasher
	bytes int64
	told  int64 // records that the observer knows of
	roll  *fold // what was rolled up, of the last batch of those that it spans; else nil
}

func newBuffer() *buffer {
	return &buffer{hash: xxh3.New()}
}

// begin empties the buffer for a stretch that starts at from.
func (b *buffer) begin(team, feed, source string, from int64, now time.Time) {
	c := b.batch.Events
	c.Reset()
	dead, hits, canaries := b.batch.Dead[:0], b.batch.Hits[:0], b.batch.Canaries[:0]
	clear(dead[:cap(dead)]) // raw records of a bad hour must not be kept alive
	clear(hits[:cap(hits)])
	b.batch = access.Batch{Team: team, Feed: feed, Source: source, From: from, To: from, Ingested: now, Events: c, Dead: dead, Hits: hits, Canaries: canaries}
	b.arena.reset()
	b.hash.Reset()
	b.bytes, b.told = 0, 0
}

// raw adds a record's bytes to the payload hash of the token.
func (b *buffer) raw(rec []byte) {
	var n [8]byte
	for i := range n {
		n[i] = byte(len(rec) >> (8 * i)) // so that "ab","c" is not "a","bc"
	}
	_, _ = b.hash.Write(n[:]) // a hash does not fail
	_, _ = b.hash.Write(rec)
	b.bytes += int64(len(rec))
	b.batch.Received++
}

// end closes the stretch at to, and makes the batch complete. roll goes with it unless it is nil.
func (b *buffer) end(to int64, roll *fold) {
	x := &b.batch
	x.To = to
	sum := b.hash.Sum128().Bytes()
	x.Token = fmt.Sprintf("%s/%s/%d-%d/%s", x.Feed, x.Source, x.From, x.To, hex.EncodeToString(sum[:]))
	if b.roll = roll; roll != nil {
		x.Usage, x.Coverage, x.Sessions = roll.usage, roll.coverage, roll.sessions
	}
	x.Accounts = accounts(x.Events.Acts)
}

// keep keeps the bytes of the record that was appended last.
func (b *buffer) keep(rec []byte) {
	b.batch.Events.Raw = append(b.batch.Events.Raw, b.arena.copy(rec))
}

// accounts are those of all acts, each once and in order.
func accounts(acts []access.Act) []string {
	var out []string
	for i := range acts {
		if i == 0 || acts[i].Account != acts[i-1].Account {
			out = append(out, acts[i].Account)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

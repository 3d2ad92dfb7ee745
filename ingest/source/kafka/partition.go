package kafka

import (
	"fmt"
	"sort"
	"time"

	"github.com/grantwatch/grantwatch/access"

	"github.com/twmb/franz-go/pkg/kgo"
)

// partition is what is known of a partition that is ours.
type partition struct {
	topic string
	id    int32

	known    bool  // the committed offset was asked for
	position int64 // the committed offset, or what should be; -1 when there is none yet
	epoch    int32 // the leader's at position
	next     *mark // the range that is being written; once decided, it stays as it is
	marked   bool  // next stands in the metadata

	start int64  // the oldest offset that the broker still has, as far as it said
	told  int64  // offsets before it were looked at for holes
	holes []Hole // found and not kept yet

	seen  time.Time // when something was fetched
	asked time.Time // since when it is among the few that are fetched; zero when it is not
	first time.Time // when the first was fetched of those that wait

	held   []Message // fetched and not written, in order
	bytes  int64
	failed bool // the client has stopped fetching

	high   int64 // where the partition ended when it was last fetched from
	served int64 // its last turn
	flying bool  // a range of it is being written
}

// take adds what was fetched.
func (p *partition) take(r *kgo.Record, feeds []string) {
	m := Message{Offset: r.Offset, next: r.Offset + 1, epoch: r.LeaderEpoch, Value: r.Value, feed: feeds[0]}
	for _, h := range r.Headers {
		if h.Key == Header {
			m.feed, m.Rejected = choose(string(h.Value), feeds)
		}
	}
	p.add(m)
}

// choose finds the feed that a header names. Other feeds than those of the topic are out of its reach.
func choose(name string, feeds []string) (string, *access.Rejection) {
	for _, f := range feeds {
		if f == name {
			return f, nil
		}
	}
	return feeds[0], access.Reject(access.ReasonUnsupported, fmt.Sprintf("the header %s names %q, which is no feed of this topic", Header, name))
}

func (p *partition) add(m Message) {
	if n := len(p.held); n > 0 {
		p.missing(p.held[n-1].next, m.Offset)
	}
	p.held = append(p.held, m)
	p.bytes += int64(len(m.Value))
}

// Hole is a stretch of offsets [From, To) that the broker removed before it was read: retention was shorter than we were
// behind.
type Hole struct {
	Source   string
	From, To int64
}

// missing looks for a hole between an offset that comes next and the one that is here. Offsets are also left out where a
// transaction ended or a topic is compacted; what tells a hole is that the broker begins behind it.
func (p *partition) missing(from, here int64) {
	to := min(here, p.start)
	if from < 0 || from >= to || from < p.told {
		return
	}
	p.holes = append(p.holes, Hole{Source(p.topic, p.id), from, to})
	p.told = to
}

// bomb takes note of a batch that would not stay within bounds when decompressed.
func (p *partition) bomb(e *kgo.ErrDecompressTooLarge, feed string, most int) {
	p.add(Message{Offset: e.Offset, next: e.NextOffset, epoch: e.Epoch, feed: feed, Rejected: access.Reject(access.ReasonTooLarge,
		fmt.Sprintf("a batch of the offsets %d to %d is longer than %d bytes when decompressed", e.Offset, e.NextOffset-1, most))})
}

// fetched is the offset up to which the partition was fetched; -1 when that is not known.
func (p *partition) fetched() int64 {
	if n := len(p.held); n > 0 {
		return p.held[n-1].next
	}
	return p.position
}

// waiting is how many records are held beside those that are being written.
func (p *partition) waiting() int { return len(p.held) - p.planned() }

// planned is how many of the records that are held are of the range that is being written.
func (p *partition) planned() int {
	if p.next == nil {
		return 0
	}
	return sort.Search(len(p.held), func(i int) bool { return p.held[i].Offset >= p.next.To })
}

// plan decides which range is written next and reports whether all of it is here. lost tells of records that a range
// had and the broker has no more.
func (p *partition) plan(records int, bytes int64, at time.Time, limits Limits) (ready bool, lost error) {
	if !p.known || len(p.held) == 0 {
		return false, nil
	}
	p.missing(p.position, p.held[0].Offset)
	if p.next != nil && p.held[0].Offset >= p.next.To {
		lost = fmt.Errorf("kafka: %s: the offsets %d to %d were being written and are no longer in the topic", Source(p.topic, p.id), p.next.From, p.next.To-1)
		p.next = nil
	}
	if p.next != nil {
		return p.fetched() >= p.next.To, nil
	}
	from := p.position
	if from < 0 || p.held[0].Offset < from || lost != nil {
		from = p.held[0].Offset // the first ever, or the topic has begun again
	}
	n, size := 0, int64(0)
	for n < len(p.held) && n < records && (n == 0 || size < bytes) {
		size += int64(len(p.held[n].Value))
		n++
	}
	p.next = &mark{From: from, To: p.held[n-1].next, At: at.UnixMilli(), Limits: limits}
	p.marked = false
	return true, lost
}

// ranges are the messages of the range that is being written, feed by feed.
func (p *partition) ranges(feeds []string) []Range {
	m := p.next
	var out []Range
	for _, f := range feeds {
		r := Range{Feed: f, Source: Source(p.topic, p.id), From: m.From, To: m.To, At: time.UnixMilli(m.At).UTC(), Limits: m.Limits}
		for i := range p.held {
			if p.held[i].Offset >= m.To {
				break
			}
			if p.held[i].feed == f {
				r.Messages = append(r.Messages, p.held[i])
			}
		}
		if len(r.Messages) > 0 {
			out = append(out, r)
		}
	}
	return out
}

// release lets go of the values of the first n records, and tells how long they were.
func (p *partition) release(n int) (bytes int64) {
	for i := range p.held[:n] {
		bytes += int64(len(p.held[i].Value))
		p.held[i].Value = nil
	}
	return bytes
}

// forget lets go of all that is held: it is fetched again.
func (p *partition) forget() { p.held, p.bytes = nil, 0 }

// written goes behind the range: it is durable. What waits behind it has waited since it was begun, for all that is known.
func (p *partition) written() {
	n := p.planned()
	if n > 0 {
		p.epoch = p.held[n-1].epoch
	}
	rest := copy(p.held, p.held[n:])
	clear(p.held[rest:]) // so that the values can be collected
	p.held = p.held[:rest]
	p.position, p.next, p.marked = p.next.To, nil, false
}

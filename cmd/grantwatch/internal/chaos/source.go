package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"github.com/grantwatch/grantwatch/ingest/made"
)

// source makes the records of one feed, numbered from base on. A record follows from its number alone, so that what was
// made can be made again to be compared with.
type source struct {
	feed   string
	team   string // payments when empty
	base   int
	actors int
	poison int                // every so many records one that cannot be read; 0 for none
	clock  func(i int) string // the time of record i; nil for made's own
	next   atomic.Int64       // how many were made
}

// poisonAt is where in its stretch the poison record stands.
const poisonAt = 7

func (s *source) poisoned(i int) bool { return s.poison > 0 && i%s.poison == poisonAt }

// line writes record i.
func (s *source) line(b *bytes.Buffer, i int) {
	n := s.base + i
	if s.poisoned(i) {
		fmt.Fprintf(b, `{"eventVersion":"1.09","poison":%d}`+"\n", n)
		return
	}
	r := rand.New(rand.NewPCG(uint64(n), 7))
	who := r.IntN(s.actors)
	if s.clock != nil {
		var own bytes.Buffer
		made.CloudTrail(&own, r, n, who)
		b.Write(atClock(own.Bytes(), s.clock(i)))
		return
	}
	made.CloudTrail(b, r, n, who)
}

// take makes the next so many records.
func (s *source) take(n int) []byte {
	to := int(s.next.Add(int64(n)))
	var b bytes.Buffer
	for i := to - n; i < to; i++ {
		s.line(&b, i)
	}
	return b.Bytes()
}

func (s *source) made() int { return int(s.next.Load()) }

// dead is how many of the records made cannot be read.
func (s *source) dead() int {
	if s.poison == 0 {
		return 0
	}
	return (s.made() + s.poison - 1 - poisonAt) / s.poison
}

// events are the ids that should be stored.
func (s *source) events(each func(id string)) {
	for i := range s.made() {
		if !s.poisoned(i) {
			each(made.EventID(s.base + i))
		}
	}
}

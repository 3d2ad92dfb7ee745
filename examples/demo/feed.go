package demo

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"time"
)

// scribe writes one record of a format: the call says who did what, at is Unix milliseconds, id makes it unique.
type scribe interface {
	record(b []byte, call int32, at int64, id uint64) []byte
}

// planned is a record that has to be there: a required use, a plant. It stands at its place in the file; at is its
// event time, which is earlier for a late record.
type planned struct {
	place, at int64
	call      int32
}

// feed is one log. Time is cut into hours: each has one record of the canary, so that nothing is ever silent for
// longer than 80 minutes, the planned records, and a share of ordinary traffic that follows the working day.
type feed struct {
	name, team, format, account, dir string
	classes                          []string
	write                            scribe
	seed                             uint64
	start, end                       int64 // Unix milliseconds; end is AsOf, or when the feed went dead
	holes                            [][2]int64
	canary                           int32
	pool                             []int32
	plan                             []planned
	share                            float64 // of the ordinary traffic

	fill   int64
	weight []int64 // cumulative, per hour
	total  int64
	zipped bool // WriteTo compresses it
}

const hourMillis = int64(3600_000)

func (o *Org) newFeed(name, team, format, account, dir string, share float64) *feed {
	f := &feed{name: name, team: team, format: format, account: account, dir: dir, share: share, seed: hash(o.seed, "feed "+name),
		start: o.opt.AsOf.AddDate(0, 0, -o.opt.Days).UnixMilli(), end: o.opt.AsOf.UnixMilli()}
	o.feeds = append(o.feeds, f)
	return f
}

func (f *feed) inHole(ms int64) bool {
	for _, h := range f.holes {
		if ms >= h[0] && ms < h[1] {
			return true
		}
	}
	return false
}

// at plans a record at an exact time.
func (f *feed) at(call int32, t time.Time) {
	ms := t.UnixMilli()
	if f.inHole(ms) || ms < f.start || ms >= f.end {
		panic(fmt.Sprintf("demo: %s: a planned record at %s is where the feed has none", f.name, t))
	}
	f.plan = append(f.plan, planned{place: ms, at: ms, call: call})
}

// late plans a record that is written hours after it happened.
func (f *feed) late(call int32, t time.Time, delay time.Duration) {
	f.at(call, t)
	f.plan[len(f.plan)-1].place += delay.Milliseconds()
}

// within plans a record at some moment between two numbers of days ago, outside of holes.
func (f *feed) within(o *Org, call int32, from, to float64) time.Time {
	for {
		t := o.ago(o.dice.between(to, from)).Add(time.Duration(o.dice.n(1000)) * time.Millisecond)
		if ms := t.UnixMilli(); !f.inHole(ms) && ms < f.end {
			f.at(call, t)
			return t
		}
	}
}

// once plans the one use that a non-human identity needs: well inside the 90-day window, and not so late that it was
// idle for 90 days before.
func (f *feed) once(o *Org, call int32) { f.within(o, call, 87, 33) }

// regularly plans uses that are never 45 days apart, as a privileged human's have to be.
func (f *feed) regularly(o *Org, call int32) {
	for _, day := range []float64{101, 65, 30} {
		f.within(o, call, day+2.5, day-2.5)
	}
}

// schedule decides how many records each feed has, so that the sum is exact.
func (o *Org) schedule() error {
	var fixed int64
	var shares float64
	for _, f := range o.feeds {
		slices.SortStableFunc(f.plan, func(a, b planned) int { return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.call, b.call)) })
		shuffled := make([]int32, len(f.pool)) // so that it is chance who does most of the work
		for to, from := range o.dice.permutation(len(f.pool)) {
			shuffled[to] = f.pool[from]
		}
		f.pool = shuffled
		hours := int((f.end - f.start) / hourMillis)
		f.weight = make([]int64, hours+1)
		for h := range hours {
			from := f.start + int64(h)*hourMillis
			w := int64(0)
			if !f.inHole(from) {
				w = dayWeight(time.UnixMilli(from).UTC())
				fixed++
				f.total++
			}
			f.weight[h+1] = f.weight[h] + w
		}
		fixed += int64(len(f.plan))
		f.total += int64(len(f.plan))
		shares += f.share
	}
	ordinary := int64(o.opt.Events) - fixed
	if ordinary < 0 {
		return fmt.Errorf("demo: %d events are too few: the canaries, the uses that healthy grants need and the plants are %d", o.opt.Events, fixed)
	}
	rest := ordinary
	for _, f := range o.feeds {
		f.fill = int64(float64(ordinary) * f.share / shares)
		rest -= f.fill
	}
	o.feeds[0].fill += rest
	for _, f := range o.feeds {
		f.total += f.fill
	}
	return nil
}

func dayWeight(t time.Time) int64 {
	w := int64(4)
	if h := t.Hour(); h >= 7 && h < 18 {
		w = 10
	}
	if d := t.Weekday(); d == time.Saturday || d == time.Sunday {
		w = w/2 + 1
	}
	return w
}

// upTo is the number of ordinary records before hour h.
func (f *feed) upTo(h int) int64 {
	all := f.weight[len(f.weight)-1]
	// Split so that the product stays within 64 bits for any number of records.
	return f.fill/all*f.weight[h] + f.fill%all*f.weight[h]/all
}

// records counts the records of hours [from, to).
func (f *feed) records(from, to int) int64 {
	n := f.upTo(to) - f.upTo(from)
	for h := from; h < to; h++ {
		if f.weight[h+1] > f.weight[h] {
			n++
		}
	}
	return n + int64(f.planIndex(to)-f.planIndex(from))
}

// planIndex is the index of the first planned record whose place is in hour h or later.
func (f *feed) planIndex(h int) int {
	from := f.start + int64(h)*hourMillis
	return sort.Search(len(f.plan), func(i int) bool { return f.plan[i].place >= from })
}

type entry struct {
	place, at int64
	id        uint64
	call      int32
}

// hour gives the records of hour h in the order of their places.
func (f *feed) hour(h int, out []entry) []entry {
	out = out[:0]
	from := f.start + int64(h)*hourMillis
	span := uint64(hourMillis)
	last := h == len(f.weight)-2
	if last {
		span -= 5 * 60_000 // nothing is newer than five minutes
	}
	base := mix(f.seed ^ uint64(h)*0x9e3779b97f4a7c15)
	if f.weight[h+1] > f.weight[h] {
		at := from + 20*60_000 + int64(mix(base^1)%(20*60_000))
		if last {
			at = from + 56*60_000
		}
		out = append(out, entry{place: at, at: at, id: mix(base + 2), call: f.canary})
	}
	n := f.upTo(h+1) - f.upTo(h)
	size := float64(len(f.pool))
	for j := int64(0); j < n; j++ {
		id := mix(base + uint64(j)*4 + 8)
		u := mix(id ^ 0x1234567)
		at := from + int64(u%span)
		// A few identities do most of the work: the cube of a uniform number.
		x := float64(mix(u)>>11) / (1 << 53)
		out = append(out, entry{place: at, at: at, id: id, call: f.pool[int(x*x*x*size)]})
	}
	for i := f.planIndex(h); i < len(f.plan) && f.plan[i].place < from+hourMillis; i++ {
		p := f.plan[i]
		out = append(out, entry{place: p.place, at: p.at, id: mix(f.seed ^ uint64(i)<<40 ^ 0xfeed), call: p.call})
	}
	slices.SortFunc(out, func(a, b entry) int { return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.id, b.id)) })
	return out
}

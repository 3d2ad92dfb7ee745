package metrics

import "time"

// latenessBounds are the buckets of event lateness: what a live stream has, what a provider's delivery has, and what a
// backfill has.
var latenessBounds = [...]time.Duration{time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute,
	time.Hour, 3 * time.Hour, 6 * time.Hour, 24 * time.Hour, 3 * 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour}

// lateness is a histogram. It is filled batch by batch without a lock, and the batches' are added up.
type lateness struct {
	counts [len(latenessBounds) + 1]uint64
	sum    float64 // seconds
}

// observe counts an event. One that is ahead of us, within the skew that is believed, is on time.
func (l *lateness) observe(d time.Duration) {
	d = max(d, 0)
	i := 0
	for i < len(latenessBounds) && d > latenessBounds[i] {
		i++
	}
	l.counts[i]++
	l.sum += d.Seconds()
}

func (l *lateness) add(other *lateness) {
	for i, n := range other.counts {
		l.counts[i] += n
	}
	l.sum += other.sum
}

// histogram is the same in Prometheus's form, whose buckets are cumulative.
func (l *lateness) histogram() (count uint64, sum float64, buckets map[float64]uint64) {
	buckets = make(map[float64]uint64, len(latenessBounds))
	for i, b := range latenessBounds {
		count += l.counts[i]
		buckets[b.Seconds()] = count
	}
	return count + l.counts[len(latenessBounds)], l.sum, buckets
}

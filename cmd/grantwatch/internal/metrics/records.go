package metrics

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
)

// Records is what became of the records of every feed. All of it is changed and read under one lock, so that each scrape
// sees accounts that balance, also in the middle of a batch.
type Records struct {
	mu    sync.Mutex
	feeds map[feedKey]*account
}

type feedKey struct{ team, feed string }

// account is a feed's. received and inFlight follow what is read; all else follows what batches hold. That they balance
// is a statement about the pipeline, not about this arithmetic.
type account struct {
	received, inFlight                                int64
	stored, filtered, deduplicated, returned, flagged int64
	dead                                              map[access.Reason]int64
	late                                              lateness
	newest                                            time.Time
	canaries                                          int64 // among those filtered
	sightings                                         map[string]sighting
}

// sighting is the newest canary of a kind, and how long it took to get here.
type sighting struct {
	at   time.Time
	took time.Duration
}

func (a *account) imbalance() int64 {
	sum := a.stored + a.filtered + a.deduplicated + a.returned + a.inFlight
	for _, n := range a.dead {
		sum += n
	}
	return a.received - sum
}

func newRecords() *Records { return &Records{feeds: map[feedKey]*account{}} }

// Expect makes the accounts of feeds, so that a feed of which nothing came shows as zero and not as nothing.
func (r *Records) Expect(feeds []access.Feed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range feeds {
		r.account(f.Team, f.Name)
	}
}

func (r *Records) account(team, feed string) *account {
	k := feedKey{team, feed}
	a := r.feeds[k]
	if a == nil {
		a = &account{dead: map[access.Reason]int64{}, sightings: map[string]sighting{}}
		for _, reason := range access.Reasons() {
			a.dead[reason] = 0
		}
		r.feeds[k] = a
	}
	return a
}

var _ ingest.Observer = (*Records)(nil)

// Read counts records that were read.
func (r *Records) Read(f *access.Feed, n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.account(f.Team, f.Name)
	a.received += n
	a.inFlight += n
}

// GaveBack counts records that their source still has.
func (r *Records) GaveBack(f *access.Feed, n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.account(f.Team, f.Name)
	a.inFlight -= n
	a.returned += n
}

// Known counts records that came in a request which was stored before.
func (r *Records) Known(team, feed string, n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.account(team, feed)
	a.received += n
	a.deduplicated += n
}

// Wrote counts a batch.
func (r *Records) Wrote(b *access.Batch, _ ingest.Stats) {
	var late lateness
	for i := range b.Events.Len() {
		if b.Events.Flag(i) == "" { // a clock that nobody believes is not late
			late.observe(b.Ingested.Sub(b.Events.Time(i)))
		}
	}
	dead := map[access.Reason]int64{}
	for i := range b.Dead {
		dead[b.Dead[i].Reason]++
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.account(b.Team, b.Feed)
	a.inFlight -= b.Received
	a.stored += int64(b.Events.Len())
	a.filtered += b.Filtered
	a.flagged += b.Flagged
	for reason, n := range dead {
		a.dead[reason] += n
	}
	for _, c := range b.Canaries {
		if c.Kind == access.CanaryPost {
			a.canaries++
		}
		if !c.Time.Before(a.sightings[c.Kind].at) {
			a.sightings[c.Kind] = sighting{c.Time, b.Ingested.Sub(c.Time)}
		}
	}
	a.late.add(&late)
	if b.Newest.After(a.newest) {
		a.newest = b.Newest
	}
}

// The reasons for which a record is filtered.
const (
	duplicateID = "duplicate_id"
	givenBack   = "given_back"
	canary      = "canary"
)

var perFeed = []string{"team", "feed"}

func feedDesc(name, help string, more ...string) *prometheus.Desc {
	return prometheus.NewDesc("grantwatch_ingest_"+name, help, append(slices.Clone(perFeed), more...), nil)
}

var (
	receivedDesc     = feedDesc("records_received_total", "Records that were read from the source, or came in a request that was stored before.")
	storedDesc       = feedDesc("records_stored_total", "Records that are durable as events.")
	filteredDesc     = feedDesc("records_filtered_total", "Records not stored on purpose: duplicate_id, an event of the same id had come in the same stream; canary, made by grantwatch canary; given_back, the batch could not be written and its source still has them. When they are read again they are received again.", "reason")
	deduplicatedDesc = feedDesc("records_deduplicated_total", "Records of pushed requests that were stored before and not read again.")
	deadDesc         = feedDesc("records_dead_lettered_total", "Records that could not be decoded and are durable as dead letters.", "reason")
	flaggedDesc      = feedDesc("records_flagged_total", "Records among those stored whose clock cannot be believed.")
	inFlightDesc     = feedDesc("records_in_flight", "Records that were read and are not durable yet.")
	imbalanceDesc    = feedDesc("conservation_imbalance", "Records received less those stored, filtered, deduplicated, dead-lettered and in flight. Anything but 0 is a defect.")
	latenessDesc     = feedDesc("event_lateness_seconds", "Time from an event until it was read.")
	canaryAtDesc     = feedDesc("canary_timestamp_seconds", "Time of the newest canary since this process started. kind is call, one of the configuration, or post, one of grantwatch canary.", "kind")
	canaryTookDesc   = feedDesc("canary_latency_seconds", "Time from the newest canary until it was read.", "kind")
	newestDesc       = feedDesc("newest_event_timestamp_seconds", "Time of the newest durable event, since this process started.")
)

// Describe names the metrics.
func (r *Records) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{receivedDesc, storedDesc, filteredDesc, deduplicatedDesc, deadDesc, flaggedDesc, inFlightDesc, imbalanceDesc, latenessDesc, newestDesc, canaryAtDesc, canaryTookDesc} {
		out <- d
	}
}

// Collect tells all accounts as they are at one moment.
func (r *Records) Collect(out chan<- prometheus.Metric) {
	for k, a := range r.snapshot() {
		tell := func(d *prometheus.Desc, t prometheus.ValueType, n int64, more ...string) {
			out <- prometheus.MustNewConstMetric(d, t, float64(n), append([]string{k.team, k.feed}, more...)...)
		}
		tell(receivedDesc, prometheus.CounterValue, a.received)
		tell(storedDesc, prometheus.CounterValue, a.stored)
		tell(filteredDesc, prometheus.CounterValue, a.filtered-a.canaries, duplicateID)
		tell(filteredDesc, prometheus.CounterValue, a.canaries, canary)
		tell(filteredDesc, prometheus.CounterValue, a.returned, givenBack)
		tell(deduplicatedDesc, prometheus.CounterValue, a.deduplicated)
		tell(flaggedDesc, prometheus.CounterValue, a.flagged)
		tell(inFlightDesc, prometheus.GaugeValue, a.inFlight)
		tell(imbalanceDesc, prometheus.GaugeValue, a.imbalance())
		for reason, n := range a.dead {
			tell(deadDesc, prometheus.CounterValue, n, string(reason))
		}
		count, sum, buckets := a.late.histogram()
		out <- prometheus.MustNewConstHistogram(latenessDesc, count, sum, buckets, k.team, k.feed)
		for kind, s := range a.sightings {
			out <- prometheus.MustNewConstMetric(canaryAtDesc, prometheus.GaugeValue, float64(s.at.UnixMilli())/1000, k.team, k.feed, kind)
			out <- prometheus.MustNewConstMetric(canaryTookDesc, prometheus.GaugeValue, s.took.Seconds(), k.team, k.feed, kind)
		}
		if !a.newest.IsZero() {
			out <- prometheus.MustNewConstMetric(newestDesc, prometheus.GaugeValue, float64(a.newest.UnixMilli())/1000, k.team, k.feed)
		}
	}
}

func (r *Records) snapshot() map[feedKey]account {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make(map[feedKey]account, len(r.feeds))
	for k, a := range r.feeds {
		c := *a
		c.dead, c.sightings = maps.Clone(a.dead), maps.Clone(a.sightings)
		out[k] = c
	}
	return out
}

package metrics

import (
	"context"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
	push "github.com/grantwatch/grantwatch/ingest/source/http"
	"github.com/grantwatch/grantwatch/ingest/source/kafka"
)

// Metrics are those of one process. Counting costs a few additions a batch, so that they are always there, whether or
// not anybody asks for them.
type Metrics struct {
	Records *Records

	reg          *prometheus.Registry
	client       *prometheus.Registry // of Kafka's client, of whose metrics only some are told
	batchRecords prometheus.Histogram
	batchBytes   prometheus.Histogram
	inserts      *prometheus.HistogramVec
	retries      *prometheus.CounterVec
	pushes       *prometheus.CounterVec
	rebalances   *prometheus.CounterVec
	kafkaLag     *prometheus.GaugeVec
	alerts       *alerts

	mu       sync.Mutex
	fileLags map[feedKey]func() int64
}

// New makes the metrics of a program of this version.
func New(version, engine string) *Metrics {
	m := &Metrics{Records: newRecords(), reg: prometheus.NewRegistry(), client: prometheus.NewRegistry(), fileLags: map[feedKey]func() int64{}}
	m.batchRecords = prometheus.NewHistogram(prometheus.HistogramOpts{Name: "grantwatch_ingest_batch_records", Help: "Records of a durable batch.",
		Buckets: []float64{1, 10, 100, 1000, 5000, 10_000, 20_000, 50_000, 100_000}})
	m.batchBytes = prometheus.NewHistogram(prometheus.HistogramOpts{Name: "grantwatch_ingest_batch_bytes", Help: "Bytes of a durable batch, decompressed.",
		Buckets: prometheus.ExponentialBuckets(1<<10, 4, 9)})
	m.inserts = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "grantwatch_store_insert_duration_seconds",
		Help: "Time until all of a batch was durable, or until it was given up; retries included.", Buckets: prometheus.ExponentialBuckets(0.005, 2, 15)}, []string{"result"})
	m.retries = counter("grantwatch_store_retries_total", "Statements that failed and were made again.", "operation")
	m.pushes = counter("grantwatch_push_requests_total", "Pushed requests by the status of their answer; 499 when the sender had left. team and feed are empty where they are not known.", "team", "feed", "route", "status")
	m.rebalances = counter("grantwatch_kafka_rebalances_total", "Changes of the consumer group: joined counts generations with this member in it, revoked and lost those that took partitions away.", "kind")
	m.kafkaLag = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "grantwatch_kafka_lag_records",
		Help: "Records between the committed offset and the end of a partition that this process has. feed is the one that takes records without a header."}, []string{"team", "feed", "topic", "partition"})
	m.alerts = newAlerts()
	for _, result := range []string{written, failed, interrupted} {
		m.inserts.WithLabelValues(result)
	}
	for _, op := range []string{"insert", "other"} {
		m.retries.WithLabelValues(op)
	}
	for _, kind := range []kafka.Change{kafka.Joined, kafka.Revoked, kafka.Lost} {
		m.rebalances.WithLabelValues(string(kind))
	}
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "grantwatch_build_info", Help: "Always 1; the labels say what is running."}, []string{"version", "goversion", "engine"})
	info.WithLabelValues(version, runtime.Version(), engine).Set(1)
	m.reg.MustRegister(m.Records, m.batchRecords, m.batchBytes, m.inserts, m.retries, m.pushes, m.rebalances, m.kafkaLag, fileLag{m}, info, m.alerts.messages, m.alerts.held, m.alerts.hits,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

// Read passes on.
func (m *Metrics) Read(f *access.Feed, n int64) { m.Records.Read(f, n) }

// GaveBack passes on.
func (m *Metrics) GaveBack(f *access.Feed, n int64) { m.Records.GaveBack(f, n) }

// Wrote counts a batch, and its size.
func (m *Metrics) Wrote(b *access.Batch, s ingest.Stats) {
	m.Records.Wrote(b, s)
	m.batchRecords.Observe(float64(s.Received))
	m.batchBytes.Observe(float64(s.Bytes))
}

// The results of a write.
const (
	written     = "written"
	failed      = "failed"
	interrupted = "interrupted" // whoever wanted it written has given up, as at the end of the process
)

// Sink measures how long another sink takes.
func (m *Metrics) Sink(next ingest.Sink) ingest.Sink { return timed{next, m.inserts} }

type timed struct {
	ingest.Sink
	took *prometheus.HistogramVec
}

// WriteBatch writes and measures.
func (t timed) WriteBatch(ctx context.Context, b *access.Batch) error {
	began := time.Now()
	err := t.Sink.WriteBatch(ctx, b)
	result := written
	switch {
	case err != nil && ctx.Err() != nil:
		result = interrupted
	case err != nil:
		result = failed
	}
	t.took.WithLabelValues(result).Observe(time.Since(began).Seconds())
	return err
}

// Retried counts a statement that is made again. Of what the store says it keeps only whether it is an insert: labels are
// few.
func (m *Metrics) Retried(what string) {
	op := "other"
	if strings.HasPrefix(what, "insert") {
		op = "insert"
	}
	m.retries.WithLabelValues(op).Inc()
}

// Pushed counts a request.
func (m *Metrics) Pushed(s push.Seen) {
	m.pushes.WithLabelValues(s.Team, s.Feed, s.Route, strconv.Itoa(s.Status)).Inc()
	if s.Replayed {
		m.Records.Known(s.Team, s.Feed, s.Stats.Received)
	}
}

// Buffers shows how many of the pipeline's batches are being filled or written. When all are, reading waits for the store.
func (m *Metrics) Buffers(state func() (busy, all int)) {
	m.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "grantwatch_ingest_buffers_busy", Help: "Batches that are being filled or written. When it stays at the limit, reading waits for the store."},
		func() float64 { busy, _ := state(); return float64(busy) }))
	m.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "grantwatch_ingest_buffers_limit", Help: "Batches that there can be at once."},
		func() float64 { _, all := state(); return float64(all) }))
}

// PushMemory shows the memory that pushed requests hold.
func (m *Metrics) PushMemory(inFlight func() int64) {
	m.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "grantwatch_push_in_flight_bytes", Help: "Memory of pushed requests that are not answered yet."},
		func() float64 { return float64(inFlight()) }))
}

// Engine shows how often the embedded engine was started again.
func (m *Metrics) Engine(restarts func() int64) {
	m.reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "grantwatch_engine_restarts_total", Help: "Times that the embedded engine was started again."},
		func() float64 { return float64(restarts()) }))
}

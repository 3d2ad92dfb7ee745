package metrics

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/twmb/franz-go/plugin/kprom"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/source/kafka"
)

// FileLag shows how far behind the files of a feed are.
func (m *Metrics) FileLag(f access.Feed, bytes func() int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fileLags[feedKey{f.Team, f.Name}] = bytes
}

// fileLag asks the followers at each scrape: they have the answer ready.
type fileLag struct{ m *Metrics }

var fileLagDesc = feedDesc("file_lag_bytes", "Bytes of the feed's files that are not read yet, as they are on disk.")

// Describe names the metric.
func (fileLag) Describe(out chan<- *prometheus.Desc) { out <- fileLagDesc }

// Collect tells every feed's.
func (l fileLag) Collect(out chan<- prometheus.Metric) {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	for k, ask := range l.m.fileLags {
		out <- prometheus.MustNewConstMetric(fileLagDesc, prometheus.GaugeValue, float64(ask()), k.team, k.feed)
	}
}

// lagEvery is how often the brokers are asked for the lag: a scrape must not wait for them.
const (
	lagEvery   = 10 * time.Second
	lagTimeout = 5 * time.Second
)

// WatchLag asks for the lag of Kafka's partitions until ctx ends. Without an answer there is no lag shown: an old one
// would be a false one.
func (m *Metrics) WatchLag(ctx context.Context, team func(feed string) string, ask func(context.Context) ([]kafka.Lag, error)) {
	tick := time.NewTicker(lagEvery)
	defer tick.Stop()
	for {
		m.askLag(ctx, team, ask)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (m *Metrics) askLag(ctx context.Context, team func(feed string) string, ask func(context.Context) ([]kafka.Lag, error)) {
	ctx, cancel := context.WithTimeout(ctx, lagTimeout)
	defer cancel()
	list, err := ask(ctx)
	m.kafkaLag.Reset()
	if err != nil {
		return
	}
	for _, l := range list {
		m.kafkaLag.WithLabelValues(team(l.Feed), l.Feed, l.Topic, strconv.Itoa(int(l.Partition))).Set(float64(l.Records))
	}
}

// Rebalanced counts a change of the group.
func (m *Metrics) Rebalanced(how kafka.Change) { m.rebalances.WithLabelValues(string(how)).Inc() }

// clientMetrics are those of kprom's that a consumer moves and that are named by the rules: its gauges of buffers end in
// _total, and its counters of what is produced stay at zero.
var clientMetrics = []string{"connects_total", "connect_errors_total", "disconnects_total", "write_bytes_total", "write_errors_total",
	"read_bytes_total", "read_errors_total", "fetch_bytes_total"}

// clientPrefix stands before them.
const clientPrefix = "grantwatch_kafka_client_"

// KafkaHook counts what Kafka's client does on its connections.
func (m *Metrics) KafkaHook() any {
	return kprom.NewMetrics("grantwatch", kprom.Subsystem("kafka_client"), kprom.Registry(m.client))
}

// gatherClient gathers clientMetrics and leaves the others out.
func (m *Metrics) gatherClient() ([]*dto.MetricFamily, error) {
	all, err := m.client.Gather()
	return slices.DeleteFunc(all, func(f *dto.MetricFamily) bool {
		return !slices.Contains(clientMetrics, strings.TrimPrefix(f.GetName(), clientPrefix))
	}), err
}

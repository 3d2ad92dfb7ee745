package metrics

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
	push "github.com/grantwatch/grantwatch/ingest/source/http"
)

// full is Metrics with all that is registered later.
func full() *Metrics {
	m := New("v1", "e1")
	m.Buffers(func() (int, int) { return 0, 1 })
	m.PushMemory(func() int64 { return 0 })
	m.Engine(func() int64 { return 0 })
	return m
}

// faulty fails every third write, and says nothing of the others.
type faulty struct{ n atomic.Int64 }

func (f *faulty) WriteBatch(context.Context, *access.Batch) error {
	if f.n.Add(1)%3 == 0 {
		return errors.New("the store is not there")
	}
	return nil
}

// lines are so many records: some are no JSON, some come twice.
func lines(seed, n int) string {
	var b strings.Builder
	for i := range n {
		switch id := fmt.Sprintf("%d-%d", seed, i); {
		case i%50 == 7:
			b.WriteString("not json\n")
		case i%50 == 8:
			id = fmt.Sprintf("%d-%d", seed, i-2)
			fallthrough
		default:
			fmt.Fprintf(&b, `{"eventVersion":"1.10","userIdentity":{"type":"IAMUser","principalId":"A","arn":"arn:aws:iam::111122223333:user/ana","accountId":"111122223333","userName":"ana"},"eventTime":"2026-09-01T10:00:00Z","eventSource":"ec2.amazonaws.com","eventName":"DescribeVpcs","eventID":"%s","readOnly":true,"managementEvent":true,"recipientAccountId":"111122223333"}`+"\n", id)
		}
	}
	return b.String()
}

// scraped is what a scrape says of one feed.
type scraped struct{ received, stored, filtered, deduplicated, dead, inFlight, imbalance, givenBack float64 }

func scrape(t *testing.T, m *Metrics) map[string]*scraped {
	t.Helper()
	all, err := m.Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*scraped{}
	for _, f := range all {
		for _, s := range f.Metric {
			label := map[string]string{}
			for _, l := range s.Label {
				label[l.GetName()] = l.GetValue()
			}
			a := out[label["feed"]]
			if a == nil {
				a = &scraped{}
				out[label["feed"]] = a
			}
			v := s.GetCounter().GetValue() + s.GetGauge().GetValue()
			switch strings.TrimPrefix(f.GetName(), "grantwatch_ingest_") {
			case "records_received_total":
				a.received += v
			case "records_stored_total":
				a.stored += v
			case "records_filtered_total":
				a.filtered += v
				if label["reason"] == givenBack {
					a.givenBack += v
				}
			case "records_deduplicated_total":
				a.deduplicated += v
			case "records_dead_lettered_total":
				a.dead += v
			case "records_in_flight":
				a.inFlight += v
			case "conservation_imbalance":
				a.imbalance += v
			}
		}
	}
	return out
}

// TestAccountsBalanceAtEveryScrape reads many streams of three feeds through the real pipeline into a sink that fails now
// and then, while somebody scrapes without a pause: the sum of what a scrape says is right, whatever it interrupts.
func TestAccountsBalanceAtEveryScrape(t *testing.T) {
	m := full()
	p, err := ingest.New(m.Sink(&faulty{}), ingest.Config{BatchRecords: 300, Workers: 4, Observe: m})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	var wg sync.WaitGroup
	for n := range 12 {
		wg.Go(func() {
			f := access.Feed{Name: fmt.Sprintf("f%d", n%3), Team: "t", Format: "aws_cloudtrail"}
			for round := range 4 {
				st, err := p.RunStream(t.Context(), f, fmt.Sprintf("s%d-%d", n, round), strings.NewReader(lines(n*10+round, 1500)), now, nil)
				if err == nil {
					m.Pushed(push.Seen{Team: "t", Feed: f.Name, Route: "logs", Status: 200, Replayed: true, Stats: st})
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	scrapes, flying := 0, 0
	for running := true; running; scrapes++ {
		select {
		case <-done:
			running = false
		default:
		}
		for feed, a := range scrape(t, m) {
			if left := a.received - a.stored - a.filtered - a.deduplicated - a.dead - a.inFlight; left != 0 || a.imbalance != 0 {
				t.Fatalf("scrape %d of feed %s does not balance: %+v leaves %v", scrapes, feed, *a, left)
			}
			if a.inFlight > 0 {
				flying++
			}
			if a.inFlight < 0 {
				t.Fatalf("feed %s: %v records in flight", feed, a.inFlight)
			}
		}
	}
	if flying == 0 {
		t.Error("no scrape saw a record in flight: this test would show nothing")
	}
	for _, feed := range []string{"f0", "f1", "f2"} {
		if a := scrape(t, m)[feed]; a == nil || a.inFlight != 0 || a.stored == 0 || a.dead == 0 || a.givenBack == 0 || a.filtered == a.givenBack {
			t.Errorf("at the end feed %s has %+v; want nothing in flight and some of each other", feed, a)
		}
	}
}

// TestImbalanceIsSeen shows that the gauge can be other than zero: a batch that holds less than was read for it.
func TestImbalanceIsSeen(t *testing.T) {
	m := full()
	m.Read(&access.Feed{Name: "f", Team: "t"}, 10)
	m.Wrote(&access.Batch{Feed: "f", Team: "t", Received: 10, Filtered: 8}, ingest.Stats{Received: 10})
	if a := scrape(t, m)["f"]; a.imbalance != 2 {
		t.Errorf("two of ten records are gone, and the gauge says %v", a.imbalance)
	}
}

// described are the names of all our metrics with their labels.
func described(m *Metrics) map[string]string {
	ch := make(chan *prometheus.Desc)
	go func() { m.reg.Describe(ch); close(ch) }()
	form := regexp.MustCompile(`^Desc\{fqName: "([^"]+)", .*variableLabels: \{([^}]*)\}`)
	out := map[string]string{}
	for d := range ch {
		if f := form.FindStringSubmatch(d.String()); len(f) == 3 && strings.HasPrefix(f[1], "grantwatch_") {
			out[f[1]] = f[2]
		}
	}
	for _, name := range clientMetrics {
		out[clientPrefix+name] = "node_id,topic"
	}
	return out
}

// TestMetricsAreDocumented holds docs/metrics.md to what is registered: each metric has a row, and no row is of none.
func TestMetricsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(grantwatch_[a-z_]+)` \\| ([a-z]+) \\| ([a-z]+) \\| ([^|]*) \\| ([^|]+) \\|$").FindAllStringSubmatch(string(page), -1) {
		rows[m[1]] = m[2:]
	}
	known := described(full())
	if len(known) < 25 {
		t.Fatalf("%d metrics only; is the pattern still right?", len(known))
	}
	for name, labels := range known {
		row := rows[name]
		if row == nil {
			t.Errorf("docs/metrics.md has no row for %s", name)
			continue
		}
		if strings.HasPrefix(name, clientPrefix) {
			continue
		}
		for _, l := range strings.FieldsFunc(labels, func(r rune) bool { return r == ',' }) {
			if !strings.Contains(row[2], "`"+l+"`") {
				t.Errorf("docs/metrics.md does not name the label %s of %s", l, name)
			}
		}
		if strings.HasSuffix(name, "_total") != (row[0] == "counter") {
			t.Errorf("docs/metrics.md calls %s a %s", name, row[0])
		}
	}
	for name := range rows {
		if _, ok := known[name]; !ok {
			t.Errorf("docs/metrics.md has a row for %s, which is not registered", name)
		}
	}
}

// TestAlertsNameMetrics reads the alert rules, and looks for every metric that they name.
func TestAlertsNameMetrics(t *testing.T) {
	data, err := os.ReadFile("../../../../deploy/prometheus/grantwatch.rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.UnmarshalWithOptions(data, &file, yaml.DisallowUnknownField()); err != nil {
		t.Fatal(err)
	}
	known := described(full())
	name := regexp.MustCompile(`grantwatch_[a-z_]+`)
	rules := 0
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			rules++
			names := name.FindAllString(r.Expr, -1)
			if r.Alert == "" || len(names) == 0 || r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("rule %q lacks something: %+v", r.Alert, r)
			}
			for _, n := range names {
				n = regexp.MustCompile(`_(count|sum|bucket)$`).ReplaceAllString(n, "")
				if _, ok := known[n]; !ok {
					t.Errorf("rule %s names %s, which is not registered", r.Alert, n)
				}
			}
		}
	}
	if rules < 5 {
		t.Errorf("%d rules only", rules)
	}
}

// TestLoopback tells addresses of this machine from others.
func TestLoopback(t *testing.T) {
	for addr, want := range map[string]string{":6060": "127.0.0.1:6060", "127.0.0.1:0": "127.0.0.1:0", "[::1]:1": "[::1]:1", "localhost:1": "localhost:1", "0.0.0.0:1": "", "192.0.2.1:1": "", "6060": ""} {
		if got, err := Loopback(addr); got != want || (err == nil) != (want != "") {
			t.Errorf("%s is %q, %v; want %q", addr, got, err, want)
		}
	}
}

func BenchmarkPipeline(b *testing.B) {
	text := lines(1, 20_000)
	now := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	for name, parts := range map[string]func() (ingest.Sink, ingest.Observer){
		"observed": func() (ingest.Sink, ingest.Observer) {
			m := full()
			sink := m.Sink(nothing{})
			return sink, m
		},
		"unobserved": func() (ingest.Sink, ingest.Observer) { return nothing{}, ingest.Unobserved{} },
	} {
		b.Run(name, func(b *testing.B) {
			sink, observer := parts()
			p, err := ingest.New(sink, ingest.Config{Observe: observer})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := p.RunStream(b.Context(), access.Feed{Name: "f", Team: "t", Format: "aws_cloudtrail"}, "s", strings.NewReader(text), now, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkObserver is what counting alone costs of a batch of 40 000 records.
func BenchmarkObserver(b *testing.B) {
	const n = 40_000
	m, f := full(), &access.Feed{Name: "f", Team: "t"}
	at := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	batch := &access.Batch{Team: "t", Feed: "f", Received: n, Ingested: at, Newest: at}
	for i := range n {
		batch.Events.Add(&access.Event{ID: strconv.Itoa(i), Time: at.Add(-time.Duration(i) * time.Second)}, "")
	}
	for b.Loop() {
		for range n / 1024 {
			m.Read(f, 1024)
		}
		m.Wrote(batch, ingest.Stats{Received: n})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
}

// nothing takes every batch.
type nothing struct{}

func (nothing) WriteBatch(context.Context, *access.Batch) error { return nil }

// TestProfilesAnswer: the routes go together, and what go tool pprof asks for is answered.
func TestProfilesAnswer(t *testing.T) {
	h := Profiles()
	for _, r := range []*http.Request{
		httptest.NewRequest(http.MethodGet, "/debug/pprof/", nil), httptest.NewRequest(http.MethodGet, "/debug/pprof/goroutine?debug=1", nil),
		httptest.NewRequest(http.MethodGet, "/debug/pprof/symbol", nil), httptest.NewRequest(http.MethodPost, "/debug/pprof/symbol", strings.NewReader("0x1")),
	} {
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("%s %s: %d", r.Method, r.URL, w.Code)
		}
	}
}

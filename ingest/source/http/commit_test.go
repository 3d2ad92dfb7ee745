package push

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
)

// parallel runs f n times, so many at once.
func parallel(n, at int, f func(i int)) {
	var wg sync.WaitGroup
	var next atomic.Int64
	for range at {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}

// until polls until ok.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
		select {
		case <-time.After(time.Millisecond):
		case <-t.Context().Done():
		}
	}
}

func TestGroupCommit(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Limits.Wait = 20 * time.Millisecond })
	const n = 1000
	parallel(n, 100, func(i int) {
		a := r.send(t, "/v1/logs/pay", "Bearer "+payToken, lines(i*2, 2))
		if a.status != 200 || a.json.Stored != 2 || a.json.Received != 2 {
			t.Errorf("request %d: %d %s", i, a.status, a.raw)
		}
		if !r.sink.has(eventID(i*2)) || !r.sink.has(eventID(i*2+1)) {
			t.Errorf("request %d is acknowledged and not durable", i)
		}
	})
	events, twice, _, batches := r.sink.counts()
	if events != 2*n || twice != 0 {
		t.Errorf("%d events, %d twice", events, twice)
	}
	if batches > n/10 {
		t.Errorf("%d batches for %d requests", batches, n)
	}
	t.Logf("%d requests in %d batches", n, batches)
}

func TestGroupIsBounded(t *testing.T) {
	var most atomic.Int64
	r := newRig(t, func(c *Config) {
		c.Limits.Wait, c.Limits.Requests = time.Second, 10
		write := c.Write
		c.Write = func(ctx context.Context, f access.Feed, source string, parts []ingest.Part) ([]ingest.Stats, error) {
			most.Store(max(most.Load(), int64(len(parts)))) // one group of a feed at a time
			return write(ctx, f, source, parts)
		}
	})
	parallel(100, 100, func(i int) {
		if a := r.send(t, "/v1/logs/pay", "Bearer "+payToken, lines(i, 1)); a.status != 200 {
			t.Errorf("%d %s", a.status, a.raw)
		}
	})
	if most.Load() != 10 {
		t.Errorf("%d requests were written together", most.Load())
	}
}

func TestSinkFailsAndComesBack(t *testing.T) {
	r := newRig(t, nil)
	r.sink.set(true)
	const n = 40
	var refused atomic.Int64
	up := make(chan struct{})
	go func() {
		for refused.Load() < 2*n {
			select {
			case <-time.After(time.Millisecond):
			case <-t.Context().Done():
				return
			}
		}
		r.sink.set(false)
		close(up)
	}()
	parallel(n, n, func(i int) {
		for {
			a := r.send(t, "/v1/logs/pay", "Bearer "+payToken, lines(i*5, 5))
			if a.status == 200 {
				return
			}
			if a.status != 503 || a.header.Get("Retry-After") == "" || a.json.Reason != "busy" {
				t.Errorf("%d %s", a.status, a.raw)
				return
			}
			refused.Add(1)
		}
	})
	<-up
	if events, twice, _, _ := r.sink.counts(); events != 5*n || twice != 0 {
		t.Errorf("%d events, %d twice", events, twice)
	}
}

// A client that gives up and sends again while the sink is slow waits for the same write.
func TestSlowSink(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Limits.Answer = 30 * time.Millisecond })
	hold := make(chan struct{})
	r.sink.hold = hold
	for range 3 {
		if a := r.send(t, "/v1/logs/pay", "Bearer "+payToken, lines(0, 5)); a.status != 503 || a.header.Get("Retry-After") == "" {
			t.Fatalf("%d %s", a.status, a.raw)
		}
	}
	before := r.InFlight()
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url+"/v1/logs/pay", bytes.NewReader(lines(100, 5)))
		if err == nil {
			req.Header.Set("Authorization", "Bearer "+payToken)
			var resp *http.Response
			if resp, err = r.http.Do(req); err == nil {
				resp.Body.Close()
			}
		}
		left <- err
	}()
	until(t, "another request waits", func() bool { return r.InFlight() > before })
	leave()
	if <-left == nil {
		t.Log("the answer was faster than the leaving")
	}
	close(hold)
	until(t, "the write ends", func() bool { return r.InFlight() == 0 })
	for _, first := range []int{0, 100} {
		a := r.send(t, "/v1/logs/pay", "Bearer "+payToken, lines(first, 5))
		if a.status != 200 || !a.json.Replayed || a.json.Received != 5 || a.json.Stored != 0 || a.json.Filtered != 5 {
			t.Fatalf("%d %s", a.status, a.raw)
		}
	}
	if events, twice, _, batches := r.sink.counts(); events != 10 || twice != 0 || batches > 2 {
		t.Errorf("%d events, %d twice, %d batches", events, twice, batches)
	}
}

func TestBackpressure(t *testing.T) {
	r := newRig(t, func(c *Config) {
		c.Limits = Limits{Wait: time.Millisecond, Body: 256 << 10, Decoded: 256 << 10, Envelope: 128 << 10, Team: 1 << 20, InFlight: 2 << 20}
	})
	hold := make(chan struct{})
	r.sink.hold = hold
	var ok, full atomic.Int64
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			a := r.send(t, "/v1/logs/pay", "Bearer "+payToken, lines(i*100, 100))
			switch {
			case a.status == 200:
				ok.Add(1)
			case a.status == 503 && a.header.Get("Retry-After") != "":
				full.Add(1)
			default:
				t.Errorf("%d %s", a.status, a.raw)
			}
		})
	}
	until(t, "the memory is full", func() bool { return full.Load() > 20 })
	if n := r.InFlight(); n > 1<<20 {
		t.Errorf("%d bytes of one team are in flight", n)
	}
	// One team's flood leaves room for another.
	done := make(chan answer, 1)
	go func() { done <- r.send(t, "/v1/logs/plat", "Bearer "+platToken, lines(9000, 10)) }()
	until(t, "the other team is let in", func() bool {
		r.budget.mu.Lock()
		defer r.budget.mu.Unlock()
		return r.budget.teams["platform"] > 0
	})
	close(hold)
	wg.Wait()
	if a := <-done; a.status != 200 {
		t.Errorf("the other team: %d %s", a.status, a.raw)
	}
	if events, twice, _, _ := r.sink.counts(); events != int(ok.Load())*100+10 || twice != 0 {
		t.Errorf("%d events of %d requests, %d twice", events, ok.Load(), twice)
	}
}

func TestRates(t *testing.T) {
	var mu sync.Mutex
	now := testNow
	pass := func(d time.Duration) { mu.Lock(); now = now.Add(d); mu.Unlock() }
	one := int64(len(lines(0, 1)))
	r := newRig(t, func(c *Config) {
		c.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
		c.Rates = map[string]Rate{"payments": {Requests: 2}, "platform": {Bytes: float64(one), Daily: 5 * one}}
	})
	n := 0
	try := func(path, token string, records, status, retry int) {
		t.Helper()
		a := r.send(t, path, "Bearer "+token, lines(n, records))
		n += records
		if after, _ := strconv.Atoi(a.header.Get("Retry-After")); a.status != status || status == 429 && (after != retry || a.json.Reason != "rate") {
			t.Errorf("%d, again after %d: %s", a.status, after, a.raw)
		}
	}
	try("/v1/logs/pay", payToken, 1, 200, 0)
	try("/v1/logs/pay", payToken2, 1, 200, 0)
	try("/v1/logs/pay", payToken, 1, 429, 1)
	pass(time.Second)
	try("/v1/logs/pay", payToken, 1, 200, 0)

	try("/v1/logs/plat", platToken, 4, 200, 0) // one is allowed, three are debt
	try("/v1/logs/plat", platToken, 1, 429, 3)
	pass(4 * time.Second)
	try("/v1/logs/plat", platToken, 1, 200, 0)
	pass(time.Minute)
	try("/v1/logs/plat", platToken, 1, 429, 15*3600-65) // the day's quota is spent at 09:01:05
	pass(15 * time.Hour)
	try("/v1/logs/plat", platToken, 1, 200, 0)
}

func TestSlowClient(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Limits.Read = 50 * time.Millisecond })
	pr, pw := io.Pipe()
	defer pw.Close()
	go func() { _, _ = pw.Write([]byte(`{"a":`)) }() // and no more
	req, err := http.NewRequest(http.MethodPost, r.url+"/v1/logs/pay", pr)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+payToken)
	resp, err := r.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestTimeout {
		t.Errorf("%d", resp.StatusCode)
	}
	until(t, "the memory is free", func() bool { return r.InFlight() == 0 })
}

func TestClose(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Limits.Wait = time.Hour })
	done := make(chan answer, 1)
	go func() { done <- r.send(t, "/v1/logs/pay", "Bearer "+payToken, lines(0, 1)) }()
	until(t, "the request waits", func() bool {
		c := r.feeds["pay"].c
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.open != nil
	})
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := <-done; a.status != 200 {
		t.Errorf("what waited: %d %s", a.status, a.raw)
	}
	if a := r.send(t, "/v1/logs/pay", "Bearer "+payToken, lines(1, 1)); a.status != 503 {
		t.Errorf("after: %d", a.status)
	}
}

func TestCloseByForce(t *testing.T) {
	r := newRig(t, nil)
	r.sink.hold = make(chan struct{}) // for ever
	done := make(chan answer, 1)
	go func() { done <- r.send(t, "/v1/logs/pay", "Bearer "+payToken, lines(0, 1)) }()
	until(t, "the request waits", func() bool { return r.InFlight() > 0 })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := r.Close(ctx); err == nil {
		t.Error("no error")
	}
	if a := <-done; a.status != 503 {
		t.Errorf("%d %s", a.status, a.raw)
	}
}

// The oldest stored requests are forgotten; sent again, they are written again as the same batch.
func TestMemoryIsBounded(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Limits.Memory = 3 })
	for range 2 {
		for i := range 6 {
			if a := r.send(t, "/v1/logs/pay", "Bearer "+payToken, lines(i, 1)); a.status != 200 || a.json.Replayed {
				t.Fatalf("%d %s", a.status, a.raw)
			}
		}
	}
	if n := len(r.feeds["pay"].c.known); n != 3 {
		t.Errorf("%d are remembered", n)
	}
	if events, twice, _, batches := r.sink.counts(); events != 6 || twice != 0 || batches != 12 {
		t.Errorf("%d events, %d twice, %d batches", events, twice, batches)
	}
}

func BenchmarkPush(b *testing.B) {
	const per = 500
	for _, enc := range []string{"", "gzip"} {
		b.Run(fmt.Sprintf("encoding=%s", enc), func(b *testing.B) {
			r := newRig(b, func(c *Config) {
				c.Limits.Wait = 10 * time.Millisecond
				p, err := ingest.New(nothing{}, ingest.Config{})
				if err != nil {
					b.Fatal(err)
				}
				c.Write = func(ctx context.Context, f access.Feed, source string, parts []ingest.Part) ([]ingest.Stats, error) {
					return p.RunGroup(ctx, f, source, parts, testNow, nil)
				}
			})
			bodies := make([][]byte, b.N)
			plain := int64(0)
			for i := range bodies {
				bodies[i] = lines(i*per, per)
				plain = int64(len(bodies[i]))
				if enc == "gzip" {
					bodies[i] = gzipped(b, bodies[i])
				}
			}
			var header []string
			if enc != "" {
				header = []string{"Content-Encoding", enc}
			}
			b.SetBytes(plain)
			b.ReportAllocs()
			b.ResetTimer()
			parallel(b.N, 32, func(i int) {
				if a := r.send(b, "/v1/logs/pay", "Bearer "+payToken, bodies[i], header...); a.status != 200 || a.json.Stored != per {
					b.Errorf("%d %s", a.status, a.raw)
				}
			})
			b.ReportMetric(float64(b.N)*per/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// nothing is a sink that takes everything.
type nothing struct{}

func (nothing) WriteBatch(context.Context, *access.Batch) error { return nil }

package store

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/store/engine"
)

// ownEngine starts an engine that a test may kill.
func ownEngine(t *testing.T) (*engine.Process, *Store) {
	t.Helper()
	p, err := engine.Start(context.Background(), engine.Config{DataDir: filepath.Join(t.TempDir(), "data")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	s, err := Open(t.Context(), Options{DialContext: p.DialContext})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := s.Migrate(t.Context(), day(0)); err != nil {
		t.Fatal(err)
	}
	return p, s
}

func kill(p *engine.Process) {
	if pid := p.PID(); pid != 0 {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended on its own since
	}
}

// killing kills the engine again and again, each time some moments after it was back, until the function it returns is
// called.
func killing(t *testing.T, p *engine.Process, moments time.Duration) (stop func()) {
	t.Helper()
	over := make(chan struct{})
	var killer sync.WaitGroup
	killer.Go(func() {
		for n := time.Duration(1); ; n++ {
			c, err := p.DialContext(context.Background(), "") // waits for the engine
			if err == nil {
				_ = c.Close() // it only had to be opened
			}
			select {
			case <-over:
				return
			case <-time.After(n * moments % (8 * moments)): // at another point of the work each time
				kill(p)
			}
		}
	})
	return func() { close(over); killer.Wait() }
}

func TestEngineKilledWhileWriting(t *testing.T) {
	p, s := ownEngine(t)
	stop := killing(t, p, 35*time.Millisecond)
	batches := uint64(0)
	for batches < 10 || p.Restarts() < 8 {
		if batches%10 == 0 {
			kill(p) // between batches as well
		}
		if err := s.WriteBatch(t.Context(), fullBatch("payments", "aws", int(batches))); err != nil {
			t.Fatalf("batch %d: %v", batches, err)
		}
		batches++
	}
	stop()
	t.Logf("%d batches, %d restarts", batches, p.Restarts())
	h := uint64(len(hostile))
	for query, want := range map[string]uint64{
		"SELECT count() FROM events":             batches * h,
		"SELECT uniqExact(id) FROM events":       batches * h,
		"SELECT count() FROM hits FINAL":         batches * h,
		"SELECT count() FROM batches FINAL":      batches,
		"SELECT count() FROM dead_letters FINAL": batches,
	} {
		if n := count(t, s, query); n != want {
			t.Errorf("%s: %d, want %d", query, n, want)
		}
	}
	stats, err := s.FeedStats(t.Context())
	if err != nil || stats[0].Received != int64(batches*(h+3)) || stats[0].Stored != int64(batches*h) {
		t.Errorf("%+v, %v", stats, err)
	}
	usage, err := s.TeamUsage(t.Context(), "payments", time.Time{})
	if err != nil || uint64(len(usage)) != h || uint64(len(usage[0].Days)) != max(batches, 2) {
		t.Errorf("%d rows of usage, %v", len(usage), err)
	}
}

// What an engine was killed with is there when it is back, and a read that met the gap has waited.
func TestEngineKilledBeforeReading(t *testing.T) {
	p, s := ownEngine(t)
	write(t, s, fullBatch("payments", "aws", 1))
	for range 3 {
		kill(p)
		got, err := s.TeamEvents(t.Context(), "payments", day(0), day(9), 1000)
		if err != nil || len(got) != len(hostile) {
			t.Fatalf("%d events, %v", len(got), err)
		}
	}
}

// A snapshot that broke off between its tables is completed by saving it again.
func TestSnapshotKilledInBetween(t *testing.T) {
	p, s := ownEngine(t)
	stop := killing(t, p, 11*time.Millisecond)
	for n := range 10 {
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Millisecond)
		_ = s.SaveSnapshot(ctx, snapshot(n, fmt.Sprintf("g%d", n), "g"), SnapshotAccepted, "", day(30)) // it may not get through in time
		cancel()
		if err := s.SaveSnapshot(t.Context(), snapshot(n, fmt.Sprintf("g%d", n), "g"), SnapshotAccepted, "", day(30)); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	got, err := s.Grants(t.Context(), day(9), day(0))
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, g := range got {
		seen = append(seen, spell(g))
	}
	want := []string{"g 0-"}
	for n := range 9 {
		want = append(want, fmt.Sprintf("g%d %d-%d", n, n, n+1))
	}
	want = append(want, "g9 9-")
	if !reflect.DeepEqual(seen, want) {
		t.Errorf("got %q\nwant %q", seen, want)
	}
}

func TestOpenGivesUpAndKeepsSecrets(t *testing.T) {
	const secret = "s3cr3t-p4ss"
	var log strings.Builder
	for _, dsn := range []string{
		"http://user:" + secret + "@127.0.0.1:1/db", "clickhouse://user:" + secret + "@127.0.0.1:1/db", "http://127.0.0.1:1/db?username=u&password=" + secret,
		"http://user:" + secret + "@bad host/", "clickhouse://user:" + secret + "@host:port:port/db?compress_level=x", "%%" + secret,
	} {
		_, err := Open(t.Context(), Options{DSN: dsn, Retry: Retry{Connect: 50 * time.Millisecond}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err == nil {
			t.Errorf("%s: no error", strings.ReplaceAll(dsn, secret, "…"))
			continue
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error tells the secret: %v", err)
		}
	}
	if strings.Contains(log.String(), secret) {
		t.Errorf("the log tells the secret: %s", log.String())
	}
	if _, err := Open(t.Context(), Options{}); err == nil {
		t.Error("neither DSN nor dialler: no error")
	}
}

func TestWritingStopsWithItsContext(t *testing.T) {
	s, err := Open(t.Context(), Options{DialContext: theEngine(t).DialContext})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.WriteBatch(ctx, fullBatch("payments", "aws", 1)); err == nil {
		t.Error("no error")
	}
}

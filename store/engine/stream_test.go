package engine

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

const slowQuery = "SELECT count() FROM numbers(100000000000) WHERE cityHash64(number) = 1"

// A result larger than anything that may be held arrives whole while the
// engine stays small.
func TestLargeResultStreams(t *testing.T) {
	p := start(t, Config{})
	before := resident(t, p.PID())
	req, err := http.NewRequestWithContext(t.Context(), "POST", "http://engine/", strings.NewReader("SELECT number, repeat('x', 200) FROM numbers(4000000)"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := client(p).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	n, err := io.Copy(io.Discard, res.Body)
	const digits, rows = 26_888_890, 4_000_000 // of the numbers below four million
	if want := int64(digits + rows*(200+2)); err != nil || n != want {
		t.Fatalf("%d bytes, want %d, %v", n, want, err)
	}
	if grown := resident(t, p.PID()) - before; grown > n/2 {
		t.Fatalf("the engine grew by %d MiB for a result of %d MiB", grown>>20, n>>20)
	}
}

func resident(t *testing.T, pid int) int64 {
	t.Helper()
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n << 10
		}
	}
	t.Fatal("no VmHWM")
	return 0
}

func TestNativeStreamThroughTheDriver(t *testing.T) {
	c := database(t)
	rows, err := c.Query(t.Context(), "SELECT number, toString(number) FROM numbers(500000)")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var n, sum uint64
	for rows.Next() {
		var v uint64
		var s string
		if err := rows.Scan(&v, &s); err != nil {
			t.Fatal(err)
		}
		if s != strconv.FormatUint(v, 10) {
			t.Fatalf("%d beside %q", v, s)
		}
		n, sum = n+1, sum+v
	}
	if rows.Err() != nil || n != 500000 || sum != 500000*499999/2 {
		t.Fatalf("%d rows, sum %d, %v", n, sum, rows.Err())
	}
}

// An error after the first blocks is an exception for the driver too.
func TestErrorInTheMiddleOfAStream(t *testing.T) {
	for _, m := range []clickhouse.CompressionMethod{clickhouse.CompressionNone, clickhouse.CompressionLZ4, clickhouse.CompressionZSTD} {
		t.Run(m.String(), func(t *testing.T) {
			c := open(t, options(shared(t), m))
			rows, err := c.Query(t.Context(), "SELECT cityHash64(number), throwIf(number = 900000, 'too far') FROM numbers(1000000) SETTINGS max_block_size = 65536")
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			n := 0
			for rows.Next() {
				n++
			}
			var e *clickhouse.Exception
			if !errors.As(rows.Err(), &e) || e.Code != 395 || n == 0 {
				t.Fatalf("after %d rows: %v", n, rows.Err())
			}
		})
	}
}

func TestCancelEndsTheStatement(t *testing.T) {
	c := database(t)
	for _, q := range []string{slowQuery, "SELECT number FROM numbers(100000000000) WHERE cityHash64(number) % 100000000 = 1"} {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			rows, err := c.Query(ctx, q)
			if err == nil {
				for rows.Next() {
				}
				err = errors.Join(rows.Err(), rows.Close())
			}
			ended <- err
		}()
		running := func() uint64 {
			return scalar[uint64](t, c, "SELECT count() FROM system.processes WHERE query LIKE {q:String}", named("q", q+"%"))
		}
		eventually(t, "the statement runs", func() bool { return running() == 1 })
		cancel()
		if err := <-ended; err == nil {
			t.Error("a cancelled statement ended well")
		}
		eventually(t, "the statement has ended", func() bool { return running() == 0 })
	}
}

// A short statement does not wait for a long one.
func TestShortBesideLong(t *testing.T) {
	c := database(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	long := make(chan struct{})
	go func() {
		defer close(long)
		_ = c.Exec(ctx, slowQuery) // cancelled below
	}()
	eventually(t, "the long statement runs", func() bool {
		return scalar[uint64](t, c, "SELECT count() FROM system.processes WHERE query LIKE {q:String}", named("q", slowQuery+"%")) == 1
	})
	began := time.Now()
	for range 10 {
		scalar[uint64](t, c, "SELECT count() FROM numbers(1000)")
	}
	t.Logf("a short statement beside a long one: %v", time.Since(began)/10)
	select {
	case <-long:
		t.Fatal("the long statement was over before the short ones")
	default:
	}
	cancel()
	<-long
}

// A request waits for a free connection only as long as it wants to.
func TestWaitingForAConnectionEnds(t *testing.T) {
	p := start(t, Config{Args: []string{"--connections", "1"}})
	c := open(t, options(p, clickhouse.CompressionLZ4))
	if err := c.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = c.Exec(ctx, slowQuery) // cancelled below
	}()
	// With the one connection taken, another request gets nothing in its time.
	eventually(t, "the connection is taken", func() bool {
		short, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer stop()
		return errors.Is(c.Exec(short, "SELECT 1"), context.DeadlineExceeded)
	})
	cancel()
	<-ended
	if err := c.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Fatalf("after the connection was free again: %v", err)
	}
}

package ingest_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
	"github.com/grantwatch/grantwatch/ingest/made"
	"github.com/grantwatch/grantwatch/store"
	"github.com/grantwatch/grantwatch/store/engine"
)

// TestMain makes this binary its own engine, as the command is: the child runs the same executable.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "engine" {
		os.Exit(child(os.Args[2:]))
	}
	if _, err := engine.Fetch(context.Background(), nil); err != nil {
		fmt.Fprintln(os.Stderr, "the embedded engine cannot be had:", err)
		os.Exit(1)
	}
	code := m.Run()
	if shared.process != nil {
		if err := shared.process.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		if err := os.RemoveAll(shared.dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func child(args []string) int {
	fs := flag.NewFlagSet("engine", flag.ContinueOnError)
	data, socket := fs.String("data", "", ""), fs.String("socket", "", "")
	if err := fs.Parse(args); err != nil {
		return 2
	}
	if err := engine.Serve(context.Background(), engine.ServeConfig{DataDir: *data, Socket: *socket}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

var shared struct {
	once    sync.Once
	mu      sync.Mutex
	number  int
	dir     string
	process *engine.Process
	err     error
}

func theEngine(tb testing.TB) *engine.Process {
	tb.Helper()
	shared.once.Do(func() {
		if shared.dir, shared.err = os.MkdirTemp("", "ingest-"); shared.err == nil {
			shared.process, shared.err = engine.Start(context.Background(), engine.Config{DataDir: shared.dir})
		}
	})
	if shared.err != nil {
		tb.Fatal(shared.err)
	}
	return shared.process
}

// database opens a store of the test's own.
func database(tb testing.TB) *store.Store {
	tb.Helper()
	shared.mu.Lock()
	shared.number++
	name := fmt.Sprintf("ingest%d", shared.number)
	shared.mu.Unlock()
	s, err := store.Open(tb.Context(), store.Options{DialContext: theEngine(tb).DialContext, Database: name})
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := s.Migrate(tb.Context(), start); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

var cloudTrailFeed = access.Feed{Name: "payments-aws", Team: "payments", Format: "aws_cloudtrail", Provider: "aws"}

func pipeline(tb testing.TB, sink ingest.Sink, cfg ingest.Config) *ingest.Pipeline {
	tb.Helper()
	p, err := ingest.New(sink, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// nowhere is a sink that takes everything.
type nowhere struct{}

func (nowhere) WriteBatch(context.Context, *access.Batch) error { return nil }

// BenchmarkToColumns is decoding, folding and columns alone.
func BenchmarkToColumns(b *testing.B) { bench(b, nowhere{}) }

// BenchmarkToEngine is the whole way, into the tables of the embedded engine.
func BenchmarkToEngine(b *testing.B) { bench(b, database(b)) }

// cpu is how much processor time a process has taken so far, where the system tells; it counts in hundredths of a second.
func cpu(b *testing.B, pid int) time.Duration {
	b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(raw), ") ") // behind the name, which may hold anything
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, err1 := strconv.Atoi(f[11])
	system, err2 := strconv.Atoi(f[12])
	if err1 != nil || err2 != nil {
		return 0
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

func bench(b *testing.B, sink ingest.Sink) {
	const records = 200_000
	for _, actors := range []int{500, 50_000} {
		log := made.Log(records, actors)
		b.Run(fmt.Sprintf("%d actors", actors), func(b *testing.B) {
			p := pipeline(b, sink, ingest.Config{})
			b.ReportAllocs()
			b.SetBytes(int64(len(log)))
			ours, engines := cpu(b, os.Getpid()), cpu(b, theEngine(b).PID())
			for i := 0; b.Loop(); i++ {
				st, err := p.RunStream(b.Context(), cloudTrailFeed, fmt.Sprintf("%s-%d", b.Name(), i), bytes.NewReader(log), start.Add(24*time.Hour), nil)
				if err != nil || st.Stored != records {
					b.Fatalf("%+v, %v", st, err)
				}
			}
			events := float64(records) * float64(b.N)
			b.ReportMetric(events/b.Elapsed().Seconds(), "events/s")
			// The machine may be shared: what one event costs in processor time is the steadier figure.
			b.ReportMetric((cpu(b, os.Getpid())-ours).Seconds()/events*1e6, "own-µs/event")
			b.ReportMetric((cpu(b, theEngine(b).PID())-engines).Seconds()/events*1e6, "engine-µs/event")
		})
	}
}

var (
	_ ingest.Sink        = (*store.Store)(nil)
	_ ingest.Checkpoints = (*store.Store)(nil)
)

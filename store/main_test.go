package store

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

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

// shared is the one engine of this package's tests; every test has a database of its own in it.
var shared struct {
	once    sync.Once
	dir     string
	process *engine.Process
	err     error
	number  int
	mu      sync.Mutex
}

func theEngine(tb testing.TB) *engine.Process {
	tb.Helper()
	shared.once.Do(func() {
		if shared.dir, shared.err = os.MkdirTemp("", "store-"); shared.err == nil {
			shared.process, shared.err = engine.Start(context.Background(), engine.Config{DataDir: shared.dir})
		}
	})
	if shared.err != nil {
		tb.Fatal(shared.err)
	}
	return shared.process
}

// blank opens a database of the test's own that has no tables yet.
func blank(tb testing.TB) *Store {
	tb.Helper()
	shared.mu.Lock()
	shared.number++
	name := fmt.Sprintf("t%d_%s", shared.number, strings.ToLower(strings.NewReplacer("/", "_", " ", "_", "-", "_", ",", "").Replace(tb.Name())))
	shared.mu.Unlock()
	s, err := Open(tb.Context(), Options{DialContext: theEngine(tb).DialContext, Database: name})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.exec(context.Background(), "drop", "DROP DATABASE `"+name+"`"); err != nil {
			tb.Error(err)
		}
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// open is blank with every migration applied.
func open(tb testing.TB) *Store {
	tb.Helper()
	s := blank(tb)
	if _, err := s.Migrate(tb.Context(), day(0)); err != nil {
		tb.Fatal(err)
	}
	return s
}

// day is a moment of the made-up calendar of these tests.
func day(n int) time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, n) }

func count(tb testing.TB, s *Store, query string) uint64 {
	tb.Helper()
	var n uint64
	if err := s.conn.QueryRow(tb.Context(), query).Scan(&n); err != nil {
		tb.Fatalf("%s: %v", query, err)
	}
	return n
}

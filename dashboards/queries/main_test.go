package queries_test

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/grantwatch/grantwatch/dashboards/queries/queriestest"
	"github.com/grantwatch/grantwatch/store"
	"github.com/grantwatch/grantwatch/store/engine"
)

var update = flag.Bool("update", false, "rewrite golden files")

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
		os.RemoveAll(shared.dir)
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
	dir     string
	process *engine.Process
	err     error
}

// open returns a store with a database of its own and a way to fill it.
func open(tb testing.TB) (*store.Store, queriestest.Engine) {
	tb.Helper()
	shared.once.Do(func() {
		if shared.dir, shared.err = os.MkdirTemp("", "queries-"); shared.err == nil {
			shared.process, shared.err = engine.Start(context.Background(), engine.Config{DataDir: shared.dir})
		}
	})
	if shared.err != nil {
		tb.Fatal(shared.err)
	}
	name := strings.ToLower(strings.NewReplacer("/", "_", " ", "_").Replace(tb.Name()))
	s, err := store.Open(tb.Context(), store.Options{DialContext: shared.process.DialContext, Database: name})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	if _, err := s.Migrate(tb.Context(), queriestest.AsOf); err != nil {
		tb.Fatal(err)
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
		return shared.process.DialContext(ctx, addr)
	}}
	tb.Cleanup(transport.CloseIdleConnections)
	return s, queriestest.Engine{Client: &http.Client{Transport: transport}, URL: "http://engine", Database: name}
}

// organisation is open with the small organisation in it.
func organisation(tb testing.TB) *store.Store {
	tb.Helper()
	s, e := open(tb)
	if err := e.Organisation(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return s
}

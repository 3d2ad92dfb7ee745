package grafana_test

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"testing"

	"github.com/grantwatch/grantwatch/dashboards/queries/queriestest"
	"github.com/grantwatch/grantwatch/store"
	"github.com/grantwatch/grantwatch/store/engine"
)

// TestMain makes this binary its own engine, as the command is: the child runs the same executable.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "engine" {
		os.Exit(child(os.Args[2:]))
	}
	os.Exit(m.Run())
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

// organisation is a store with a small organisation in it, on an engine of its own.
func organisation(t *testing.T) *store.Store {
	t.Helper()
	if _, err := engine.Fetch(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	process, err := engine.Start(context.Background(), engine.Config{DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Options{DialContext: process.DialContext, Database: "panels"})
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) { return process.DialContext(ctx, addr) }}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := process.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := s.Migrate(t.Context(), queriestest.AsOf); err != nil {
		t.Fatal(err)
	}
	e := queriestest.Engine{Client: &http.Client{Transport: transport}, URL: "http://engine", Database: "panels"}
	if err := e.Organisation(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

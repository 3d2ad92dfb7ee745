package store

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// withPanel gives a test a panel of its own.
func withPanel(t *testing.T, name, statement string) {
	t.Helper()
	statements["panel_"+name] = statement
	t.Cleanup(func() { delete(statements, "panel_"+name) })
}

const endless = "SELECT sum(cityHash64(number)) FROM numbers(1000000000000) WHERE {all:UInt8} = 1 LIMIT {limit:UInt64}"

// TestASlowPanelNeverHoldsUpAnInsert has more panels running than may run, none of which ends by itself, and writes.
func TestASlowPanelNeverHoldsUpAnInsert(t *testing.T) {
	s := open(t)
	withPanel(t, "endless", endless)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wait sync.WaitGroup
	ended := make(chan error, 8)
	for range cap(ended) {
		wait.Go(func() {
			_, err := s.Panel(ctx, Panel{Name: "endless", AllTeams: true, From: day(0), To: day(1), Limit: 1, Timeout: time.Minute})
			ended <- err
		})
	}
	// Four are running, which is as many as the store asks at once; the others wait for them, and nobody else does.
	running := func() uint64 {
		return count(t, s, "SELECT count() FROM system.processes WHERE query LIKE '%cityHash64(number)%' AND query NOT LIKE '%system.processes%'")
	}
	until := time.Now().Add(30 * time.Second)
	for running() < 4 {
		if time.Now().After(until) {
			t.Fatalf("%d panels are running; want 4", running())
		}
	}
	for n := range 3 {
		write(t, s, fullBatch("payments", "aws", n))
	}
	if n := running(); n != 4 {
		t.Errorf("%d panels are running beside the inserts; want 4", n)
	}
	select {
	case err := <-ended:
		t.Errorf("a panel has ended before the inserts: %v", err)
	default:
	}
	if n := count(t, s, "SELECT count() FROM events"); n != uint64(3*len(hostile)) {
		t.Errorf("%d events", n)
	}
	cancel()
	wait.Wait()
	close(ended)
	for err := range ended {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a panel that nobody waits for any more: %v", err)
		}
	}
	// Whoever went away leaves nothing running.
	for until = time.Now().Add(30 * time.Second); running() > 0; {
		if time.Now().After(until) {
			t.Fatalf("%d panels are still running", running())
		}
	}
}

// TestWhatAPanelMayTake holds a panel to its time and its memory, and keeps it from writing.
func TestWhatAPanelMayTake(t *testing.T) {
	s := open(t)
	ask := func(name string) error {
		_, err := s.Panel(t.Context(), Panel{Name: name, AllTeams: true, From: day(0), To: day(1), Limit: 1, Timeout: time.Second})
		return err
	}
	code := func(err error) int32 {
		var ex *clickhouse.Exception
		if errors.As(err, &ex) {
			return ex.Code
		}
		return 0
	}
	withPanel(t, "endless", endless)
	if err := ask("endless"); !errors.Is(err, ErrPanelTimeout) || FaultOf(err) != FaultTimeout {
		t.Errorf("one that takes too long: %v", err)
	}
	withPanel(t, "greedy", "SELECT length(groupArray(repeat(toString(number), 100))) FROM numbers(100000000) WHERE {all:UInt8} = 1 LIMIT {limit:UInt64}")
	if err := ask("greedy"); code(err) != 241 && !errors.Is(err, ErrPanelTimeout) {
		t.Errorf("one that takes too much memory: %v", err)
	}
	withPanel(t, "writes", "INSERT INTO checkpoints (feed) SELECT 'x' WHERE {all:UInt8} = 1 LIMIT {limit:UInt64}")
	if err := ask("writes"); code(err) != 164 && !strings.Contains(err.Error(), "readonly") {
		t.Errorf("one that writes: %v", err)
	}
	if n := count(t, s, "SELECT count() FROM checkpoints"); n != 0 {
		t.Errorf("it has written %d rows", n)
	}
	write(t, s, fullBatch("payments", "aws", 1)) // and the store goes on
}

package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/ingest"
	"github.com/grantwatch/grantwatch/store"
	"github.com/grantwatch/grantwatch/store/engine"
)

// TestMain makes this binary its own engine, as the command is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "engine" {
		fs := flag.NewFlagSet("engine", flag.ExitOnError)
		data, socket := fs.String("data", "", ""), fs.String("socket", "", "")
		_ = fs.Parse(os.Args[2:]) // it exits by itself
		if err := engine.Serve(context.Background(), engine.ServeConfig{DataDir: *data, Socket: *socket}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

var replayNow = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)

// lettersOf opens a store in which n good records lie as dead letters, as a decoder with a fault would have left them.
func lettersOf(t *testing.T, n int) *App {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "grantwatch.yaml")
	text := `{"teams": [{"name": "payments"}], "feeds": [{"name": "aws", "team": "payments", "format": "aws_cloudtrail", "accounts": ["111122223333"], "from": {"file": "logs/*.json"}}]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), Options{Config: cfg, Now: replayNow})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	b := access.Batch{Team: "payments", Feed: "aws", Token: "broken decoder", Source: "logs.json", To: int64(n), Received: int64(n), Ingested: replayNow.Add(-time.Hour)}
	for i := range n {
		b.Dead = append(b.Dead, access.DeadLetter{ID: fmt.Sprintf("%032x", i), Team: "payments", Feed: "aws", Reason: access.ReasonMissing, Position: fmt.Sprintf("logs.json:%d", i+1), At: b.Ingested,
			Raw: fmt.Appendf(nil, `{"userIdentity":{"type":"IAMUser","principalId":"AIDA1","arn":"arn:aws:iam::111122223333:user/ana","userName":"ana"},"eventTime":"2026-08-30T10:00:00Z","eventSource":"ec2.amazonaws.com","eventName":"DescribeVpcs","eventID":"e%d","recipientAccountId":"111122223333"}`, i)})
	}
	if err := a.Store.WriteBatch(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return a
}

// stands tells how many events are stored and how many letters are in each state.
func stands(t *testing.T, a *App) string {
	t.Helper()
	sizes, err := a.Store.TableSizes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var events uint64
	for _, s := range sizes {
		if s.Table == "events" {
			events = s.Rows
		}
	}
	groups, err := a.Store.LetterGroups(t.Context(), store.LetterFilter{})
	if err != nil {
		t.Fatal(err)
	}
	out := []string{fmt.Sprintf("events %d", events)}
	for _, g := range groups {
		out = append(out, fmt.Sprintf("%s %d", g.State, g.Letters))
	}
	return strings.Join(out, ", ")
}

func replayAll(t *testing.T, a *App, at time.Time) Replay {
	t.Helper()
	list, err := a.ReplayLetters(t.Context(), store.LetterFilter{}, at, false)
	if err != nil {
		t.Fatal(err)
	}
	var sum Replay
	for _, r := range list {
		sum.Finished, sum.Replayed, sum.Failed, sum.Stored = sum.Finished+r.Finished, sum.Replayed+r.Replayed, sum.Failed+r.Failed, sum.Stored+r.Stored
	}
	return sum
}

// More letters than one batch takes, all replayed once however often it is asked for.
func TestReplayIsIdempotent(t *testing.T) {
	const n = replayLetters + 7
	a := lettersOf(t, n)
	lost, err := a.Store.FeedLost(t.Context())
	if err != nil || len(lost) != 1 || lost[0].Records != n {
		t.Fatalf("before: lost %v, %v", lost, err)
	}
	if got := replayAll(t, a, replayNow); got.Replayed != n || got.Stored != n {
		t.Errorf("first: %+v", got)
	}
	if got := replayAll(t, a, replayNow.Add(time.Minute)); got != (Replay{}) {
		t.Errorf("second: %+v", got)
	}
	if got, want := stands(t, a), fmt.Sprintf("events %d, replayed %d", n, n); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if lost, err := a.Store.FeedLost(t.Context()); err != nil || len(lost) != 0 {
		t.Errorf("after: lost %v, %v", lost, err)
	}
}

var errKilled = errors.New("killed")

// dying stores or stores not, and dies either way: the caller never hears that a batch is durable.
type dying struct {
	to    ingest.Sink
	first bool // the batch is durable before the end
}

func (d dying) WriteBatch(ctx context.Context, b *access.Batch) error {
	if d.first {
		if err := d.to.WriteBatch(ctx, b); err != nil {
			return err
		}
	}
	return errKilled
}

// A replay that dies before or after its batch is durable is finished by the next one, as the same batch, although the
// clock has gone on and other letters have come in between.
func TestReplayDiesInTheMiddle(t *testing.T) {
	for _, durable := range []bool{false, true} {
		t.Run(fmt.Sprintf("durable=%v", durable), func(t *testing.T) {
			a := lettersOf(t, 5)
			p, err := ingest.New(dying{a.Store, durable}, ingest.Config{})
			if err != nil {
				t.Fatal(err)
			}
			a.pipe = p
			if _, err := a.ReplayLetters(t.Context(), store.LetterFilter{}, replayNow, false); !errors.Is(err, errKilled) {
				t.Fatalf("it did not die: %v", err)
			}
			want := "pending 5"
			if durable {
				want = "events 5, " + want
			} else {
				want = "events 0, " + want
			}
			if got := stands(t, a); got != want {
				t.Fatalf("after death: %s, want %s", got, want)
			}
			more := access.Batch{Team: "payments", Feed: "aws", Token: "later", Source: "more.json", To: 1, Received: 1, Ingested: replayNow,
				Dead: []access.DeadLetter{{ID: "00", Team: "payments", Feed: "aws", Reason: access.ReasonSyntax, Position: "more.json:1", At: replayNow, Raw: []byte("{nonsense")}}}
			if err := a.Store.WriteBatch(t.Context(), &more); err != nil {
				t.Fatal(err)
			}
			a.pipe = nil
			if got := replayAll(t, a, replayNow.Add(48*time.Hour)); got.Finished != 5 || got.Failed != 1 || got.Replayed != 0 {
				t.Errorf("second: %+v", got)
			}
			if got, want := stands(t, a), "events 5, replayed 5, open 1"; got != want {
				t.Errorf("at last: %s, want %s", got, want)
			}
		})
	}
}

package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/sync/errgroup"
)

const eventsTable = `CREATE TABLE events (id UInt64, at DateTime64(9, 'UTC'), actor LowCardinality(String), action LowCardinality(String), ip String, attrs Map(LowCardinality(String), String))
	ENGINE = MergeTree ORDER BY (actor, at) SETTINGS non_replicated_deduplication_window = 1000`

// columns is a batch as the ingester makes it.
type columns struct {
	id                []uint64
	at                []time.Time
	actor, action, ip []string
	attrs             []map[string]string
}

func makeColumns(from, n int) columns {
	var c columns
	t0 := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	attrs := map[string]string{"region": "eu-central-1"}
	for i := from; i < from+n; i++ {
		c.id = append(c.id, uint64(i))
		c.at = append(c.at, t0.Add(time.Duration(i)*time.Millisecond))
		c.actor = append(c.actor, fmt.Sprintf("arn:aws:iam::111122223333:user/u%d", i%5000))
		c.action = append(c.action, fmt.Sprintf("s3:Action%d", i%200))
		c.ip = append(c.ip, fmt.Sprintf("192.0.2.%d", i%250))
		c.attrs = append(c.attrs, attrs)
	}
	return c
}

func send(ctx context.Context, conn driver.Conn, c columns, token string) error {
	if token != "" {
		ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"insert_deduplication_token": token}))
	}
	b, err := conn.PrepareBatch(ctx, "INSERT INTO events (id, at, actor, action, ip, attrs)")
	if err != nil {
		return err
	}
	for i, col := range []any{c.id, c.at, c.actor, c.action, c.ip, c.attrs} {
		if err := b.Column(i).Append(col); err != nil {
			return err
		}
	}
	return b.Send()
}

func TestLargeBatchIsOnePart(t *testing.T) {
	for _, m := range []clickhouse.CompressionMethod{clickhouse.CompressionLZ4, clickhouse.CompressionZSTD, clickhouse.CompressionNone, clickhouse.CompressionGZIP} {
		t.Run(m.String(), func(t *testing.T) {
			database(t)
			opt := options(shared(t), m)
			opt.Auth.Database = "t_" + strings.ToLower(strings.ReplaceAll(t.Name(), "/", "_"))
			c := open(t, opt)
			mustExec(t, c, eventsTable)
			const n = 300_000
			if err := send(t.Context(), c, makeColumns(0, n), ""); err != nil {
				t.Fatal(err)
			}
			if got := scalar[uint64](t, c, "SELECT uniqExact(id) FROM events"); got != n {
				t.Fatalf("%d rows, want %d", got, n)
			}
			if got := scalar[uint64](t, c, "SELECT count() FROM system.parts WHERE database = currentDatabase() AND table = 'events' AND active"); got != 1 {
				t.Fatalf("%d parts, want 1", got)
			}
			sum := scalar[uint64](t, c, "SELECT sum(id) FROM (SELECT id FROM events WHERE attrs['region'] = 'eu-central-1' AND ip LIKE '192.0.2.%')")
			if want := uint64(n) * (n - 1) / 2; sum != want {
				t.Fatalf("sum %d, want %d", sum, want)
			}
		})
	}
}

func TestDeduplicationToken(t *testing.T) {
	c := database(t)
	mustExec(t, c, eventsTable)
	mustExec(t, c, "CREATE TABLE counted (actor String, n UInt64) ENGINE = SummingMergeTree ORDER BY actor SETTINGS non_replicated_deduplication_window = 1000")
	mustExec(t, c, "CREATE MATERIALIZED VIEW count_them TO counted AS SELECT actor, count() AS n FROM events GROUP BY actor")
	for _, token := range []string{"a", "a", "b", "a", "b"} {
		if err := send(t.Context(), c, makeColumns(0, 1000), token); err != nil {
			t.Fatal(err)
		}
	}
	if n := scalar[uint64](t, c, "SELECT count() FROM events"); n != 2000 {
		t.Fatalf("%d rows, want those of two tokens", n)
	}
	if n := scalar[uint64](t, c, "SELECT sum(n) FROM counted"); n != 2000 {
		t.Fatalf("the view counted %d, want 2000", n)
	}
}

func TestInsertForms(t *testing.T) {
	p := shared(t)
	c := database(t)
	db := "?database=t_testinsertforms"
	mustExec(t, c, "CREATE TABLE f (a UInt8, b String) ENGINE = MergeTree ORDER BY a")
	mustExec(t, c, "CREATE TABLE format (a UInt8) ENGINE = MergeTree ORDER BY a")
	esc := url.QueryEscape
	for _, tc := range []struct {
		name, query, body, want string
	}{
		{"values in the body", "", "INSERT INTO f VALUES (1, 'a;b'), (2, 'c')", "1\ta;b\n2\tc\n"},
		{"values split", "&query=" + esc("INSERT INTO f VALUES"), "(1, 'x')", "1\tx\n"},
		{"values split in the middle", "&query=" + esc("INSERT INTO f (b, a) VALUES ('y', 1),"), "('z', 2)", "1\ty\n2\tz\n"},
		{"lines in the body", "", "INSERT INTO f FORMAT JSONEachRow\n{\"a\":1,\"b\":\"p\"}\n\n{\"a\":2,\"b\":\"q\"}\n", "1\tp\n2\tq\n"},
		{"settings before the format", "&query=" + esc("INSERT INTO f (a, b) SETTINGS max_threads = 1 FORMAT CSV"), "1,\"c,d\"\n", "1\tc,d\n"},
		{"with a comment", "&query=" + esc("INSERT /* FORMAT x */ INTO `f` -- VALUES\nFORMAT TSV;"), "1\ttab\n", "1\ttab\n"},
		{"select", "", "INSERT INTO f SELECT number, 's' FROM numbers(2)", "0\ts\n1\ts\n"},
		{"with select", "", "INSERT INTO f WITH 5 AS x SELECT x, 'w'", "5\tw\n"},
		{"with first", "", "WITH x AS (SELECT 6 AS a) INSERT INTO f SELECT a, 'v' FROM x", "6\tv\n"},
		{"parameter in select", "&param_v=" + esc("o'k"), "INSERT INTO f SELECT 1, {v:String}", "1\to\\'k\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			mustExec(t, c, "TRUNCATE TABLE f")
			if r := ask(t, p, "POST", db+tc.query, tc.body); r.status != 200 {
				t.Fatalf("%d %s", r.status, r.body)
			}
			if got := ask(t, p, "POST", db, "SELECT * FROM f ORDER BY a").body; got != tc.want {
				t.Fatalf("got %q, want %q", got, tc.want)
			}
		})
	}
	if r := ask(t, p, "POST", db+"&query="+esc("INSERT INTO format FORMAT CSV"), "1\n2\n"); r.status != 200 {
		t.Errorf("a table called format: %s", r.body)
	}
	if r := ask(t, p, "POST", db+"&query="+esc("INSERT INTO f FORMAT Native"), ""); r.status != 400 || !strings.HasPrefix(r.body, "Code: 108.") {
		t.Errorf("insert of nothing: %d %s", r.status, r.body)
	}
	if r := ask(t, p, "POST", db+"&query="+esc("INSERT INTO f FROM INFILE '/etc/passwd' FORMAT CSV"), ""); r.status == 200 {
		t.Error("a file was read")
	}
	r := ask(t, p, "POST", db+"&query="+esc("INSERT INTO f FORMAT CSV"), "1,a\n2,b\n")
	if s := r.header.Get("X-ClickHouse-Summary"); !strings.Contains(s, `"written_rows":"2"`) {
		t.Errorf("summary %s", s)
	}
}

type brokenOff struct{ from io.Reader }

func (b brokenOff) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if err == io.EOF {
		err = errors.New("the sender stumbles")
	}
	return n, err
}

// Data that breaks off leaves nothing behind, small or larger than the spool.
func TestInsertThatBreaksOff(t *testing.T) {
	p := shared(t)
	c := database(t)
	mustExec(t, c, "CREATE TABLE f (a String) ENGINE = MergeTree ORDER BY a")
	for _, size := range []int{1000, spool - 10, spool + 10, 3 * spool} {
		body := brokenOff{strings.NewReader(strings.Repeat("0123456789abcdef\n", size/17))}
		req, err := http.NewRequestWithContext(t.Context(), "POST", "http://engine/?database=t_testinsertthatbreaksoff&query="+url.QueryEscape("INSERT INTO f FORMAT TSV"), body)
		if err != nil {
			t.Fatal(err)
		}
		if res, err := client(p).Do(req); err == nil {
			res.Body.Close()
			t.Fatalf("size %d: the request went through with status %d", size, res.StatusCode)
		}
	}
	eventually(t, "nothing runs any more", func() bool {
		return scalar[uint64](t, c, "SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO f %'") == 0
	})
	if n := scalar[uint64](t, c, "SELECT count() FROM f"); n != 0 {
		t.Fatalf("%d rows of inserts that broke off", n)
	}
}

// Data that is whole as a body and broken inside is refused as a whole, with
// an answer, also when its sound part was already on its way to the engine.
func TestInsertOfBrokenFrames(t *testing.T) {
	p := shared(t)
	c := database(t)
	mustExec(t, c, "CREATE TABLE f (a String) ENGINE = MergeTree ORDER BY a")
	sound := []byte(strings.Repeat("0123456789abcdef\n", 3*spool/17))
	for name, body := range map[string][]byte{
		"changed": append(frames(t, "LZ4", sound), make([]byte, 200)...),
		"cut":     frames(t, "LZ4", sound, sound)[:len(frames(t, "LZ4", sound))+100],
	} {
		r := ask(t, p, "POST", "?decompress=1&database=t_testinsertofbrokenframes&query="+url.QueryEscape("INSERT INTO f FORMAT TSV"), string(body))
		if r.status != 400 || !strings.HasPrefix(r.body, "Code: 33.") {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
		if n := scalar[uint64](t, c, "SELECT count() FROM f"); n != 0 {
			t.Fatalf("%s: %d rows", name, n)
		}
	}
}

// A client that repeats what got no answer, with the same token, ends up with
// every row once, however often the engine is killed.
func TestKillDuringInserts(t *testing.T) {
	p := start(t, Config{})
	c := open(t, options(p, clickhouse.CompressionLZ4))
	mustExec(t, c, eventsTable)
	const writers, batches, rows, kills = 2, 20, 5000, 6
	g, ctx := errgroup.WithContext(t.Context())
	stop := make(chan struct{})
	for w := range writers {
		g.Go(func() error {
			for b := range batches {
				cols := makeColumns((w*batches+b)*rows, rows)
				token := fmt.Sprintf("w%d-b%d", w, b)
				for {
					err := send(ctx, c, cols, token)
					if err == nil {
						break
					}
					var e *clickhouse.Exception
					if errors.As(err, &e) {
						return fmt.Errorf("the engine refused batch %s: %w", token, err)
					}
					if ctx.Err() != nil {
						return ctx.Err()
					}
				}
			}
			return nil
		})
	}
	killer := make(chan int)
	go func() {
		done, last := 0, 0
		defer func() { killer <- done }()
		tick := time.NewTicker(60 * time.Millisecond)
		defer tick.Stop()
		for done < kills {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			// A child that is dead and not yet waited for can be killed again: on a busy machine that is no second kill.
			if pid := p.PID(); pid != last && kill(p) {
				done++
				last = pid
			}
		}
	}()
	err := g.Wait()
	close(stop)
	done := <-killer
	if err != nil {
		t.Fatal(err)
	}
	if done == 0 {
		t.Fatal("the engine was never killed")
	}
	eventually(t, "a restart is counted", func() bool { return p.Restarts() >= int64(done) })
	total := uint64(writers * batches * rows)
	var n, distinct uint64
	eventually(t, "the engine answers", func() bool {
		return c.QueryRow(t.Context(), "SELECT count(), uniqExact(id) FROM events").Scan(&n, &distinct) == nil
	})
	if n != total || distinct != total {
		t.Fatalf("%d rows, %d distinct, want %d, after %d kills", n, distinct, total, done)
	}
	t.Logf("%d rows exactly once over %d kills", n, done)
}

package ingest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
)

var now = start.Add(24 * time.Hour)

// record is one line of a made-up Kubernetes audit log: short, and easy to bend.
func record(id string, at time.Time) string {
	return fmt.Sprintf(`{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"%s","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/shop/pods","verb":"list","user":{"username":"system:serviceaccount:shop:cart","uid":"u-1","groups":["system:serviceaccounts"]},"sourceIPs":["192.0.2.7"],"objectRef":{"resource":"pods","namespace":"shop","apiVersion":"v1"},"responseStatus":{"code":200},"requestReceivedTimestamp":"%s","stageTimestamp":"%[2]s"}`,
		id, at.UTC().Format("2006-01-02T15:04:05.000000Z"))
}

var k8sFeed = access.Feed{Name: "shop-k8s", Team: "shop", Format: "k8s_audit", Accounts: []string{"cluster-1"}}

// every is an event rule that everything matches whose id ends in 7.
type every struct{}

func (every) Match(ev *access.Event, team, feed string) []access.Hit {
	if !strings.HasSuffix(ev.ID, "7") {
		return nil
	}
	return []access.Hit{{Rule: "sevens", Severity: access.SeverityLow, Why: team + "/" + feed}}
}

// mixed draws a log of good, bad, repeated, ancient and future records, and says what has to become of them.
func mixed(t *rapid.T) (log string, want ingest.Stats) {
	kinds := rapid.SliceOfN(rapid.SampledFrom([]string{"good", "good", "good", "good", "again", "ancient", "future", "poison", "half", "foreign", "blank"}), 0, 120).Draw(t, "kinds")
	var b strings.Builder
	ids := []string{}
	for i, kind := range kinds {
		id, at := fmt.Sprintf("id-%d", i), start.Add(time.Duration(i)*time.Second)
		want.Received++
		switch kind {
		case "good":
			want.Stored++
		case "again":
			if len(ids) > 0 {
				id = rapid.SampledFrom(ids).Draw(t, "which")
				want.Filtered++
			} else {
				want.Stored++
			}
		case "ancient":
			want.Stored, want.Flagged, at = want.Stored+1, want.Flagged+1, time.Date(rapid.SampledFrom([]int{1, 1700, 1970, 1999}).Draw(t, "year"), 5, 1, 0, 0, 0, 0, time.UTC)
		case "future":
			want.Stored, want.Flagged, at = want.Stored+1, want.Flagged+1, time.Date(rapid.SampledFrom([]int{2027, 2262, 9999}).Draw(t, "year"), 5, 1, 0, 0, 0, 0, time.UTC)
		case "poison":
			want.Dead++
			b.WriteString(rapid.SampledFrom([]string{"\x00\xff\xfe", `{"auditID":`, `"just a string"`, `{"kind":"Event"}`, `null`, "plain text", `{"a":{"b":[}}`}).Draw(t, "poison") + "\n")
			continue
		case "half":
			want.Dead++
			whole := record(id, at)
			b.WriteString(whole[:rapid.IntRange(len(`{"kind":"Event",`), len(whole)-1).Draw(t, "cut")] + "\n")
			continue
		case "foreign":
			want.Dead++
			b.WriteString(strings.Replace(record(id, at), `"stageTimestamp":"`, `"stageTimestamp":"not `, 1) + "\n")
			continue
		case "blank":
			want.Received--
			b.WriteString("\n")
			continue
		}
		ids = append(ids, id)
		b.WriteString(record(id, at) + "\n")
	}
	return b.String(), want
}

// Nothing is lost and nothing is counted twice, however records are mixed and batches are cut.
func TestConservation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log, want := mixed(t)
		sink := newMemory()
		p, err := ingest.New(sink, ingest.Config{BatchRecords: rapid.IntRange(1, 50).Draw(t, "batch")})
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.RunStream(t.Context(), k8sFeed, "audit.log", strings.NewReader(log), now, every{})
		if err != nil {
			t.Fatal(err)
		}
		if got.Received != got.Stored+got.Filtered+got.Dead {
			t.Fatalf("not conserved: %+v", got)
		}
		if sum := sink.sum(); sum.Received != got.Received || sum.Stored != got.Stored || sum.Batches != got.Batches {
			t.Fatalf("the sink has %+v, the pipeline says %+v", sum, got)
		}
		want.Batches, want.Bytes, want.Hits = got.Batches, got.Bytes, got.Hits
		if got != want {
			t.Fatalf("got %+v\nwant %+v\nlog:\n%s", got, want, log)
		}
	})
}

// Whenever the sink fails, at whichever table, reading the source again from the start makes what one good reading makes.
func TestSinkFailsAnywhereAndTheSourceIsReadAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log, _ := mixed(t)
		cfg := ingest.Config{BatchRecords: rapid.IntRange(1, 40).Draw(t, "batch")}
		run := func(m *memory) error {
			p, err := ingest.New(m, cfg)
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.RunStream(t.Context(), k8sFeed, "audit.log", strings.NewReader(log), now, every{})
			return err
		}
		whole, broken := newMemory(), newMemory()
		if err := run(whole); err != nil {
			t.Fatal(err)
		}
		attempts := 0
		broken.fail = func(string, string) bool {
			return attempts < 20 && rapid.IntRange(0, 6).Draw(t, "fails") == 0
		}
		for err := errBroken; err != nil; attempts++ {
			if err = run(broken); err != nil && !errors.Is(err, errBroken) {
				t.Fatal(err)
			}
		}
		if !reflect.DeepEqual(broken.rows(), whole.rows()) || broken.sum() != whole.sum() {
			t.Fatalf("after %d attempts the rows differ:\n%v\n%v", attempts, broken.rows(), whole.rows())
		}
	})
}

// After a failure nothing that comes later in the stream is written: its position would have a hole behind it.
func TestNothingIsWrittenBehindAFailure(t *testing.T) {
	var b strings.Builder
	for i := range 100 {
		b.WriteString(record(fmt.Sprint(i), start) + "\n")
	}
	sink, n := newMemory(), 0
	sink.fail = func(_, table string) bool { n++; return n == 2*7+1 } // the first table of the third batch
	st, err := pipeline(t, sink, ingest.Config{BatchRecords: 10}).RunStream(t.Context(), k8sFeed, "audit.log", strings.NewReader(b.String()), now, nil)
	if !errors.Is(err, errBroken) || st.Batches != 2 || st.Stored != 20 || len(sink.order) != 3 {
		t.Errorf("%+v, %v, %d batches tried", st, err, len(sink.order))
	}
}

func TestWildClocks(t *testing.T) {
	skew := 5 * time.Minute
	for name, c := range map[string]struct {
		at             time.Time
		flag, original string
		stored         time.Time
	}{
		"now":                {now, "", "", now},
		"within the skew":    {now.Add(skew), "", "", now.Add(skew)},
		"beyond the skew":    {now.Add(skew + time.Microsecond), "future", "", now.Add(skew + time.Microsecond)},
		"the year 9999":      {time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), "future", "9999-01-01T00:00:00Z", time.Date(2261, 12, 31, 0, 0, 0, 0, time.UTC)},
		"the first moment":   {time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), "", "", time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)},
		"the moment before":  {time.Date(1999, 12, 31, 23, 59, 59, 999999000, time.UTC), "ancient", "", time.Date(1999, 12, 31, 23, 59, 59, 999999000, time.UTC)},
		"before the columns": {time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC), "ancient", "1600-01-01T00:00:00Z", time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			sink := &keep{}
			st, err := pipeline(t, sink, ingest.Config{}).RunStream(t.Context(), k8sFeed, "audit.log", strings.NewReader(record("1", c.at)), now, nil)
			flagged := int64(0)
			if c.flag != "" {
				flagged = 1
			}
			if err != nil || st.Stored != 1 || st.Flagged != flagged {
				t.Fatalf("%+v, %v", st, err)
			}
			b := sink.batches[0]
			if b.flag != c.flag || b.original != c.original || !b.time.Equal(c.stored) {
				t.Errorf("got %+v", b)
			}
			if rolled := b.usage+b.coverage > 0; rolled != (c.flag == "") {
				t.Errorf("in a roll-up: %v", rolled)
			}
		})
	}
}

// keep notes what the tests above ask of the only event of a batch.
type keep struct{ batches []kept }

type kept struct {
	flag, original  string
	time            time.Time
	usage, coverage int
}

func (k *keep) WriteBatch(_ context.Context, b *access.Batch) error {
	ev := b.Events.Event(0)
	k.batches = append(k.batches, kept{b.Events.Flag(0), ev.Attrs["time_original"], ev.Time, b.Usage.Len(), len(b.Coverage)})
	return nil
}

func TestDuplicatesWithinTheWindow(t *testing.T) {
	var b strings.Builder
	for i := range 100 {
		b.WriteString(record(fmt.Sprint(i), start) + "\n")
	}
	log := b.String() + b.String() // each id again, 100 records later
	for window, filtered := range map[int]int64{200: 100, 100: 100, 20: 0} {
		sink := newMemory()
		st, err := pipeline(t, sink, ingest.Config{Window: window}).RunStream(t.Context(), k8sFeed, "audit.log", strings.NewReader(log), now, nil)
		if err != nil || st.Filtered != filtered || st.Stored != 200-filtered {
			t.Errorf("window %d: %+v, %v", window, st, err)
		}
	}
}

func TestDeadLettersSayWhereAndWhy(t *testing.T) {
	log := record("1", start) + "\n\nnot json\n" + record("2", start)[:60] + "\n"
	sink := &letters{}
	if _, err := pipeline(t, sink, ingest.Config{}).RunStream(t.Context(), k8sFeed, "logs/audit.log", strings.NewReader(log), now, nil); err != nil {
		t.Fatal(err)
	}
	if len(sink.dead) != 2 {
		t.Fatalf("%+v", sink.dead)
	}
	d := sink.dead[0]
	if d.Reason != access.ReasonSyntax || string(d.Raw) != "not json" || !strings.HasPrefix(d.Position, "logs/audit.log:3") || d.Team != "shop" || !d.At.Equal(now) || len(d.ID) != 32 {
		t.Errorf("%+v", d)
	}
	again := &letters{}
	if _, err := pipeline(t, again, ingest.Config{}).RunStream(t.Context(), k8sFeed, "logs/audit.log", strings.NewReader(log), now, nil); err != nil || again.dead[0].ID != d.ID || again.dead[1].ID == d.ID {
		t.Errorf("%+v, %v", again.dead, err)
	}
}

type letters struct{ dead []access.DeadLetter }

func (l *letters) WriteBatch(_ context.Context, b *access.Batch) error {
	l.dead = append(l.dead, b.Dead...)
	return nil
}

// Broken compression costs the rest of its file and no other.
func TestBrokenCompressionIsOneDeadLetter(t *testing.T) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 3000 { // random enough to be more than one block
		fmt.Fprintln(w, record(fmt.Sprintf("%d-%x", i, r.Uint64()), start))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	parts := []ingest.Part{piece("a.gz", z.Bytes()[:z.Len()*2/3]), piece("b.log", []byte(record("whole", start)))}
	sink := newMemory()
	st, err := pipeline(t, sink, ingest.Config{}).RunParts(t.Context(), k8sFeed, "two", 0, parts, now, nil)
	if err != nil || st.Unreadable != 1 || st.Dead < 1 || st.Dead > 2 || st.Stored < 500 || st.Received != st.Stored+st.Dead {
		t.Fatalf("%+v, %v", st, err)
	}
	if got := sink.ids(); got[len(got)-1] != "whole" {
		t.Errorf("the file after it was not read: %s", got[len(got)-1])
	}
}

func piece(name string, content []byte) ingest.Part {
	return ingest.Part{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }}
}

func TestSourceThatFails(t *testing.T) {
	bad := errors.New("the disk is broken")
	sink := newMemory()
	r := io.MultiReader(strings.NewReader(record("1", start)+"\n"), iotest.ErrReader(bad))
	if st, err := pipeline(t, sink, ingest.Config{}).RunStream(t.Context(), k8sFeed, "audit.log", r, now, nil); !errors.Is(err, bad) || st.Batches != 0 {
		t.Errorf("%+v, %v", st, err)
	}
	feed := k8sFeed
	feed.Format = "morse"
	if _, err := pipeline(t, sink, ingest.Config{}).RunStream(t.Context(), feed, "audit.log", r, now, nil); err == nil || !strings.Contains(err.Error(), "morse") {
		t.Errorf("%v", err)
	}
	for _, cfg := range []ingest.Config{{BatchRecords: -1}, {BatchRecords: 2_000_000}, {Workers: -1}, {Window: -1}, {FutureSkew: -1}, {BatchBytes: -1}, {RecordBytes: -1}} {
		if _, err := ingest.New(sink, cfg); err == nil {
			t.Errorf("%+v was taken", cfg)
		}
	}
}

// What a log puts into its fields is bounded and made valid before it is stored.
func TestHostileFields(t *testing.T) {
	long := strings.Repeat("ü", 3000)
	line := record("1", start)
	line = strings.Replace(line, `"username":"`, `"username":"`+long, 1)
	line = strings.Replace(line, `"sourceIPs"`, `"userAgent":"`+long+`","sourceIPs"`, 1)
	longID := strings.Repeat("x", 2000)
	other := strings.Replace(record(longID+"1", start), "u-1", "u-2", 1)
	third := record(longID+"2", start)
	sink := &whole{}
	st, err := pipeline(t, sink, ingest.Config{}).RunStream(t.Context(), k8sFeed, "audit.log", strings.NewReader(line+"\n"+other+"\n"+third+"\n"), now, nil)
	if err != nil || st.Stored != 3 || st.Filtered != 0 {
		t.Fatalf("%+v, %v", st, err)
	}
	var e [3]access.Event
	for i := range e {
		e[i] = sink.events.Event(i)
	}
	for name, v := range map[string]string{"user agent": e[0].UserAgent, "actor": e[0].Actor.ID, "principal": e[0].Actor.Principal} {
		if len(v) > 1024 || !strings.HasSuffix(v, "ü…") {
			t.Errorf("%s: %d bytes, ends in %q", name, len(v), v[max(0, len(v)-8):])
		}
	}
	if len(e[1].ID) > 64 || e[1].ID == e[2].ID {
		t.Errorf("ids %q and %q", e[1].ID, e[2].ID)
	}
	if e[0].Account != "cluster-1" || e[0].Provider != "k8s" {
		t.Errorf("account %q of %q", e[0].Account, e[0].Provider)
	}
}

// whole keeps the columns of the only batch of a test.
type whole struct{ events access.Columns }

func (w *whole) WriteBatch(_ context.Context, b *access.Batch) error {
	w.events = b.Events // the pipeline is not used again after it
	return nil
}

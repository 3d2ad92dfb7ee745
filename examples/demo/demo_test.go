package demo_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/grantwatch/grantwatch/examples/demo"
)

// small is the least organisation with all plants; every test but the benchmark uses it.
func small(t testing.TB, seed int64) *demo.Org {
	t.Helper()
	o, err := demo.New(demo.Options{Seed: seed, Events: 45_000, NHIs: 1_000})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func digest(t *testing.T, fsys fs.FS, names []string) string {
	t.Helper()
	h := sha256.New()
	for _, name := range names {
		f, err := fsys.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(h, name)
		if _, err := io.Copy(h, f); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

func TestSameSeedSameBytes(t *testing.T) {
	a, b, c := small(t, 1), small(t, 1), small(t, 2)
	first := digest(t, a.FS(), a.Paths())
	if again := digest(t, a.FS(), a.Paths()); again != first {
		t.Error("a second reading of the same organisation differs")
	}
	if other := digest(t, b.FS(), b.Paths()); other != first {
		t.Error("the same seed gave other bytes")
	}
	if other := digest(t, c.FS(), c.Paths()); other == first {
		t.Error("another seed gave the same bytes")
	}
	if fmt.Sprint(a.Truth()) != fmt.Sprint(b.Truth()) {
		t.Error("the same seed gave another truth")
	}
}

// record has what the three formats name differently.
type record struct {
	EventTime   time.Time `json:"eventTime"`
	EventID     string    `json:"eventID"`
	AuditID     string    `json:"auditID"`
	Received    time.Time `json:"requestReceivedTimestamp"`
	Published   time.Time `json:"published"`
	OktaID      string    `json:"uuid"`
	RecipientID string    `json:"recipientAccountId"`
}

func (r record) id() string { return r.EventID + r.AuditID + r.OktaID }

func (r record) time() time.Time {
	for _, t := range []time.Time{r.EventTime, r.Received, r.Published} {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

func TestLogs(t *testing.T) {
	const events = 45_000
	o := small(t, 1)
	ids := make(map[string]bool, events)
	last := map[string]time.Time{}
	longest := map[string]time.Duration{}
	count := 0
	for _, name := range o.Paths() { // months sort by time within a feed
		if !demo.IsLog(name) {
			continue
		}
		f, err := o.FS().Open(name)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Dir(name)
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var r record
			if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
				t.Fatalf("%s: %v: %s", name, err, lines.Bytes())
			}
			count++
			if r.id() == "" || ids[r.id()] {
				t.Fatalf("%s: id %q is missing or not unique", name, r.id())
			}
			ids[r.id()] = true
			at := r.time()
			if at.IsZero() || !at.Before(o.AsOf()) {
				t.Fatalf("%s: record at %s", name, at)
			}
			if prev := last[dir]; !prev.IsZero() && at.Sub(prev) > longest[dir] {
				longest[dir] = at.Sub(prev)
			}
			if at.After(last[dir]) {
				last[dir] = at
			}
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
	if count != events {
		t.Errorf("%d records, want exactly %d", count, events)
	}
	if got := o.Records(); got != events {
		t.Errorf("Records() = %d, want %d", got, events)
	}
	if len(last) != 11 {
		t.Errorf("%d feeds, want 11", len(last))
	}
	for dir, newest := range last {
		silence, want := o.AsOf().Sub(newest), 15*time.Minute
		if dir == "logs/growth/k8s" {
			want = 73 * time.Hour
		}
		if silence > want {
			t.Errorf("%s: silent for %s before AsOf", dir, silence)
		}
		gap := 2 * time.Hour
		if dir == "logs/growth/cloudtrail" {
			gap = 10 * time.Hour
			if longest[dir] < 8*time.Hour {
				t.Errorf("%s: the planted hole is only %s", dir, longest[dir])
			}
		}
		if longest[dir] > gap {
			t.Errorf("%s: a silence of %s that nobody planted", dir, longest[dir])
		}
	}
}

func TestFileSystem(t *testing.T) {
	o := small(t, 3)
	if err := fstest.TestFS(o.FS(), "grantwatch.yaml", "people.csv", "logs/payments/cloudtrail/2026-08.json"); err != nil {
		t.Error(err)
	}
	logs, err := fs.Glob(o.FS(), "logs/data/k8s/*.json*")
	if err != nil || len(logs) != 4 {
		t.Errorf("Glob: %v, %v", logs, err)
	}
}

func TestWriteToEqualsFS(t *testing.T) {
	o := small(t, 1)
	dir := t.TempDir()
	var last, total int64
	if err := o.WriteTo(dir, func(done, all int64) {
		if done < last {
			t.Errorf("progress went back from %d to %d", last, done)
		}
		last, total = done, all
	}); err != nil {
		t.Fatal(err)
	}
	if last != total || total != o.Records() {
		t.Errorf("progress ended at %d of %d, want %d", last, total, o.Records())
	}
	zipped := 0
	for _, name := range o.Paths() {
		want, err := fs.ReadFile(o.FS(), name)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		got, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			zipped++
			got = unzip(t, path+".gz")
		} else if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from the file system", name)
		}
	}
	if zipped == 0 {
		t.Error("no log was compressed")
	}
}

func unzip(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestOptionsAreChecked(t *testing.T) {
	for name, opt := range map[string]demo.Options{
		"too few events": {Events: 20_000}, "too few people": {People: 50}, "too few identities": {NHIs: 100},
		"too many people": {People: 100_000}, "another number of teams": {Teams: 5}, "too short": {Days: 30},
	} {
		if _, err := demo.New(opt); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	o, err := demo.New(demo.Options{Events: 60_000})
	if err != nil {
		t.Fatalf("sixty thousand events have to be enough: %v", err)
	}
	if o.Records() != 60_000 {
		t.Errorf("%d records", o.Records())
	}
}

func BenchmarkRecords(b *testing.B) {
	o, err := demo.New(demo.Options{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		var bytes int64
		for _, name := range o.Paths() {
			if !demo.IsLog(name) {
				continue
			}
			f, err := o.FS().Open(name)
			if err != nil {
				b.Fatal(err)
			}
			n, err := f.(io.WriterTo).WriteTo(io.Discard)
			if err != nil {
				b.Fatal(err)
			}
			bytes += n
		}
		b.SetBytes(bytes)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(o.Records()), "ns/record")
}

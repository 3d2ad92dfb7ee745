package s3_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/ingest/source/file"
	"github.com/grantwatch/grantwatch/ingest/source/s3"
	"github.com/grantwatch/grantwatch/ingest/source/s3/s3test"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// marks keeps checkpoints in memory.
type marks struct {
	list map[string]s3.Checkpoint
	fail func() error
}

func (m *marks) Checkpoints(context.Context, string) ([]s3.Checkpoint, error) {
	var out []s3.Checkpoint
	for _, c := range m.list {
		out = append(out, c)
	}
	return out, nil
}

func (m *marks) SaveCheckpoints(_ context.Context, _ string, list []s3.Checkpoint) error {
	if m.fail != nil {
		if err := m.fail(); err != nil {
			return err
		}
	}
	for _, c := range list {
		m.list[c.Source] = c
	}
	return nil
}

// desk is a bucket, a tracker that follows it, and what it has read.
type desk struct {
	t       *testing.T
	server  *s3test.Server
	cfg     s3.Config
	marks   *marks
	tracker *s3.Tracker
	now     time.Time
	got     []string
	works   map[string]string // source → what it held, of every attempt
	changes bool              // stretches need not be what they were
	fail    func() error
	mu      sync.Mutex
	reports []string
}

var begin = time.Date(2026, 9, 10, 12, 0, 0, 0, time.UTC)

func newDesk(t *testing.T, cfg s3.Config) *desk {
	s3test.Environ(t)
	d := &desk{t: t, server: s3test.New(t, "logs"), marks: &marks{list: map[string]s3.Checkpoint{}}, now: begin, works: map[string]string{}}
	cfg.Bucket, cfg.Endpoint, cfg.PathStyle, cfg.Backoff = "logs", d.server.URL, true, time.Millisecond
	d.cfg = cfg
	return d
}

func (d *desk) restart() { d.tracker = nil }

// step looks once, two minutes later.
func (d *desk) step() error {
	if d.tracker == nil {
		t, err := s3.New(d.t.Context(), d.cfg, "feed", d.marks)
		if err != nil {
			return err
		}
		t.Report = func(err error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.reports = append(d.reports, err.Error())
		}
		d.tracker = t
	}
	d.now = d.now.Add(2 * time.Minute)
	return d.tracker.Step(d.t.Context(), d.now, func(_ context.Context, w file.Work) error {
		var lines []string
		for _, p := range w.Pieces {
			r, err := p.Open()
			if err != nil {
				return err
			}
			raw, err := io.ReadAll(r)
			if err := errors.Join(err, r.Close()); err != nil {
				return err
			}
			if len(raw) == 0 {
				continue
			}
			lines = append(lines, p.Name+" "+unzipped(raw))
		}
		all := w.At.String() + "\n" + strings.Join(lines, "\n")
		if before, ok := d.works[w.Source]; ok && before != all && !d.changes {
			d.t.Errorf("%s held %q and now holds %q", w.Source, before, all)
		}
		if len(lines) > 0 {
			d.works[w.Source] = all
		}
		if d.fail != nil {
			if err := d.fail(); err != nil {
				return err
			}
		}
		for _, l := range lines {
			d.got = append(d.got, strings.TrimPrefix(l, "s3://logs/"))
		}
		return nil
	})
}

func unzipped(raw []byte) string {
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return string(raw)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		return err.Error()
	}
	return string(out)
}

func (d *desk) wants(lines ...string) {
	d.t.Helper()
	if err := d.step(); err != nil {
		d.t.Fatal(err)
	}
	d.have(lines...)
}

func (d *desk) have(lines ...string) {
	d.t.Helper()
	slices.Sort(d.got)
	slices.Sort(lines)
	if !slices.Equal(d.got, lines) {
		d.t.Fatalf("got %q\nwant %q\nreports %q", d.got, lines, d.reports)
	}
	d.got = nil
}

func (d *desk) put(key, text string) string { return d.server.Put("logs", key, []byte(text)) }

func (d *desk) said(words ...string) {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	all := strings.Join(d.reports, "\n")
	for _, w := range words {
		if !strings.Contains(all, w) {
			d.t.Errorf("%q is not said: %q", w, d.reports)
		}
	}
	d.reports = nil
}

// trail is the key of a CloudTrail object.
func trail(account, region, moment, tail string) string {
	return fmt.Sprintf("AWSLogs/%s/CloudTrail/%s/%s/%s/%s/%s_CloudTrail_%s_%sZ_%s.json.gz", account, region, moment[:4], moment[4:6], moment[6:8], account, region, moment, tail)
}

func TestFlatPrefix(t *testing.T) {
	d := newDesk(t, s3.Config{Prefix: "logs/"})
	d.server.PageSize(2)
	for i := range 7 {
		d.put(fmt.Sprintf("logs/%d.json", i), fmt.Sprint(i))
	}
	d.put("other/1.json", "not ours")
	d.put("logs/folder/", "")
	d.put("logs/AWSLogs/111122223333/CloudTrail-Digest/x.json.gz", "a digest")
	d.wants("logs/0.json 0", "logs/1.json 1", "logs/2.json 2", "logs/3.json 3", "logs/4.json 4", "logs/5.json 5", "logs/6.json 6")
	d.wants()
	d.put("logs/0.json", "another content") // and another ETag
	d.put("logs/00.json", "late")
	d.restart()
	d.wants("logs/0.json another content", "logs/00.json late")
	d.restart()
	d.wants()
}

func TestCloudTrailLayout(t *testing.T) {
	d := newDesk(t, s3.Config{Layout: s3.CloudTrail, Since: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)})
	a, b := trail("111122223333", "eu-west-1", "20260901T0005", "a"), trail("111122223333", "us-east-1", "20260910T1000", "b")
	org := "trail/AWSLogs/o-abc123/" + strings.TrimPrefix(trail("444455556666", "eu-west-1", "20260909T1000", "c"), "AWSLogs/")
	d.put(a, "a")
	d.put(b, "b")
	d.put(org, "c")
	d.put(trail("111122223333", "eu-west-1", "20260831T2355", "old"), "before since")
	d.put("AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/09/10/x.json.gz", "a digest")
	d.put("AWSLogs/111122223333/CloudTrail-Insight/eu-west-1/2026/09/10/x.json.gz", "an insight")
	d.put("AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/09/10/x.log.gz", "flow")
	d.wants(a+" a", b+" b", org+" c")

	// Between two looks at everything only the end of today's folder is listed, and what came out of order is found there.
	d.server.Requests()
	late := trail("111122223333", "us-east-1", "20260910T0955", "z")
	d.put(late, "out of order")
	d.wants(late + " out of order")
	for _, r := range d.server.Requests() {
		if r.Op == "ListObjectsV2" && (r.Delimited || !strings.HasSuffix(r.Prefix, "/2026/09/10/")) {
			t.Errorf("it also listed %+v", r)
		}
		if strings.Contains(r.Prefix, "us-east-1") && !strings.HasSuffix(r.StartAfter, "_20260910T0800Z") {
			t.Errorf("it listed from %q on", r.StartAfter)
		}
	}
	// A late object of a day within the lookback is found an hour later, also by a new process.
	d.now = d.now.Add(2 * time.Hour)
	yesterday := trail("111122223333", "us-east-1", "20260909T1000", "y")
	d.put(yesterday, "late")
	d.restart()
	d.wants(yesterday + " late")
	// Days that are done with are not listed again, and are not remembered object by object.
	for name, c := range d.marks.list {
		if strings.Contains(name, "/2026/09/01/") && c.Body != "" {
			t.Errorf("%s: %+v", name, c)
		}
	}
	d.restart()
	d.server.Requests()
	d.wants()
	for _, r := range d.server.Requests() {
		if strings.HasSuffix(r.Prefix, "/2026/09/01/") {
			t.Errorf("listed again: %+v", r)
		}
	}
	// An earlier since brings the days before, and only them.
	d.cfg.Since = time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
	d.restart()
	d.wants(trail("111122223333", "eu-west-1", "20260831T2355", "old") + " before since")
	d.restart()
	d.wants()
}

func TestPrefixesWithinTheLayout(t *testing.T) {
	key := trail("111122223333", "eu-west-1", "20260910T0005", "a")
	for prefix, found := range map[string]bool{"": true, "AWSLogs": true, "AWSLogs/": true, "AWSLogs/111122223333/CloudTrail/eu-": true, "AWSLogs/111122223333/CloudTrail/eu-west-1/": true,
		"AWSLogs/111122223333/CloudTrail/eu-west-1/2026/09": true, "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/09/10/": true,
		"AWSLogs/444455556666/": false, "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/08/": false} {
		t.Run(prefix, func(t *testing.T) {
			d := newDesk(t, s3.Config{Layout: s3.CloudTrail, Prefix: prefix})
			d.put(key, "a")
			if found {
				d.wants(key + " a")
			} else {
				d.wants()
			}
			d.wants()
		})
	}
}

// Whatever fails and whenever the process ends, every object is read once, and a stretch that is read again is the same.
func TestEveryObjectOnce(t *testing.T) {
	outer := t
	rapid.Check(t, func(t *rapid.T) {
		layout := rapid.SampledFrom([]string{s3.Flat, s3.CloudTrail}).Draw(t, "layout")
		withQueue := rapid.Bool().Draw(t, "queue")
		d := newDesk(outer, s3.Config{Layout: layout})
		if withQueue {
			d.cfg.Queue = d.server.Queue("q")
			d.cfg.Poll = time.Minute
		}
		d.server.PageSize(3)
		d.marks.fail = func() error {
			if rapid.IntRange(0, 7).Draw(t, "save fails") == 0 {
				return errors.New("not saved")
			}
			return nil
		}
		d.fail = func() error {
			if rapid.IntRange(0, 7).Draw(t, "read fails") == 0 {
				return errors.New("not read")
			}
			return nil
		}
		var want []string
		for n := range rapid.IntRange(1, 25).Draw(t, "actions") {
			switch rapid.SampledFrom([]string{"put", "put", "put", "announce", "restart", "step", "later"}).Draw(t, "action") {
			case "put", "announce":
				back := rapid.IntRange(0, 2).Draw(t, "days back")
				key := trail("111122223333", "eu-west-1", d.now.AddDate(0, 0, -back).Format("20060102T1504"), fmt.Sprint(n))
				etag := d.put(key, fmt.Sprint(n))
				want = append(want, fmt.Sprintf("%s %d", key, n))
				if withQueue {
					for range rapid.IntRange(0, 2).Draw(t, "times") {
						d.server.Send(d.cfg.Queue, created(key, etag, 2))
					}
				}
			case "restart":
				d.restart()
			case "later":
				d.now = d.now.Add(time.Hour)
				d.server.Pass(time.Hour)
			case "step":
				_ = d.step() // it may fail; the next one goes on
			}
		}
		d.fail, d.marks.fail = nil, nil
		for range 2 {
			d.restart()
			d.server.Pass(time.Hour)
			if err := d.step(); err != nil {
				t.Fatal(err)
			}
		}
		// What was read before its mark could not be saved is handed out again: as the very same stretch.
		slices.Sort(d.got)
		got := slices.Compact(d.got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("got %q\nwant %q", got, want)
		}
		for _, line := range want {
			in := 0
			for _, w := range d.works {
				in += strings.Count(w+"\n", "s3://logs/"+line+"\n")
			}
			if in != 1 {
				t.Fatalf("%q is in %d stretches", line, in)
			}
		}
		if withQueue && d.server.Waiting(d.cfg.Queue) != 0 {
			t.Fatalf("%d messages are left", d.server.Waiting(d.cfg.Queue))
		}
	})
}

// created is S3's message of a new object.
func created(key, etag string, size int) string {
	escaped, _ := json.Marshal(strings.ReplaceAll(url.QueryEscape(key), "%2F", "/")) // a string can be printed
	return fmt.Sprintf(`{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"logs"},"object":{"key":%s,"size":%d,"eTag":%q}}}]}`, escaped, size, etag)
}

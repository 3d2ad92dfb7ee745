package ingest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/ingest"
	"github.com/grantwatch/grantwatch/ingest/made"
	"github.com/grantwatch/grantwatch/ingest/source/s3"
	"github.com/grantwatch/grantwatch/ingest/source/s3/s3test"
)

// wrapper is records as CloudTrail writes them.
func wrapper(lines [][]byte) []byte {
	return bytes.Join([][]byte{[]byte(`{"Records":[`), bytes.Join(lines, []byte(",\n")), []byte("]}")}, nil)
}

// The whole way on the real engine: objects are listed and announced twice, downloads break off, the process ends in the
// middle of batches again and again, and in the end every record was stored once and the accounts agree.
func TestBucketThroughCrashes(t *testing.T) {
	s := database(t)
	s3test.Environ(t)
	server := s3test.New(t, "trail")
	queue := server.Queue("objects")
	log := bytes.Split(bytes.TrimSpace(made.Log(3000, 30)), []byte("\n"))
	n := 0
	for lines := log; len(lines) > 0; lines = lines[min(50, len(lines)):] {
		key := fmt.Sprintf("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/03/01/111122223333_CloudTrail_eu-west-1_20260301T%02d%02dZ_x.json.gz", n/60, n%60)
		body := zip(t, wrapper(lines[:min(50, len(lines))]))
		etag := server.Put("trail", key, body)
		if n%3 > 0 {
			for range 2 {
				server.Send(queue, fmt.Sprintf(`{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"trail"},"object":{"key":%q,"size":%d,"eTag":%q}}}]}`, key, len(body), etag))
			}
		}
		n++
	}
	bad := "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/03/01/bad.json.gz"
	half := zip(t, wrapper(log[:1]))
	server.Put("trail", bad, half[:len(half)/2])
	requests := 0
	server.OnRequest(func(r s3test.Request) *s3test.Fault {
		if r.Op != "GetObject" {
			return nil
		}
		switch requests++; requests % 7 {
		case 3:
			return &s3test.Fault{Cut: 20}
		case 5:
			return &s3test.Fault{Status: http.StatusServiceUnavailable, Code: "SlowDown"}
		}
		return nil
	})
	c := &clock{at: now}
	in := ingest.BucketInput{Feed: cloudTrailFeed, Bucket: s3.Config{Bucket: "trail", Endpoint: server.URL, PathStyle: true, Queue: queue, Layout: s3.CloudTrail, Backoff: time.Millisecond}}
	step := func(ctx context.Context, sink ingest.Sink) error {
		f, err := pipeline(t, sink, ingest.Config{BatchRecords: 200}).BucketFollower(ctx, in, s, func(err error) { t.Log(err) })
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Step(ctx, c.now(), every{})
		return err
	}
	for after := 1; after <= 4; after++ { // each process ends at another batch
		ctx, cancel := context.WithCancel(t.Context())
		if err := step(ctx, &dying{Store: s, end: cancel, after: int64(after)}); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		cancel()
		server.Pass(time.Hour)
	}
	for range 2 {
		if err := step(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		server.Pass(time.Hour)
	}
	if left := server.Waiting(queue); left != 0 {
		t.Errorf("%d messages are left", left)
	}
	stats, err := s.FeedStats(t.Context())
	if err != nil || len(stats) != 1 {
		t.Fatalf("%+v, %v", stats, err)
	}
	// Of the object that ends in the middle: the record that is cut off, and that the compression is.
	if f := stats[0]; f.Received != f.Stored+f.Filtered+f.Dead || f.Stored != 3000 || f.Filtered != 0 || f.Dead != 2 {
		t.Errorf("%+v", f)
	}
	events, err := s.TeamEvents(t.Context(), cloudTrailFeed.Team, start, now, 10_000)
	if err != nil || len(events) != 3000 {
		t.Errorf("%d events, %v", len(events), err)
	}
	dead, err := s.DeadLetters(t.Context(), cloudTrailFeed.Team, "", 10)
	if err != nil || len(dead) != 2 || !strings.HasPrefix(dead[0].Position, "s3://trail/"+bad+":1") || !strings.HasPrefix(dead[1].Position, "s3://trail/"+bad+":1") {
		t.Errorf("%+v, %v", dead, err)
	}
}

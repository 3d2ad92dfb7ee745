package s3_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/ingest/source/file"
	"github.com/grantwatch/grantwatch/ingest/source/s3"
	"github.com/grantwatch/grantwatch/ingest/source/s3/s3test"
)

// queued is a desk whose objects are announced; listing is far away.
func queued(t *testing.T) *desk {
	d := newDesk(t, s3.Config{Poll: 1000 * time.Hour})
	d.cfg.Queue = d.server.Queue("q")
	d.wants() // the first listing, of nothing
	return d
}

func wrapped(t *testing.T, message string) string {
	t.Helper()
	raw, err := json.Marshal(map[string]string{"Type": "Notification", "Message": message})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func bridged(key, etag string) string {
	return fmt.Sprintf(`{"detail-type":"Object Created","source":"aws.s3","detail":{"bucket":{"name":"logs"},"object":{"key":%q,"size":3,"etag":%q}}}`, key, etag)
}

func TestMessagesOfEveryShape(t *testing.T) {
	d := queued(t)
	q := d.cfg.Queue
	key := "a b+c=é%41.json" // escaped in S3's messages and nowhere else
	etag := d.put(key, "one")
	d.server.Send(q, created(key, etag, 3))
	d.put("two", "two")
	d.server.Send(q, wrapped(t, created("two", d.put("two", "two"), 3)))
	d.server.Send(q, bridged("x+y%20z", d.put("x+y%20z", "three")))
	d.put("four", "four")
	d.server.Send(q, wrapped(t, `{"s3Bucket":"logs","s3ObjectKey":["four"]}`)) // CloudTrail's, which says neither ETag nor size
	d.server.Send(q, created("two", d.put("two", "two"), 3))                   // again
	d.server.Send(q, `{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"logs"}`)
	d.server.Send(q, wrapped(t, "CloudTrail validation message."))
	d.server.Send(q, `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectRemoved:Delete","s3":{"bucket":{"name":"logs"},"object":{"key":"gone"}}}]}`)
	d.server.Send(q, created("AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/x.json.gz", "e", 3))
	d.wants(key+" one", "two two", "x+y%20z three", "four four")
	if n := d.server.Waiting(q); n != 0 {
		t.Errorf("%d messages are left; %q", n, d.reports)
	}
	d.cfg.Poll = time.Minute
	d.restart()
	d.wants() // listed, and read already
}

// What makes no sense is told and stays in the queue, and hinders nothing.
func TestPoison(t *testing.T) {
	d := queued(t)
	for _, m := range []string{"", "no JSON", "{}", `{"Type":"Notification","Message":"hello"}`, `{"Records":[{"eventSource":"aws:sns"}]}`,
		`{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"other"},"object":{"key":"k"}}}]}`,
		`{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"logs"},"object":{"key":"%zz"}}}]}`} {
		d.server.Send(d.cfg.Queue, m)
	}
	d.server.Send(d.cfg.Queue, created("a", d.put("a", "1"), 1))
	d.wants("a 1")
	d.said("message m-1, received 1 times, is left to the queue's redrive policy: it is no JSON object", `bucket "other", and this feed reads "logs"`, "the key of record 0", "what SNS wraps")
	if n := d.server.Waiting(d.cfg.Queue); n != 7 {
		t.Errorf("%d messages are left", n)
	}
	d.server.Pass(time.Hour)
	d.wants()
	d.said("received 2 times")
}

func TestMessageStaysUntilAllOfItIsDurable(t *testing.T) {
	d := queued(t)
	a, b := d.put("a", "1"), d.put("b", "2")
	both := fmt.Sprintf(`{"Records":[%s,%s]}`, record("a", a), record("b", b))
	d.server.Send(d.cfg.Queue, both)
	d.fail = func() error { return errors.New("the store is away") }
	if d.step() == nil || d.server.Waiting(d.cfg.Queue) != 1 {
		t.Error("deleted, and not durable")
	}
	d.fail = nil
	d.restart()
	d.wants("a 1", "b 2") // by the intent
	d.server.Pass(time.Hour)
	d.wants()
	if n := d.server.Waiting(d.cfg.Queue); n != 0 {
		t.Errorf("%d messages are left", n)
	}
	// Refused: one object of two.
	a, b = d.put("c", "3"), d.put("d", "4")
	d.server.Send(d.cfg.Queue, fmt.Sprintf(`{"Records":[%s,%s]}`, record("c", a), record("d", b)))
	d.server.OnRequest(func(r s3test.Request) *s3test.Fault {
		if r.Key == "d" {
			return &s3test.Fault{Status: http.StatusForbidden, Code: "AccessDenied"}
		}
		return nil
	})
	d.wants("c 3")
	d.said("s3://logs/d: AccessDenied (403): the policy must allow s3:GetObject")
	if n := d.server.Waiting(d.cfg.Queue); n != 1 {
		t.Errorf("%d messages are left", n)
	}
	d.server.OnRequest(nil)
	d.server.Pass(time.Hour)
	d.now = d.now.Add(time.Hour)
	d.wants("d 4")
	if n := d.server.Waiting(d.cfg.Queue); n != 0 {
		t.Errorf("%d messages are left", n)
	}
}

func record(key, etag string) string {
	return fmt.Sprintf(`{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"logs"},"object":{"key":%q,"size":1,"eTag":%q}}}`, key, etag)
}

// While an insert is slow the messages are kept ours.
func TestVisibilityIsExtended(t *testing.T) {
	d := queued(t)
	d.cfg.Visibility = time.Second
	d.restart()
	d.server.Send(d.cfg.Queue, created("a", d.put("a", "1"), 1))
	extended := make(chan struct{}, 100)
	d.server.OnRequest(func(r s3test.Request) *s3test.Fault {
		if r.Op == "ChangeMessageVisibilityBatch" {
			extended <- struct{}{}
		}
		return nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tr, err := s3.New(ctx, d.cfg, "feed", d.marks)
	if err != nil {
		t.Fatal(err)
	}
	err = tr.Step(ctx, d.now, func(ctx context.Context, w file.Work) error {
		r, err := w.Pieces[0].Open()
		if err != nil {
			return err
		}
		if _, err := io.ReadAll(r); err != nil {
			return err
		}
		for range 2 { // slow: until it was extended twice
			select {
			case <-extended:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return r.Close()
	})
	if err != nil || d.server.Waiting(d.cfg.Queue) != 0 {
		t.Errorf("%v, %d left", err, d.server.Waiting(d.cfg.Queue))
	}
}

func TestQueueThatIsNotThere(t *testing.T) {
	d := newDesk(t, s3.Config{})
	d.put("a", "1")
	d.cfg.Queue = d.server.URL + "/111122223333/none"
	if err := d.step(); err == nil {
		t.Error("no error")
	}
	d.have("a 1") // it is listed all the same
	d.cfg.Queue = "none"
	d.restart()
	if err := d.step(); err == nil {
		t.Error("no error")
	}
}

package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const topic = "grantwatch.findings"

var t0 = time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)

func cluster(t *testing.T, topics ...string) (*kfake.Cluster, *kgo.Client) {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, topics...))
	if err != nil {
		t.Fatal(err)
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.RecordDeliveryTimeout(5*time.Second), kgo.UnknownTopicRetries(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cl.Close(); c.Close() })
	return c, cl
}

func message(reason alert.Reason, n int) alert.Message {
	m := alert.Message{
		Key: alert.Key{Channel: Prefix + topic, Fingerprint: "g"}, Reason: reason, Team: "payments", Kind: "UNUSED_GRANT", Cause: "unused-grant", Severity: access.SeverityHigh,
		AsOf: t0, At: t0, Digest: string(reason), Record: alert.Record{Post: "post-1"},
	}
	for i := range n {
		m.Findings = append(m.Findings, access.Finding{Fingerprint: fmt.Sprintf("f%d", i), Kind: "UNUSED_GRANT", Verdict: access.VerdictUnused, Severity: access.SeverityHigh, Team: "payments", State: "open", Why: "unused", FirstSeen: t0, LastSeen: t0})
	}
	return m
}

// read is what stands in the topic: all records, and the newest of each key as a compacted topic has it.
func read(t *testing.T, c *kfake.Cluster, want int) (all []*kgo.Record, newest map[string]map[string]any) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	newest = map[string]map[string]any{}
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	for len(all) < want {
		fs := cl.PollFetches(ctx)
		if err := fs.Err0(); err != nil {
			t.Fatalf("%d of %d records: %v", len(all), want, err)
		}
		fs.EachRecord(func(r *kgo.Record) {
			all = append(all, r)
			var v map[string]any
			if err := json.Unmarshal(r.Value, &v); err != nil {
				t.Errorf("%s is no JSON: %v", r.Key, err)
			}
			newest[string(r.Key)] = v
		})
	}
	return all, newest
}

func TestLife(t *testing.T) {
	c, cl := cluster(t, topic)
	n := New(cl)
	first, err := n.Send(t.Context(), message(alert.ReasonFirst, 3), nil)
	if err != nil || first.TS != "post-1" || first.Status != alert.StatusSent {
		t.Fatal(first, err)
	}
	over := message(alert.ReasonResolved, 0)
	for i := range 3 {
		over.Steps = append(over.Steps, ledger.Change{Fingerprint: fmt.Sprintf("f%d", i), Team: "payments", At: t0.Add(time.Hour), From: "open", To: ledger.StateResolved, Verdict: access.VerdictUsed, Severity: access.SeverityHigh, Why: "it was used", Who: "grantwatch"})
	}
	if d, err := n.Send(t.Context(), over, &first); err != nil || d.Status != alert.StatusResolved {
		t.Fatal(d, err)
	}
	all, newest := read(t, c, 6)
	if len(all) != 6 || len(newest) != 3 {
		t.Fatalf("%d records of %d findings", len(all), len(newest))
	}
	for key, v := range newest {
		if v["status_id"] != 4.0 || v["activity_id"] != 3.0 || v["message"] != "it was used" || v["finding_info"].(map[string]any)["uid"] != key {
			t.Errorf("%s: %v", key, v)
		}
	}
	if v := all[0]; len(v.Headers) != 2 || v.Headers[0].Key != HeaderEvent || string(v.Headers[1].Value) != "first" {
		t.Errorf("headers %v", v.Headers)
	}
}

// TestAgain: an attempt whose answer was lost is made again, and a reader that keeps the newest of a key sees no difference.
func TestAgain(t *testing.T) {
	c, cl := cluster(t, topic)
	m := message(alert.ReasonFirst, 2)
	c.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		return nil, errors.New("the connection breaks"), true // once; the client tries again by itself
	})
	if _, err := New(cl).Send(t.Context(), m, nil); err != nil {
		t.Fatal(err)
	}
	pending := m.Delivery("", alert.StatusPending)
	if _, err := New(cl).Send(t.Context(), m, &pending); err != nil {
		t.Fatal(err)
	}
	all, newest := read(t, c, 4)
	if len(newest) != 2 || string(all[0].Headers[0].Value) != string(all[3].Headers[0].Value) {
		t.Errorf("%d findings, events %s and %s", len(newest), all[0].Headers[0].Value, all[3].Headers[0].Value)
	}
}

func TestRefusals(t *testing.T) {
	c, cl := cluster(t, "another")
	_ = c
	if _, err := New(cl).Send(t.Context(), message(alert.ReasonFirst, 1), nil); err == nil || !strings.Contains(err.Error(), "create the topic") {
		t.Error(err)
	}
	for _, channel := range []string{"kafka:", "#soc", ""} {
		m := message(alert.ReasonFirst, 1)
		m.Channel = channel
		var perm *PermanentError
		if _, err := New(cl).Send(t.Context(), m, nil); !errors.As(err, &perm) {
			t.Errorf("%q: %v", channel, err)
		}
	}
	for err, want := range map[error]bool{
		kerr.TopicAuthorizationFailed: true, kerr.MessageTooLarge: true, kerr.InvalidRecord: true, kerr.NotEnoughReplicas: false, kgo.ErrRecordTimeout: false, context.Canceled: false,
	} {
		var perm *PermanentError
		got := judge(topic, err)
		if errors.As(got, &perm) != want || errors.Is(got, alert.ErrUnsure) == want {
			t.Errorf("%v: %v", err, got)
		}
	}
}

// TestLarge: many findings go in parts, and names of 100 kB are bounded.
func TestLarge(t *testing.T) {
	c, cl := cluster(t, topic)
	m := message(alert.ReasonFirst, 2500)
	m.Findings[7].Why, m.Findings[7].Identity = strings.Repeat("é\u202e", 50_000), &access.FindingIdentity{Name: strings.Repeat("x", 100_000)}
	if _, err := New(cl).Send(t.Context(), m, nil); err != nil {
		t.Fatal(err)
	}
	all, newest := read(t, c, 2500)
	if len(newest) != 2500 {
		t.Errorf("%d findings", len(newest))
	}
	for _, r := range all {
		if len(r.Value) > 16<<10 {
			t.Errorf("%s has %d bytes", r.Key, len(r.Value))
		}
	}
}

package app

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/source/s3/s3test"
)

// post posts one canary to the first feed, and fails when it found no way.
func post(t *testing.T, p *Poster, a *App) string {
	t.Helper()
	where, skipped, err := p.Post(t.Context(), &a.Cfg.Feeds[0], replayNow)
	if err != nil || skipped != "" {
		t.Fatalf("not posted: %q, %v", skipped, err)
	}
	return where
}

// arrived wants exactly one canary, no event, and an account that balances.
func arrived(t *testing.T, a *App) {
	t.Helper()
	list, err := a.Store.LastCanaries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].Kind != access.CanaryPost || !list[0].Time.Equal(replayNow) {
		t.Fatalf("canaries %+v", list)
	}
	sizes, err := a.Store.TableSizes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sizes {
		if (s.Table == "events" || s.Table == "usage" || s.Table == "coverage" || s.Table == "hits" || s.Table == "dead_letters") && s.Rows != 0 {
			t.Errorf("%d rows in %s", s.Rows, s.Table)
		}
	}
	stats, err := a.Store.FeedStats(t.Context())
	if err != nil || len(stats) != 1 || stats[0].Received != 1 || stats[0].Filtered != 1 || stats[0].Stored != 0 {
		t.Errorf("account %+v, %v", stats, err)
	}
}

func TestCanaryIsPushed(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte("# old below\nold-token-0123456789\nnew-token-0123456789\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := openWith(t, dir, `{name: k8s, team: payments, format: k8s_audit, accounts: [shop], from: {http: {token_file: token}}}`)
	a.Cfg.Ingest.HTTP.Listen = "127.0.0.1:0"
	a.events.Store(newEventRules(a.Rules, a.people))
	srv, err := a.StartPush(t.Context(), func() time.Time { return replayNow.Add(time.Second) })
	if err != nil {
		t.Fatal(err)
	}
	p := NewPoster(a.Cfg)
	p.Push = "http://" + srv.Addr
	post(t, p, a)
	if err := srv.Close(); err != nil {
		t.Fatal(err)
	}
	arrived(t, a)
}

func TestCanaryIsAppended(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "okta.jsonl")
	if err := os.WriteFile(log, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	a := openWith(t, dir, `{name: okta, team: payments, format: okta_system, accounts: [corp], from: {file: okta.jsonl}, canary: {file: okta.jsonl}}`)
	post(t, NewPoster(a.Cfg), a)
	if _, err := a.Read(t.Context(), replayNow.Add(time.Second), 0); err != nil {
		t.Fatal(err)
	}
	arrived(t, a)
}

func TestCanaryIsPut(t *testing.T) {
	s3test.Environ(t)
	srv := s3test.New(t, "trail")
	a := openWith(t, t.TempDir(), `{name: aws, team: payments, format: aws_cloudtrail, accounts: ["111122223333"], from: {s3: {bucket: trail, prefix: org/AWSLogs/, endpoint: "`+srv.URL+`", path_style: true}}, canary: {put: true}}`)
	where := post(t, NewPoster(a.Cfg), a)
	if want := "s3://trail/org/AWSLogs/111122223333/CloudTrail/us-east-1/2026/09/01/111122223333_CloudTrail_us-east-1_20260901T0000Z_grantwatch-canary.json.gz"; where != want {
		t.Errorf("put at %s, want %s", where, want)
	}
	if err := a.IngestObjects(t.Context(), replayNow.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	arrived(t, a)
}

func TestCanaryIsProduced(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(4, "logs.payments"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	a := openWith(t, t.TempDir(), `{name: other, team: payments, format: aws_cloudtrail, accounts: ["222233334444"], from: {kafka: {topic: logs.payments}}}
  - {name: aws, team: payments, format: aws_cloudtrail, accounts: ["111122223333"], from: {kafka: {topic: logs.payments}}}
kafka: {brokers: ["`+c.ListenAddrs()[0]+`"], group: canary}`)
	a.events.Store(newEventRules(a.Rules, a.people))
	// The second feed of the topic: the header is what tells it from the first.
	where, skipped, err := NewPoster(a.Cfg).Post(t.Context(), &a.Cfg.Feeds[1], replayNow)
	if err != nil || skipped != "" || !strings.HasPrefix(where, "logs.payments/") {
		t.Fatalf("%q, %q, %v", where, skipped, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Consume(ctx, func() time.Time { return replayNow.Add(time.Second) }) }()
	for seen := false; !seen; { // the account of a batch is written last
		stats, err := a.Store.FeedStats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		seen = len(stats) > 0
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	arrived(t, a)
	if stats, err := a.Store.FeedStats(t.Context()); err != nil || stats[0].Feed != "aws" {
		t.Errorf("%+v, %v", stats, err)
	}
}

// The call of the configuration is an event like any other, and is seen.
func TestCanaryCallIsSeen(t *testing.T) {
	dir := t.TempDir()
	line := `{"eventTime":"2026-08-31T23:00:00Z","eventSource":"sts.amazonaws.com","eventName":"GetCallerIdentity","eventID":"c1","recipientAccountId":"111122223333","userIdentity":{"type":"IAMUser","principalId":"AIDACANARY","arn":"arn:aws:iam::111122223333:user/canary","userName":"canary"}}` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "aws.jsonl"), []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	a := openWith(t, dir, `{name: aws, team: payments, format: aws_cloudtrail, accounts: ["111122223333"], from: {file: aws.jsonl}, quiet: true, canary: {actor: AIDACANARY, action: "sts:GetCallerIdentity", every: 24h}}`)
	if err := a.IngestFiles(t.Context(), replayNow); err != nil {
		t.Fatal(err)
	}
	list, err := a.Store.LastCanaries(t.Context())
	if err != nil || len(list) != 1 || list[0].Kind != access.CanaryCall || list[0].ID != "c1" {
		t.Errorf("canaries %+v, %v", list, err)
	}
	states, err := a.feedStates(t.Context(), replayNow.Add(-lookBack))
	if err != nil || len(states[0].Canaries) != 1 || len(states[0].Minutes) != 1 {
		t.Errorf("state %+v, %v", states, err)
	}
}

package push

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink keeps what is durable: every token once, and how often each event id was written.
type sink struct {
	mu      sync.Mutex
	tokens  map[string]bool
	ids     map[string]int
	teams   map[string]int // events by team/feed
	dead    map[string]access.DeadLetter
	batches int
	down    bool
	hold    chan struct{} // when not nil, writing waits until it is closed
}

func newSink() *sink {
	return &sink{tokens: map[string]bool{}, ids: map[string]int{}, teams: map[string]int{}, dead: map[string]access.DeadLetter{}}
}

var errDown = errors.New("the sink is down")

func (s *sink) WriteBatch(ctx context.Context, b *access.Batch) error {
	s.mu.Lock()
	hold := s.hold
	s.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return errDown
	}
	s.batches++
	if s.tokens[b.Token] {
		return nil
	}
	s.tokens[b.Token] = true
	for i := range b.Events.Len() {
		s.ids[string(b.Events.ID(i))]++
	}
	s.teams[b.Team+"/"+b.Feed] += b.Events.Len()
	for _, d := range b.Dead {
		s.dead[d.ID] = d
	}
	return nil
}

func (s *sink) set(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// counts are the events, those that are there more than once, the dead letters and the batches.
func (s *sink) counts() (events, twice, dead, batches int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.ids {
		if n > 1 {
			twice++
		}
	}
	return len(s.ids), twice, len(s.dead), s.batches
}

func (s *sink) has(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ids[id] > 0
}

// The tokens of the feeds of the tests.
const (
	payToken  = "payments-token-0001"
	payToken2 = "payments-token-0002"
	platToken = "platform-token-0001"
	twoToken  = "payments-both-feeds"
)

func hashes(tokens ...string) func(bool) []Hash {
	var out []Hash
	for _, t := range tokens {
		out = append(out, HashToken(t))
	}
	return func(bool) []Hash { return out }
}

func feedOf(name, team string, tokens ...string) Feed {
	return Feed{Feed: access.Feed{Name: name, Team: team, Format: "aws_cloudtrail"}, TokenHashes: hashes(tokens...)}
}

var testNow = time.Date(2026, 9, 2, 9, 0, 0, 0, time.UTC)

// rig is a server before a sink, with the real pipeline between them.
type rig struct {
	*Server
	sink *sink
	url  string
	http *http.Client
}

func newRig(tb testing.TB, change func(*Config)) *rig {
	tb.Helper()
	s := newSink()
	p, err := ingest.New(s, ingest.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	cfg := Config{
		Feeds: []Feed{feedOf("pay", "payments", payToken, payToken2, twoToken), feedOf("pay-eu", "payments", twoToken), feedOf("plat", "platform", platToken)},
		Now:   func() time.Time { return testNow },
		Write: func(ctx context.Context, feed access.Feed, source string, parts []ingest.Part) ([]ingest.Stats, error) {
			return p.RunGroup(ctx, feed, source, parts, testNow, nil)
		},
		Limits: Limits{Wait: time.Millisecond},
	}
	if change != nil {
		change(&cfg)
	}
	srv, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	ts := httptest.NewUnstartedServer(srv)
	ts.Config = srv.HTTP(nil)
	ts.Start()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	tb.Cleanup(func() {
		client.CloseIdleConnections()
		ts.Close()
		if err := srv.Close(context.Background()); err != nil {
			tb.Error(err)
		}
		if n := srv.InFlight(); n != 0 {
			tb.Errorf("%d bytes are still in flight", n)
		}
	})
	return &rig{Server: srv, sink: s, url: ts.URL, http: client}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	raw    []byte
	json   struct {
		Received, Stored, Filtered, Rejected int64
		Replayed                             bool
		Reason, Detail, Text                 string
		Code                                 int
		Invalid                              *int `json:"invalid-event-number"`
	}
}

func (r *rig) send(tb testing.TB, path, auth string, body []byte, header ...string) answer {
	tb.Helper()
	req, err := http.NewRequest(http.MethodPost, r.url+path, bytes.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	if auth != "" {
		req.Header.Set("Authorization", auth)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return r.do(tb, req)
}

func (r *rig) do(tb testing.TB, req *http.Request) answer {
	tb.Helper()
	resp, err := r.http.Do(req)
	if err != nil {
		tb.Error(err)
		return answer{}
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header}
	if a.raw, err = io.ReadAll(resp.Body); err != nil {
		tb.Error(err)
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(a.raw, &a.json); err != nil {
			tb.Errorf("%s: %v", a.raw, err)
		}
	}
	return a
}

func eventID(n int) string { return fmt.Sprintf("%08x-52c1-4d0c-a7f4-%012x", n, n*17) }

// record is one CloudTrail record, about as long as a real one.
func record(n int) string {
	who := n % 5000
	return fmt.Sprintf(`{"eventVersion":"1.09","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE%08d:job","arn":"arn:aws:sts::111122223333:assumed-role/worker-%d/job","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE%09d","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE%08d","arn":"arn:aws:iam::111122223333:role/worker-%d","accountId":"111122223333","userName":"worker-%d"},"attributes":{"creationDate":"2026-09-02T07:59:00Z","mfaAuthenticated":"false"}}},`+
		`"eventTime":"2026-09-02T08:%02d:%02dZ","eventSource":"s3.amazonaws.com","eventName":"ListBuckets","awsRegion":"eu-central-1","sourceIPAddress":"192.0.2.%d","userAgent":"aws-sdk-go-v2/1.30.3 os/linux lang/go#1.26.0 md/GOOS#linux md/GOARCH#amd64 api/s3#1.58.2","requestParameters":{"Host":"s3.eu-central-1.amazonaws.com"},"responseElements":null,"requestID":"%08x-7f1c-4f6a-9a55-000000000001","eventID":"%s",`+
		`"readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"s3.eu-central-1.amazonaws.com"}}`,
		who, who, who, who, who, who, n/60%60, n%60, who%250, n, eventID(n))
}

// lines are records from first on, one a line.
func lines(first, n int) []byte {
	var b bytes.Buffer
	for i := range n {
		b.WriteString(record(first + i))
		b.WriteByte('\n')
	}
	return b.Bytes()
}

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/grantwatch/grantwatch/store/engine"
)

// slackBox takes what is posted to Slack, as Slack would answer.
type slackBox struct {
	mu    sync.Mutex
	posts []string // channel: text
}

func (b *slackBox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Header.Get("Authorization") != "Bearer xoxb-test" {
		http.Error(w, `{"ok":false,"error":"invalid_auth"}`, http.StatusOK)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if strings.HasSuffix(r.URL.Path, "chat.update") {
		fmt.Fprint(w, `{"ok":true,"channel":"C1","ts":"1.000001","text":""}`)
		return
	}
	if !strings.HasSuffix(r.URL.Path, "chat.postMessage") {
		fmt.Fprint(w, `{"ok":true,"channels":[],"messages":[]}`)
		return
	}
	b.mu.Lock()
	b.posts = append(b.posts, string(body))
	n := len(b.posts)
	b.mu.Unlock()
	fmt.Fprintf(w, `{"ok":true,"channel":"C1","ts":"%d.000001"}`, n)
}

func (b *slackBox) all() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.posts, "\n")
}

// event is one CloudTrail record of ana's, so many hours ago.
func event(id, name string, ago time.Duration) string {
	at := time.Now().UTC().Add(-ago).Format(time.RFC3339)
	return `{"eventVersion":"1.10","userIdentity":{"type":"IAMUser","principalId":"AIDA1","arn":"arn:aws:iam::111122223333:user/ana","accountId":"111122223333","userName":"ana"},"eventTime":"` + at +
		`","eventSource":"ec2.amazonaws.com","eventName":"` + name + `","eventID":"` + id + `","readOnly":true,"managementEvent":true,"recipientAccountId":"111122223333"}` + "\n"
}

// TestWatch runs grantwatch run as a user would: it evaluates, posts to Slack, serves the page, and takes in what is added
// to a log while it watches.
func TestWatch(t *testing.T) {
	lib, err := engine.Fetch(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "logs.payments"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	brokers := cluster.ListenAddrs()[0]
	box := &slackBox{}
	srv := httptest.NewServer(box)
	defer srv.Close()
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("token", "xoxb-test\n")
	write("push-token", "a-token-that-is-long-enough-0123456789\n")
	write("logs.json", event("e1", "DescribeInstances", 100*24*time.Hour)+event("e2", "DescribeInstances", time.Hour))
	write("iam-20260101T000000Z.json", `{"UserDetailList":[{"UserName":"ana","UserId":"AIDA1","Arn":"arn:aws:iam::111122223333:user/ana","Path":"/","CreateDate":"2025-01-01T00:00:00Z","GroupList":[],"AttachedManagedPolicies":[],"UserPolicyList":[{"PolicyName":"p","PolicyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ec2:DescribeInstances","ec2:DescribeVpcs"],"Resource":"*"}]}}]}],"GroupDetailList":[],"RoleDetailList":[],"Policies":[],"IsTruncated":false}`)
	write("grantwatch.yaml", `teams: [{name: payments, slack: "#payments-access"}]
listen: 127.0.0.1:0
evaluate: 1s
store: {path: data}
feeds:
  - {name: aws, team: payments, format: aws_cloudtrail, accounts: ["111122223333"], from: {file: logs.json}, max_silence: 26w}
  - {name: pushed, team: payments, format: aws_cloudtrail, accounts: ["444455556666"], from: {http: {token_file: push-token}}, max_silence: 26w}
  - {name: streamed, team: payments, format: aws_cloudtrail, accounts: ["777788889999"], from: {kafka: {topic: logs.payments}}, max_silence: 26w}
kafka: {brokers: ["`+brokers+`"]}
ingest: {http: {listen: 127.0.0.1:0}}
entitlements:
  - {name: iam, team: payments, format: aws_authorization_details, from: {file: "iam-*.json"}}
alert: {slack: {token_file: token, api_url: "`+srv.URL+`/api/"}}
report: {weekday: monday, at: "00:00", zone: UTC}
`)
	cmd := exec.CommandContext(t.Context(), program(t), "run", "-c", "grantwatch.yaml")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), engine.LibraryEnv+"="+lib)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("an interrupt ends it with %v, want 0", err)
		}
	}()
	var url, logs string
	for sc := bufio.NewScanner(out); (url == "" || logs == "") && sc.Scan(); {
		if u, ok := strings.CutPrefix(sc.Text(), "page "); ok {
			url = strings.TrimSpace(u)
		}
		if u, ok := strings.CutPrefix(sc.Text(), "logs can be pushed to "); ok {
			logs = strings.TrimSuffix(strings.TrimSpace(u), "FEED")
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // so that it can go on writing

	eventually(t, "the page shows one unused grant", func() bool { return unused(url) == 1 })
	eventually(t, "Slack was told", func() bool {
		return strings.Contains(box.all(), "payments-access") && strings.Contains(box.all(), "DescribeVpcs")
	})
	eventually(t, "last week's report is there", func() bool {
		found, err := filepath.Glob(filepath.Join(dir, "reports", "*.html"))
		return err == nil && len(found) == 1
	})

	f, err := os.OpenFile(filepath.Join(dir, "logs.json"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(event("e3", "DescribeVpcs", time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the use was taken in and the finding is gone", func() bool { return unused(url) == 0 })

	producer, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.DefaultProduceTopic("logs.payments"))
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	for _, id := range []string{"k1", "k2", "k3"} {
		if err := producer.ProduceSync(t.Context(), kgo.StringRecord(event(id, "DescribeImages", time.Hour))).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the page counts what came through Kafka", func() bool { return shows(url+"feeds", "streamed", "3 records") })

	const token = "a-token-that-is-long-enough-0123456789"
	if status, answer := push(t, logs+"pushed", "wrong-token-0123456789-0123456789", event("p1", "DescribeVpcs", time.Hour)); status != http.StatusUnauthorized {
		t.Errorf("a wrong token is answered %d %s", status, answer)
	}
	if status, answer := push(t, logs+"aws", token, event("p1", "DescribeVpcs", time.Hour)); status != http.StatusNotFound {
		t.Errorf("a feed that the token is not for is answered %d %s", status, answer)
	}
	if status, answer := push(t, logs+"pushed", token, event("p1", "DescribeVpcs", time.Hour)+"not json\n"); status != http.StatusOK || !strings.Contains(answer, `"stored":1`) || !strings.Contains(answer, `"rejected":1`) {
		t.Errorf("one record and one that is none are answered %d %s", status, answer)
	}
	eventually(t, "the page counts what was pushed", func() bool { return shows(url+"feeds", "pushed", "2 records") })
}

// shows reports whether a page holds all the words.
func shows(url string, words ...string) bool {
	res, err := http.Get(url)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil {
		return false
	}
	for _, w := range words {
		if !strings.Contains(string(page), w) {
			return false
		}
	}
	return true
}

// push posts records to a feed and returns the status and the answer.
func push(t *testing.T, url, token, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/x-ndjson")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(answer)
}

// unused counts the open findings that the page exports; -1 while it does not answer.
func unused(url string) int {
	res, err := http.Get(url + "findings.json?verdict=UNUSED")
	if err != nil {
		return -1
	}
	defer res.Body.Close()
	var page struct {
		Findings []struct{ Verdict, State string }
	}
	if res.StatusCode != http.StatusOK || json.NewDecoder(res.Body).Decode(&page) != nil {
		return -1
	}
	n := 0
	for _, f := range page.Findings {
		if f.Verdict == "UNUSED" && f.State != "resolved" {
			n++
		}
	}
	return n
}

// eventually polls until something is so, for a minute at most.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-deadline:
			t.Fatalf("a minute has passed and it is not so that %s", what)
		case <-tick.C:
		}
	}
}

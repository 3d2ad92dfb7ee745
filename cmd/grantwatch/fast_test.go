package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/store/engine"
)

// stopped is a record of a trail that was stopped just now.
func stopped(id, who string) string {
	return `{"eventVersion":"1.10","userIdentity":{"type":"IAMUser","principalId":"AIDA` + who + `","arn":"arn:aws:iam::444455556666:user/` + who + `","accountId":"444455556666","userName":"` + who + `"},"eventTime":"` + time.Now().UTC().Format(time.RFC3339) +
		`","eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging","eventID":"` + id + `","readOnly":false,"managementEvent":true,"recipientAccountId":"444455556666","requestParameters":{"name":"arn:aws:cloudtrail:eu-west-1:444455556666:trail/main"}}` + "\n"
}

// TestHitsAreToldAtOnce: an event that an event rule matches reaches Slack long before the next evaluation, and the next
// evaluation has nothing to add.
func TestHitsAreToldAtOnce(t *testing.T) {
	lib, err := engine.Fetch(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	box := &slackBox{}
	srv := httptest.NewServer(box)
	defer srv.Close()
	dir := t.TempDir()
	const token = "a-token-that-is-long-enough-0123456789"
	for name, text := range map[string]string{
		"token": "xoxb-test\n", "push-token": token + "\n",
		"grantwatch.yaml": `teams: [{name: payments, slack: "#payments-access"}]
listen: 127.0.0.1:0
evaluate: 1h
store: {path: data}
feeds: [{name: pushed, team: payments, format: aws_cloudtrail, accounts: ["444455556666"], from: {http: {token_file: push-token}}, max_silence: 26w}]
ingest: {http: {listen: 127.0.0.1:0}}
alert: {soc: "#soc", slack: {token_file: token, api_url: "` + srv.URL + `/api/"}}
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
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
	var logs string
	for sc := bufio.NewScanner(out); logs == "" && sc.Scan(); {
		if u, ok := strings.CutPrefix(sc.Text(), "logs can be pushed to "); ok {
			logs = strings.TrimSuffix(strings.TrimSpace(u), "FEED")
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // so that it can go on writing
	for i, who := range []string{"kim", "sam", "eve"} {
		began := time.Now()
		if status, answer := push(t, logs+"pushed", token, stopped(fmt.Sprintf("s%d", i), who)); status != http.StatusOK {
			t.Fatal(status, answer)
		}
		eventually(t, who+" is told of in both channels", func() bool {
			told := box.all()
			return strings.Contains(told, "payments-access") && strings.Contains(told, "soc") && (i > 0 || strings.Contains(told, who))
		})
		took := time.Since(began)
		t.Logf("%s: %s from the push to Slack", who, took.Round(time.Millisecond))
		if i == 0 && took > 10*time.Second { // 3 s is what it is built for; machines that run tests are busy
			t.Errorf("it took %s", took)
		}
	}
}

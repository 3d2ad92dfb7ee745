package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/grantwatch/grantwatch/store/engine"
)

// ingester is a running grantwatch ingest.
type ingester struct {
	cmd           *exec.Cmd
	metrics, push string
}

// startIngester starts one in dir and waits until it ingests.
func startIngester(t *testing.T, path, dir string, args ...string) *ingester {
	t.Helper()
	i := &ingester{cmd: exec.CommandContext(t.Context(), path, append([]string{"ingest", "-c", "grantwatch.yaml", "--metrics", "127.0.0.1:0"}, args...)...)}
	i.cmd.Dir, i.cmd.Stderr = dir, os.Stderr
	out, err := i.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := i.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := false
	for sc := bufio.NewScanner(out); !ready && sc.Scan(); ready = sc.Text() == "ingesting" {
		if u, ok := strings.CutPrefix(sc.Text(), "metrics "); ok {
			i.metrics = u
		}
		if u, ok := strings.CutPrefix(sc.Text(), "logs can be pushed to "); ok {
			i.push = strings.TrimSuffix(strings.TrimSpace(u), "FEED")
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // so that it can go on writing
	if !ready {
		t.Fatalf("it ended before it ingested: %v", i.cmd.Wait())
	}
	return i
}

// end terminates it, as a supervisor does.
func (i *ingester) end(t *testing.T) {
	t.Helper()
	if err := i.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := i.cmd.Wait(); err != nil {
		t.Errorf("terminated, it ends with %v, want 0", err)
	}
}

var sample = regexp.MustCompile(`(?m)^([a-z_]+)(\{.*\})? ([-+0-9.eE]+)$`)

// sum adds up the samples of a metric whose labels hold all of the words. Every scrape on the way must balance.
func (i *ingester) sum(t *testing.T, name string, labels ...string) (total float64) {
	t.Helper()
	res, err := http.Get(i.metrics)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	balances := 0
next:
	for _, m := range sample.FindAllStringSubmatch(string(text), -1) {
		v, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			t.Fatal(err)
		}
		if m[1] == "grantwatch_ingest_conservation_imbalance" {
			if balances++; v != 0 {
				t.Errorf("%s", m[0])
			}
		}
		if m[1] != name {
			continue
		}
		for _, l := range labels {
			if !strings.Contains(m[2], l) {
				continue next
			}
		}
		total += v
	}
	if balances == 0 {
		t.Error("nothing says whether the accounts balance")
	}
	return total
}

// TestIngestersSideBySide lets two ingesters share a server, a topic and a feed that is pushed: between them they have
// each record once, also when one of them is asked to end.
func TestIngestersSideBySide(t *testing.T) {
	lib, err := engine.Fetch(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(engine.LibraryEnv, lib)
	path, dir := program(t), t.TempDir()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(4, "logs.payments"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	brokers := cluster.ListenAddrs()[0]
	server := freeAddress(t)
	db := exec.CommandContext(t.Context(), path, "engine", "--data", filepath.Join(dir, "data"), "--listen", server)
	db.Stderr = os.Stderr
	if err := db.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = db.Process.Signal(syscall.SIGTERM) // it may have ended by itself, which Wait tells
		_ = db.Wait()
	}()
	eventually(t, "the engine listens", func() bool {
		c, err := net.Dial("tcp", server)
		return err == nil && c.Close() == nil
	})
	for name, text := range map[string]string{
		"push-token": "a-token-that-is-long-enough-0123456789\n",
		"logs.json":  event("f1", "DescribeInstances", time.Hour),
		"grantwatch.yaml": `teams: [{name: payments}]
store: {dsn: "http://` + server + `/grantwatch"}
feeds:
  - {name: aws, team: payments, format: aws_cloudtrail, accounts: ["111122223333"], from: {file: logs.json}}
  - {name: pushed, team: payments, format: aws_cloudtrail, accounts: ["444455556666"], from: {http: {token_file: push-token}}}
  - {name: streamed, team: payments, format: aws_cloudtrail, accounts: ["777788889999"], from: {kafka: {topic: logs.payments}}}
kafka: {brokers: ["` + brokers + `"]}
ingest: {http: {listen: 127.0.0.1:0}}
`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a := startIngester(t, path, dir, "--feeds", "aws,pushed,streamed")
	b := startIngester(t, path, dir, "--feeds", "pushed,streamed")
	stored := func(feed string) float64 {
		label := fmt.Sprintf("feed=%q", feed)
		return a.sum(t, "grantwatch_ingest_records_stored_total", label) + b.sum(t, "grantwatch_ingest_records_stored_total", label)
	}
	producer, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.DefaultProduceTopic("logs.payments"), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	produce := func(from, to int) {
		t.Helper()
		for n := from; n < to; n++ {
			if err := producer.ProduceSync(t.Context(), kgo.StringRecord(event(fmt.Sprintf("k%d", n), "DescribeImages", time.Hour))).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
	}
	eventually(t, "both have joined", func() bool {
		return a.sum(t, "grantwatch_kafka_rebalances_total", `kind="joined"`) > 0 && b.sum(t, "grantwatch_kafka_rebalances_total", `kind="joined"`) > 0
	})
	produce(0, 40)
	eventually(t, "the topic is read", func() bool { return stored("streamed") == 40 })
	if n := stored("aws"); n != 1 {
		t.Errorf("%v records of the file, which one of them reads; want 1", n)
	}
	const token = "a-token-that-is-long-enough-0123456789"
	if status, answer := push(t, b.push+"pushed", token, event("p1", "DescribeVpcs", time.Hour)+"not json\n"); status != http.StatusOK {
		t.Fatalf("pushed: %d %s", status, answer)
	}
	for metric, labels := range map[string][]string{
		"grantwatch_push_requests_total":                 {`feed="pushed"`, `status="200"`},
		"grantwatch_ingest_records_dead_lettered_total":  {`feed="pushed"`, `reason="syntax"`},
		"grantwatch_ingest_event_lateness_seconds_count": {`feed="pushed"`},
	} {
		if n := b.sum(t, metric, labels...); n != 1 {
			t.Errorf("%s %v is %v, want 1", metric, labels, n)
		}
	}
	if n := b.sum(t, "grantwatch_store_insert_duration_seconds_count", `result="written"`); n == 0 {
		t.Error("no insert was timed")
	}
	before := b.sum(t, "grantwatch_ingest_records_stored_total", `feed="streamed"`)
	a.end(t)
	produce(40, 60)
	eventually(t, "the one that stays reads all that comes", func() bool {
		return b.sum(t, "grantwatch_ingest_records_stored_total", `feed="streamed"`) == before+20
	})
	b.end(t)
	out, err := http.Get("http://" + server + "/?query=" + "SELECT+count(),uniqExact(id)+FROM+grantwatch.events+WHERE+feed='streamed'")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	if body, err := io.ReadAll(out.Body); err != nil || string(body) != "60\t60\n" {
		t.Errorf("the store has %q of the topic, %v; want each of 60 once", body, err)
	}
}

// freeAddress is an address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

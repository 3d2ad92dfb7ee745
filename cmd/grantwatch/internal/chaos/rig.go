package main

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

//go:embed sql/*.sql
var sqlFiles embed.FS

const (
	team    = "payments"
	account = "111122223333"
	format  = "aws_cloudtrail"
	token   = "chaos-token-of-nobody"
)

// rig is one installation: a configuration, its processes, and what is fed to it.
type rig struct {
	h        *harness
	dir      string
	topic    string
	pushPort int
	run      *process
	engine   *process // of our own, when the program is told of a server
	port     int      // its port
	sources  []*source
	out      *outcome
	rss      int // of ingesters, MiB
	logs     int
	dead     int // dead letters that are wanted beside the poison of the sources
}

// setup says what a rig has.
type setup struct {
	kafka, push, files bool
	topic              string // one that is there already; else one named after the fault
	dsn                bool   // an engine of its own behind an address, which server names
	server             func(engine string) (string, error)
	data               string // the engine's folder; one in the rig's own folder when empty
	more               string // more of the configuration
	moreFeeds          string
	rebalance          string // rebalance_timeout; 30s when empty
	actors             int
}

func newRig(ctx context.Context, h *harness, name string, s setup) (*rig, error) {
	r := &rig{h: h, dir: filepath.Join(h.dir, name), topic: "chaos." + name, out: &outcome{}}
	for _, d := range []string{r.dir, filepath.Join(r.dir, "logs")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, err
		}
	}
	if s.topic != "" {
		r.topic = s.topic
	}
	var err error
	if r.pushPort, err = freePorts(1); err != nil {
		return nil, err
	}
	store := "{path: data}"
	if s.dsn {
		if s.data == "" {
			s.data = filepath.Join(r.dir, "data")
		}
		if r.port, err = freePorts(1); err != nil {
			return nil, err
		}
		if err := r.startEngine(ctx, s.data); err != nil {
			return nil, err
		}
		address := r.engineAddress()
		if s.server != nil {
			if address, err = s.server(address); err != nil {
				return nil, err
			}
		}
		store = fmt.Sprintf(`{dsn: "http://%s/grantwatch"}`, address)
	}
	var feeds strings.Builder
	feed := func(name, from string) {
		fmt.Fprintf(&feeds, "  - {name: %s, team: %s, format: %s, accounts: [%q], from: {%s}}\n", name, team, format, account, from)
		actors := s.actors
		if actors == 0 {
			actors = 50
		}
		r.sources = append(r.sources, &source{feed: name, base: 20_000_000 * len(r.sources), actors: actors})
	}
	more := s.more
	if s.kafka {
		if err := h.broker.start(ctx); err != nil {
			return nil, err
		}
		feed("aws-kafka", "kafka: {topic: "+r.topic+"}")
		more += fmt.Sprintf("kafka: {brokers: [%q], group: %s, session_timeout: 3s, rebalance_timeout: %s}\n", h.broker.address(), r.topic, cmp.Or(s.rebalance, "30s"))
	}
	if s.push {
		feed("aws-push", "http: {token_file: token}")
	}
	if s.files {
		feed("aws-files", `file: ["logs/*.json", "logs/*.json.gz"]`)
	}
	text := fmt.Sprintf("teams: [{name: payments, owners: [ana@corp.example]}, {name: platform, owners: [li@corp.example]}]\nfeeds:\n%s%sstore: %s\nlisten: 127.0.0.1:0\nevaluate: 1h\ningest: {http: {listen: \"127.0.0.1:%d\"}}\n%s",
		feeds.String(), s.moreFeeds, store, r.pushPort, more)
	for name, body := range map[string]string{"grantwatch.yaml": text, "token": token + "\n"} {
		if err := os.WriteFile(filepath.Join(r.dir, name), []byte(body), 0o600); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// source is that of a feed.
func (r *rig) source(feed string) *source {
	for _, s := range r.sources {
		if s.feed == feed {
			return s
		}
	}
	return nil
}

func (r *rig) engineAddress() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(r.port)) }

func (r *rig) startEngine(ctx context.Context, data string) (err error) {
	if r.engine, err = launch(r.h.bin, r.dir, filepath.Join(r.dir, "engine.log"), "engine", "--data", data, "--listen", r.engineAddress()); err != nil {
		return err
	}
	return until(ctx, time.Minute, "the engine answers", func() bool { _, err := r.ask(ctx, "SELECT 1"); return err == nil || r.engine.ended() })
}

// member starts one more ingester with the same configuration.
func (r *rig) member() (*process, error) {
	r.logs++
	return launch(r.h.bin, r.dir, filepath.Join(r.dir, fmt.Sprintf("run-%d.log", r.logs)), "run", "-c", "grantwatch.yaml")
}

func (r *rig) start() (err error) {
	r.run, err = r.member()
	return err
}

// ready waits until the ingester listens.
func (r *rig) ready(ctx context.Context) error {
	return until(ctx, time.Minute, "the ingester listens", func() bool {
		if r.run.ended() {
			return true
		}
		c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(r.pushPort)))
		if err != nil {
			return false
		}
		c.Close()
		return true
	})
}

// weigh takes note of the ingester's memory.
func (r *rig) weigh() {
	if r.run != nil {
		r.rss = max(r.rss, peak(r.run.pid()))
	}
}

func (r *rig) kill() {
	r.weigh()
	r.run.kill()
}

// close ends everything.
func (r *rig) close() {
	if r.run != nil && !r.run.ended() {
		r.run.kill()
	}
	if r.engine != nil && !r.engine.ended() {
		r.engine.kill()
	}
}

// ask runs a statement on the engine, without any code of the store: the judge must not be the accused.
func (r *rig) ask(ctx context.Context, query string) ([][]string, error) {
	socket := filepath.Join(r.dir, "data", "run", "engine.sock")
	client := http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			if r.port != 0 {
				return d.DialContext(ctx, "tcp", r.engineAddress())
			}
			return d.DialContext(ctx, "unix", socket)
		}}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://engine/?default_format=TabSeparated", strings.NewReader(query))
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New(string(body))
	}
	var rows [][]string
	for line := range bytes.Lines(body) {
		rows = append(rows, strings.Split(strings.TrimSuffix(string(line), "\n"), "\t"))
	}
	return rows, nil
}

// rows runs one of the statements in sql/.
func (r *rig) rows(ctx context.Context, name string) ([][]string, error) {
	text, err := sqlFiles.ReadFile("sql/" + name + ".sql")
	if err != nil {
		return nil, err
	}
	rows, err := r.ask(ctx, string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return rows, nil
}

func (r *rig) number(ctx context.Context, name string) (int, error) {
	rows, err := r.rows(ctx, name)
	if err != nil {
		return 0, err
	}
	if len(rows) != 1 || len(rows[0]) != 1 {
		return 0, fmt.Errorf("%s: %q", name, rows)
	}
	return strconv.Atoi(rows[0][0])
}

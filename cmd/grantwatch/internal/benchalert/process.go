package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// token is that of a feed: one for two teams would be taken for none.
func token(feed string) string { return "bench-token-of-nobody-0123456789-" + feed }

// process is the program under measurement.
type process struct {
	cmd    *exec.Cmd
	engine int
	push   string // where records are pushed to
}

func feedName(n int) string { return fmt.Sprintf("aws-%d", n) }

// start writes a configuration and runs the program until it takes records.
func (b *bench) start(ctx context.Context, dir, way, slack string) (*process, error) {
	var c strings.Builder
	c.WriteString("teams:\n")
	for n := range b.feeds {
		fmt.Fprintf(&c, "  - {name: team-%d, owners: [ana@corp.example], slack: \"#%s\"}\n", n, channel(n))
	}
	fmt.Fprintf(&c, "listen: 127.0.0.1:0\nevaluate: %s\nstore: {path: data}\nfeeds:\n", b.evaluate)
	for n := range b.feeds {
		from := "http: {token_file: push-" + feedName(n) + "}"
		switch way {
		case "kafka":
			from = "kafka: {topic: " + topic(n) + "}"
		case "file":
			from = fmt.Sprintf("file: logs/%s.log", feedName(n))
		}
		fmt.Fprintf(&c, "  - {name: %s, team: team-%d, format: aws_cloudtrail, accounts: [\"111122223333\"], from: {%s}}\n", feedName(n), n, from)
	}
	switch way {
	case "push":
		c.WriteString("ingest: {http: {listen: 127.0.0.1:0}}\n")
	case "kafka":
		fmt.Fprintf(&c, "kafka: {brokers: [%q], group: %s}\n", b.broker, group())
	}
	fmt.Fprintf(&c, "alert:\n  slack: {token_file: slack-token, api_url: %q, channel: \"#%s\"}\n  routes:\n", slack+"/api/", channel(0))
	for n := range b.channels {
		fmt.Fprintf(&c, "    - {name: c%d, when: 'identity contains \"/planted-%03d-\"', to: [\"#%s\"]}\n", n, n, channel(n))
	}
	if err := os.MkdirAll(filepath.Join(dir, "logs"), 0o755); err != nil {
		return nil, err
	}
	files := map[string]string{"grantwatch.yaml": c.String(), "slack-token": "xoxb-1111-fake\n"}
	for n := range b.feeds {
		files[fmt.Sprintf("logs/%s.log", feedName(n))] = ""
		files["push-"+feedName(n)] = token(feedName(n)) + "\n"
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	args := []string{"run", "-c", "grantwatch.yaml"}
	if b.pprof != "" {
		args = append(args, "--pprof", b.pprof)
	}
	cmd := exec.CommandContext(ctx, b.program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd}
	ready := false
	for sc := bufio.NewScanner(out); !ready && sc.Scan(); {
		line := sc.Text()
		if u, ok := strings.CutPrefix(line, "logs can be pushed to "); ok {
			p.push = strings.TrimSuffix(strings.TrimSpace(u), "FEED")
		}
		// The first evaluation says how many are open; then everything listens.
		ready = p.push != "" || way != "push" && strings.Contains(line, " open, ")
	}
	if !ready {
		return nil, errors.Join(errors.New("the program ended before it took records"), cmd.Wait())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // so that it can go on writing
	p.engine = childOf(cmd.Process.Pid)
	return p, nil
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(os.Interrupt)
	_ = p.cmd.Wait() // what it measured is known by now
}

// childOf is the process that another has started; 0 when there is none, or where the system does not tell.
func childOf(pid int) int {
	list, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0
	}
	for _, name := range list {
		if f := stat(name); len(f) > 1 && f[1] == strconv.Itoa(pid) {
			child, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
			if err == nil {
				return child
			}
		}
	}
	return 0
}

// stat are the fields behind the name of a process, which may hold anything.
func stat(name string) []string {
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	_, rest, _ := strings.Cut(string(raw), ") ")
	return strings.Fields(rest)
}

// spent is processor time.
type spent struct{ ours, engine, bench time.Duration }

func (s spent) minus(o spent) spent {
	return spent{s.ours - o.ours, s.engine - o.engine, s.bench - o.bench}
}

func (p *process) cpu() spent {
	of := func(pid int) time.Duration {
		f := stat(fmt.Sprintf("/proc/%d/stat", pid))
		if len(f) < 13 {
			return 0
		}
		user, err1 := strconv.Atoi(f[11])
		system, err2 := strconv.Atoi(f[12])
		if err1 != nil || err2 != nil {
			return 0
		}
		return time.Duration(user+system) * 10 * time.Millisecond
	}
	return spent{of(p.cmd.Process.Pid), of(p.engine), of(os.Getpid())}
}

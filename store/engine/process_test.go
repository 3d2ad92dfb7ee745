package engine

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"go.uber.org/goleak"
)

// kill ends the child the hard way.
func kill(p *Process) bool {
	pid := p.PID()
	return pid > 0 && syscall.Kill(pid, syscall.SIGKILL) == nil
}

func TestRestart(t *testing.T) {
	p := start(t, Config{})
	c := open(t, options(p, clickhouse.CompressionLZ4))
	mustExec(t, c, "CREATE TABLE kept (a UInt8) ENGINE = MergeTree ORDER BY a")
	mustExec(t, c, "INSERT INTO kept VALUES (1), (2)")
	for i := range 3 {
		old := p.PID()
		if !kill(p) {
			t.Fatal("nothing to kill")
		}
		eventually(t, "a new child", func() bool { return p.PID() != 0 && p.PID() != old })
		eventually(t, "an answer", func() bool { return c.Ping(t.Context()) == nil })
		if got := p.Restarts(); got != int64(i+1) {
			t.Fatalf("%d restarts, want %d", got, i+1)
		}
		if p.LastExit() == nil {
			t.Fatal("no reason for the restart")
		}
		if n := scalar[uint64](t, c, "SELECT count() FROM kept"); n != 2 {
			t.Fatalf("%d rows after a kill", n)
		}
	}
}

func TestLockConflict(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	p := start(t, Config{DataDir: dir})
	_, err := Start(t.Context(), Config{DataDir: dir, Socket: filepath.Join(dir, "run2", "s")})
	if err == nil || !strings.Contains(err.Error(), "process "+strconv.Itoa(p.PID())) || !strings.Contains(err.Error(), dir) {
		t.Fatalf("error %v, want one that names process %d and %s", err, p.PID(), dir)
	}
	var locked *LockedError
	if _, err := lockDir(t.Context(), dir, 0, 0); !errors.As(err, &locked) || locked.PID != p.PID() {
		t.Fatalf("lockDir: %v", err)
	}
}

// An engine whose parent was killed lets its statements end; who is started in its place meanwhile waits for it.
func TestLockWaitsForOneThatIsEnding(t *testing.T) {
	dir := t.TempDir()
	first, err := lockDir(t.Context(), dir, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	leave(first)
	got := make(chan error, 1)
	go func() {
		f, err := lockDir(t.Context(), dir, 0, time.Minute)
		if err == nil {
			err = f.Close()
		}
		got <- err
	}()
	// One that does not wait finds it locked, and knows by whom.
	var locked *LockedError
	if _, err := lockDir(t.Context(), dir, time.Minute, 0); !errors.As(err, &locked) || locked.PID != os.Getpid() {
		t.Errorf("lockDir: %v", err)
	}
	select {
	case err := <-got:
		t.Fatalf("it did not wait: %v", err)
	default:
	}
	first.Close()
	if err := <-got; err != nil {
		t.Fatal(err)
	}
}

func TestStartSaysWhyItFailed(t *testing.T) {
	lib := filepath.Join(t.TempDir(), "libchdb.so")
	if err := os.WriteFile(lib, []byte("not a library"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Config{DataDir: filepath.Join(t.TempDir(), "d"), Lib: lib})
	if err == nil || !strings.Contains(err.Error(), lib) {
		t.Fatalf("error %v does not name the library", err)
	}
	open := t.TempDir() // mode 0755: anybody could reach the socket
	_, err = Start(t.Context(), Config{DataDir: filepath.Join(t.TempDir(), "d"), Socket: filepath.Join(open, "s")})
	if err == nil || !strings.Contains(err.Error(), "0700") {
		t.Fatalf("socket for everybody: %v", err)
	}
	_, err = Start(t.Context(), Config{DataDir: filepath.Join(t.TempDir(), "d"), Exe: filepath.Join(open, "nothing")})
	if err == nil {
		t.Fatal("started a binary that is not there")
	}
}

func TestStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p, err := Start(ctx, Config{DataDir: filepath.Join(t.TempDir(), "d")})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if p.PID() != 0 {
		t.Fatal("a child is left")
	}
	if _, err := p.DialContext(t.Context(), ""); err == nil {
		t.Fatal("connected to an engine that was stopped")
	}
}

func TestNoGoroutinesLeft(t *testing.T) {
	shared(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	p, err := Start(t.Context(), Config{DataDir: filepath.Join(t.TempDir(), "d")})
	if err != nil {
		t.Fatal(err)
	}
	c, err := clickhouse.Open(options(p, clickhouse.CompressionLZ4))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	kill(p)
	eventually(t, "a restart", func() bool { return p.Restarts() == 1 && c.Ping(t.Context()) == nil })
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil { // the child looks for leaks of its own
		t.Fatal(err)
	}
}

// The child ends with its parent, even when the parent had no time to say so.
func TestChildEndsWithItsParent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	cmd := osexec.Command(os.Args[0], "parent", dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	// The lock goes with the last thread of the child.
	eventually(t, "the child "+strconv.Itoa(pid)+" lets go of its data", func() bool {
		f, err := lockDir(t.Context(), dir, 0, 0)
		if err == nil {
			f.Close()
		}
		return err == nil
	})
}

// Running statements may end; those that take too long are killed, and either
// way the child ends well.
func TestGracefulStop(t *testing.T) {
	p := start(t, Config{Args: []string{"--drain", "300ms"}})
	c := open(t, options(p, clickhouse.CompressionLZ4))
	ended := make(chan error, 1)
	go func() { ended <- c.Exec(context.Background(), slowQuery) }()
	eventually(t, "the statement runs", func() bool {
		return scalar[uint64](t, c, "SELECT count() FROM system.processes WHERE query LIKE {q:String}", named("q", slowQuery+"%")) == 1
	})
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Fatal("the endless statement ended well")
	}
}

func TestTCPWithPassword(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	start(t, Config{Args: []string{"--listen", addr, "--user", "reader", "--password", "s3cret"}})
	get := func(url string, set func(*http.Request)) int {
		req, err := http.NewRequestWithContext(t.Context(), "POST", url, strings.NewReader("SELECT 1"))
		if err != nil {
			t.Fatal(err)
		}
		if set != nil {
			set(req)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	base := "http://" + addr + "/"
	for _, tc := range []struct {
		name string
		url  string
		set  func(*http.Request)
		want int
	}{
		{"nothing", base, nil, 403},
		{"basic", base, func(r *http.Request) { r.SetBasicAuth("reader", "s3cret") }, 200},
		{"basic, wrong", base, func(r *http.Request) { r.SetBasicAuth("reader", "S3cret") }, 403},
		{"other user", base, func(r *http.Request) { r.SetBasicAuth("default", "s3cret") }, 403},
		{"headers", base, func(r *http.Request) {
			r.Header.Set("X-ClickHouse-User", "reader")
			r.Header.Set("X-ClickHouse-Key", "s3cret")
		}, 200},
		{"address", base + "?user=reader&password=s3cret", nil, 200},
		{"ping needs none", base + "ping", nil, 200},
	} {
		if got := get(tc.url, tc.set); got != tc.want {
			t.Errorf("%s: status %d, want %d", tc.name, got, tc.want)
		}
	}
	c := open(t, &clickhouse.Options{Addr: []string{addr}, Protocol: clickhouse.HTTP, Auth: clickhouse.Auth{Username: "reader", Password: "s3cret"}})
	if err := c.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	c = open(t, &clickhouse.Options{Addr: []string{addr}, Protocol: clickhouse.HTTP, Auth: clickhouse.Auth{Username: "reader", Password: "wrong"}})
	var e *clickhouse.Exception
	if err := c.Ping(t.Context()); !errors.As(err, &e) || e.Code != codeAuth {
		t.Errorf("wrong password: %v", err)
	}
}

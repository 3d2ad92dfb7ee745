package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Config says how to run an engine as a child process.
type Config struct {
	Exe     string        // the binary that has the engine command; default this one
	Args    []string      // further arguments of the engine command
	DataDir string        // where the engine keeps its data
	Socket  string        // default DataDir/run/engine.sock, or a short path when that is too long
	Lib     string        // the engine library; default what Find finds
	Env     []string      // added to this process's environment
	Logger  *slog.Logger  // gets what the child writes to standard error
	Stop    time.Duration // how long Close waits before it kills; default 20 s
}

// Process is an engine in a child process, started again whenever it dies.
type Process struct {
	cfg      Config
	cancel   context.CancelFunc
	done     chan struct{}
	pid      atomic.Int64
	restarts atomic.Int64
	tail     tail
	tempDir  string

	mu       sync.Mutex
	lastExit error // why the child died
	stopped  error // how the child took being stopped
}

const (
	minBackoff = 50 * time.Millisecond
	maxBackoff = 5 * time.Second
	// socketMax is what fits into a unix address on every system.
	socketMax = 100
)

// Start starts the child and returns when it answers. Until ctx ends or Close
// is called the child is started again each time it dies.
func Start(ctx context.Context, cfg Config) (*Process, error) {
	p := &Process{cfg: cfg, done: make(chan struct{})}
	if err := p.fillIn(); err != nil {
		return nil, err
	}
	ctx, p.cancel = context.WithCancel(ctx)
	first := make(chan error, 1)
	go p.supervise(ctx, first)
	if err := <-first; err != nil {
		p.cancel()
		<-p.done
		return nil, err
	}
	return p, nil
}

func (p *Process) fillIn() error {
	c := &p.cfg
	if c.DataDir == "" {
		return errors.New("engine: no data directory given")
	}
	dir, err := filepath.Abs(c.DataDir)
	if err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	c.DataDir = dir
	if c.Exe == "" {
		if c.Exe, err = os.Executable(); err != nil {
			return fmt.Errorf("engine: %w", err)
		}
	}
	if c.Lib == "" {
		if c.Lib, err = Find(); err != nil {
			return err
		}
	}
	if c.Socket == "" {
		c.Socket = filepath.Join(dir, "run", "engine.sock")
		if len(c.Socket) > socketMax {
			if p.tempDir, err = os.MkdirTemp("", "grantwatch-"); err != nil {
				return fmt.Errorf("engine: %w", err)
			}
			c.Socket = filepath.Join(p.tempDir, "engine.sock")
		}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Stop <= 0 {
		c.Stop = 20 * time.Second
	}
	p.tail.log = c.Logger
	return nil
}

// supervise runs one child after the other. It keeps its thread, because the
// kernel ends the children of a thread and not of a process.
func (p *Process) supervise(ctx context.Context, first chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.done)
	if p.tempDir != "" {
		defer os.RemoveAll(p.tempDir)
	}
	backoff := minBackoff
	answered := false
	for {
		err := p.run(ctx, func() {
			backoff = minBackoff
			if !answered {
				answered = true
				first <- nil
			}
		})
		if !answered {
			first <- p.explain(ctx, err)
			return
		}
		p.mu.Lock()
		if ctx.Err() != nil {
			p.stopped = err
			p.mu.Unlock()
			return
		}
		p.lastExit = err
		p.mu.Unlock()
		p.restarts.Add(1)
		p.cfg.Logger.Error("engine died and is started again", "error", err, "after", backoff, "said", p.tail.String())
		select {
		case <-ctx.Done():
			return
		case <-time.After(backoff):
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

func (p *Process) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("engine: not started: %w", ctx.Err())
	}
	if said := p.tail.String(); said != "" {
		return fmt.Errorf("engine: did not start: %w: %s", err, said)
	}
	return fmt.Errorf("engine: did not start: %w", err)
}

// run starts one child and returns when it has ended. ready is called when the
// child answers.
func (p *Process) run(ctx context.Context, ready func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	args := append([]string{"engine", "--data", p.cfg.DataDir, "--socket", p.cfg.Socket}, p.cfg.Args...)
	cmd := exec.Command(p.cfg.Exe, args...)
	cmd.Env = append(append(os.Environ(), p.cfg.Env...), LibraryEnv+"="+p.cfg.Lib, supervisedEnv+"=1", "TZ=UTC")
	// The socket is this user's alone. A password in our environment is for an engine that is started by hand, and is not asked.
	cmd.Env = append(cmd.Env, PasswordEnv+"=")
	cmd.Stderr = &p.tail
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = attach()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.pid.Store(int64(cmd.Process.Pid))
	defer p.pid.Store(0)
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()

	answering, stopAsking := context.WithCancel(ctx)
	defer stopAsking()
	asked := make(chan bool, 1)
	go func() { asked <- p.awaitPing(answering) }()
	for {
		select {
		case ok := <-asked:
			if ok {
				ready()
			}
			asked = nil
		case err := <-exited:
			if err == nil {
				err = errors.New("it ended by itself")
			}
			return err
		case <-ctx.Done():
			return p.end(cmd, stdin, exited)
		}
	}
}

// end asks the child to stop and kills it when it does not.
func (p *Process) end(cmd *exec.Cmd, stdin io.Closer, exited <-chan error) error {
	_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	_ = stdin.Close()
	select {
	case err := <-exited:
		return err
	case <-time.After(p.cfg.Stop):
		_ = cmd.Process.Kill()
		return errors.Join(errors.New("it did not stop and was killed"), <-exited)
	}
}

// awaitPing asks the child until it answers.
func (p *Process) awaitPing(ctx context.Context) bool {
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return p.dial(ctx)
	}}
	client := &http.Client{Transport: transport, Timeout: 2 * time.Second}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://engine/ping", nil)
		if err != nil {
			return false
		}
		res, err := client.Do(req)
		if err != nil {
			continue
		}
		res.Body.Close()
		if res.StatusCode == http.StatusOK {
			return true
		}
	}
}

func (p *Process) dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "unix", p.cfg.Socket)
}

// DialContext connects to the engine; addr does not matter. While the child is
// being started again it waits for it, up to five seconds. It has the shape of
// clickhouse-go's Options.DialContext.
func (p *Process) DialContext(ctx context.Context, _ string) (net.Conn, error) {
	deadline := time.NewTimer(maxBackoff)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		c, err := p.dial(ctx)
		if err == nil {
			return c, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-p.done:
			return nil, fmt.Errorf("engine: stopped: %w", err)
		case <-deadline.C:
			return nil, fmt.Errorf("engine: not answering: %w", err)
		case <-tick.C:
		}
	}
}

// Close stops the child, gives its statements time to end, and waits for it.
// The error says that the child did not end well.
func (p *Process) Close() error {
	p.cancel()
	<-p.done
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped != nil && !errors.Is(p.stopped, context.Canceled) && !errors.Is(p.stopped, context.DeadlineExceeded) {
		return fmt.Errorf("engine: stopping: %w: %s", p.stopped, p.tail.String())
	}
	return nil
}

// Restarts is how often the child has died and was started again.
func (p *Process) Restarts() int64 { return p.restarts.Load() }

// PID is the process id of the child, or 0 while there is none.
func (p *Process) PID() int { return int(p.pid.Load()) }

// Socket is the path of the unix socket on which the child answers.
func (p *Process) Socket() string { return p.cfg.Socket }

// LastExit is why the child died the last time, or nil.
func (p *Process) LastExit() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lastExit
}

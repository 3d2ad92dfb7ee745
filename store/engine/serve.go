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
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// supervisedEnv is how Process tells its child to end with its standard input.
const supervisedEnv = "GRANTWATCH_ENGINE_SUPERVISED"

// ServeConfig says where an engine keeps its data and where it listens. At
// least one of Socket and Listen must be given.
type ServeConfig struct {
	DataDir string // created with mode 0700; one engine at a time
	Socket  string // a unix socket in a directory that only its owner can enter
	Listen  string // a TCP address such as 127.0.0.1:8123
	Lib     string // the engine library; default: what Find finds

	User, Password string // both empty: no authentication

	Connections int           // statements that run at once; default 8
	Threads     int           // of one statement; default 2, more on a large machine
	Memory      int64         // bytes for the whole engine; default a quarter of the machine within 1 to 4 GiB
	Drain       time.Duration // how long running statements may take to end after the context does; default 10 s
	Logger      *slog.Logger
	Ready       func() // called once when the engine answers; may be nil
}

func (c *ServeConfig) fillIn() error {
	if c.DataDir == "" {
		return errors.New("engine: no data directory given")
	}
	if c.Socket == "" && c.Listen == "" {
		return errors.New("engine: neither a socket nor an address to listen on given")
	}
	if c.Lib == "" {
		lib, err := Find()
		if errors.Is(err, ErrNotFetched) {
			return fmt.Errorf("%w: run grantwatch engine fetch", err)
		}
		if err != nil {
			return err
		}
		c.Lib = lib
	}
	if c.Connections <= 0 {
		c.Connections = 8
	}
	if c.Threads <= 0 {
		c.Threads = min(8, max(2, runtime.NumCPU()/2))
	}
	if c.Memory <= 0 {
		c.Memory = defaultMemory()
	}
	if c.Drain <= 0 {
		c.Drain = 10 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Serve runs an engine until ctx ends, SIGTERM or SIGINT arrives, or, when
// Process has started it, its parent is gone. Running statements are given
// time to end; what has not ended then is killed. It returns nil after that.
func Serve(ctx context.Context, cfg ServeConfig) error {
	if err := cfg.fillIn(); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	defer stop()
	if os.Getenv(supervisedEnv) != "" {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		go func() {
			defer cancel()
			_, _ = io.Copy(io.Discard, os.Stdin) // the parent never writes: this ends with it
		}()
	}
	dir, err := filepath.Abs(cfg.DataDir)
	if err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	lock, err := lockDir(ctx, dir, lockGrace, lockEnd)
	if err != nil {
		return err
	}
	defer lock.Close()
	defer context.AfterFunc(ctx, func() { leave(lock) })()
	p, version, err := startEngine(dir, cfg)
	if err != nil {
		return err
	}
	listeners, err := listen(cfg)
	if err != nil {
		return errors.Join(err, p.close(context.Background()))
	}
	h := &handler{pool: p, creds: credentials{cfg.User, cfg.Password}, version: version, log: cfg.Logger}
	if cfg.Ready != nil {
		cfg.Ready()
	}
	cfg.Logger.Info("engine ready", "version", version, "data", dir, "socket", cfg.Socket, "listen", cfg.Listen, "threads", cfg.Threads, "memory", cfg.Memory)
	return serveUntil(ctx, h, listeners, cfg)
}

// startEngine loads the library and opens the data directory.
func startEngine(dir string, cfg ServeConfig) (*pool, string, error) {
	config, err := writeConfig(filepath.Join(dir, "config"), tuning{threads: cfg.Threads, memory: cfg.Memory})
	if err != nil {
		return nil, "", err
	}
	lib, err := loadLibrary(cfg.Lib)
	if err != nil {
		return nil, "", err
	}
	p, err := newPool(lib, cfg.Connections, []string{"--path=" + filepath.Join(dir, "clickhouse"), "--config-file=" + config})
	if err != nil {
		return nil, "", err
	}
	r, err := p.keeper.query("SELECT version(), timezone()", "TabSeparated", nil)
	if err != nil {
		return nil, "", errors.Join(fmt.Errorf("engine: %s does not answer: %w", cfg.Lib, err), p.close(context.Background()))
	}
	version, zone, _ := strings.Cut(strings.TrimSpace(string(r.bytes())), "\t")
	r.free()
	if zone != "UTC" {
		return nil, "", errors.Join(fmt.Errorf("engine: time zone is %s, want UTC", zone), p.close(context.Background()))
	}
	return p, version, nil
}

func listen(cfg ServeConfig) ([]net.Listener, error) {
	var all []net.Listener
	if cfg.Socket != "" {
		l, err := listenUnix(cfg.Socket)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	if cfg.Listen != "" {
		l, err := net.Listen("tcp", cfg.Listen)
		if err != nil {
			for _, l := range all {
				l.Close()
			}
			return nil, fmt.Errorf("engine: %w", err)
		}
		if a, ok := l.Addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() && cfg.Password == "" {
			cfg.Logger.Warn("engine answers other machines without a password", "listen", l.Addr().String())
		}
		all = append(all, l)
	}
	return all, nil
}

func listenUnix(path string) (net.Listener, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("engine: %s can be entered by others (mode %04o): put the socket in a directory of mode 0700", dir, info.Mode().Perm())
	}
	// The lock of the data directory is held, so a socket that is still there
	// is one that a killed engine left behind.
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
		if c, err := net.Dial("unix", path); err == nil {
			c.Close()
			return nil, fmt.Errorf("engine: somebody else answers on %s", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("engine: %w", err)
		}
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	return l, nil
}

func serveUntil(ctx context.Context, h *handler, listeners []net.Listener, cfg ServeConfig) error {
	requests, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 30 * time.Second,
		IdleTimeout:       10 * time.Minute,
		MaxHeaderBytes:    4 << 20, // statements may come in the address
		BaseContext:       func(net.Listener) context.Context { return requests },
		ErrorLog:          slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, len(listeners))
	var running sync.WaitGroup
	for _, l := range listeners {
		running.Add(1)
		go func() {
			defer running.Done()
			if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("engine: %s: %w", l.Addr(), err)
			}
		}()
	}
	var failure error
	select {
	case <-ctx.Done():
	case failure = <-failed:
	}
	drained, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.Drain)
	defer cancel()
	if srv.Shutdown(drained) != nil {
		cfg.Logger.Warn("engine kills statements that did not end in time", "after", cfg.Drain)
		abandon()
		_ = srv.Close() // what is left ends with the process
	}
	running.Wait()
	closing, cancelClosing := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancelClosing()
	if err := h.pool.close(closing); err != nil {
		failure = errors.Join(failure, fmt.Errorf("engine: closing: %w", err))
	}
	cfg.Logger.Info("engine stopped")
	return failure
}

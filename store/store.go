package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Options say where ClickHouse is.
type Options struct {
	// DSN is clickhouse://user:password@host:9000/database for the native protocol, or http(s)://… for HTTP. It may be
	// empty when DialContext is given; of the two, DialContext decides where the bytes go.
	DSN string
	// Database overrides the DSN's database; both empty mean "default". It is created when it does not exist.
	Database string
	// DialContext reaches the embedded engine. With it and without a DSN the store speaks HTTP.
	DialContext func(ctx context.Context, addr string) (net.Conn, error)
	// Logger hears of retries; nil is silence. It never sees the DSN.
	Logger *slog.Logger
	// Retry is how a lost connection is met; the zero value has good defaults.
	Retry Retry
	// Retried hears of every attempt that failed and is made again, by what was attempted; nil is nobody.
	Retried func(what string)
	// MaxConns bounds concurrent statements, 8 when zero.
	MaxConns int
	// TLS overrides what the DSN says of it.
	TLS *tls.Config
	// LookOnly is for those who only look: a database that is not there is an error, and is not created.
	LookOnly bool
	// PanelConns bounds concurrent panels, which have connections of their own; 4 when zero.
	PanelConns int
}

// Store is a connection to ClickHouse. It is safe for concurrent use.
type Store struct {
	conn     driver.Conn
	panels   driver.Conn // for those who look, so that they never wait for those who write, nor these for them
	database string
	encodes  bool // blocks are encoded here and not by the driver
	retry    Retry
	log      *slog.Logger
	retried  func(what string)

	// writing serialises the writers that read what is there before they write: snapshots, identities, versions. telling
	// does so for the record of what was told, which must not wait for them.
	writing, telling sync.Mutex
	told             atomic.Uint64 // the highest version of a delivery that was seen or given; 0 before the first is given
}

// Open connects and makes sure that the database exists; it does not migrate. It tries for Retry.Connect at most, so
// that a wrong address is an error and not a hang.
func Open(ctx context.Context, o Options) (*Store, error) {
	opt, err := options(o)
	if err != nil {
		return nil, err
	}
	s := &Store{database: opt.Auth.Database, retry: o.Retry.withDefaults(), log: o.Logger, retried: o.Retried}
	if s.retried == nil {
		s.retried = func(string) {}
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.encodes = opt.Protocol == clickhouse.HTTP && (opt.Compression == nil || opt.Compression.Method == clickhouse.CompressionNone)
	dial, cancel := context.WithTimeoutCause(ctx, s.retry.Connect, errConnect)
	defer cancel()
	if o.LookOnly {
		opt.DialTimeout = min(opt.DialTimeout, s.retry.Connect)
	} else if err := s.ensureDatabase(dial, *opt); err != nil {
		return nil, fmt.Errorf("store: connect to %s: %w", strings.Join(opt.Addr, ","), err)
	}
	if s.conn, err = clickhouse.Open(opt); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if err := s.do(dial, "ping", func(ctx context.Context) error { return s.conn.Ping(ctx) }); err != nil {
		_ = s.conn.Close() // the ping's error says more
		return nil, fmt.Errorf("store: connect to %s: %w", strings.Join(opt.Addr, ","), err)
	}
	look := *opt
	look.MaxOpenConns = 4
	if o.PanelConns > 0 {
		look.MaxOpenConns = o.PanelConns
	}
	look.MaxIdleConns = look.MaxOpenConns
	if s.panels, err = clickhouse.Open(&look); err != nil {
		_ = s.conn.Close() // nothing was sent yet
		return nil, fmt.Errorf("store: %w", err)
	}
	return s, nil
}

var errConnect = errors.New("no answer in time")

// Close releases the connections. What is in flight fails.
func (s *Store) Close() error {
	if err := errors.Join(s.conn.Close(), s.panels.Close()); err != nil {
		return fmt.Errorf("store: close: %w", err)
	}
	return nil
}

// Ping asks whether ClickHouse answers, once and without retrying: it is what a health page wants to know.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.conn.Ping(ctx); err != nil {
		return fmt.Errorf("store: ping: %w", err)
	}
	return nil
}

// Database is the database in use.
func (s *Store) Database() string { return s.database }

// options turns o into the driver's options. Errors name no part of the DSN that may be secret.
func options(o Options) (*clickhouse.Options, error) {
	opt := &clickhouse.Options{Protocol: clickhouse.HTTP, Addr: []string{"engine:80"}}
	switch {
	case o.DSN != "":
		dsn := o.DSN
		u, err := url.Parse(dsn)
		if err == nil && u.Scheme == "" {
			err = errors.New("no scheme")
		}
		if err != nil {
			// What is not a URL cannot be told apart into what is secret and what is not.
			return nil, errors.New("store: dsn: it is not clickhouse://user:password@host:9000/database, nor http(s)://… in its place")
		}
		if u.Scheme == "https" && !u.Query().Has("secure") {
			q := u.Query()
			q.Set("secure", "true") // the driver wants it said twice
			u.RawQuery = q.Encode()
			dsn = u.String()
		}
		parsed, err := clickhouse.ParseDSN(dsn)
		if err != nil {
			return nil, fmt.Errorf("store: dsn: %w", err)
		}
		opt = parsed
	case o.DialContext == nil:
		return nil, errors.New("store: neither a DSN nor a way to dial the embedded engine")
	}
	if o.Database != "" {
		opt.Auth.Database = o.Database
	}
	if opt.Auth.Database == "" {
		opt.Auth.Database = "default"
	}
	if o.TLS != nil {
		opt.TLS = o.TLS
	}
	opt.MaxOpenConns = 8
	if o.MaxConns > 0 {
		opt.MaxOpenConns = o.MaxConns
	}
	opt.MaxIdleConns = opt.MaxOpenConns
	if o.DialContext != nil {
		opt.DialContext = o.DialContext
		// A proxy in the environment is no way to a child process.
		opt.TransportFunc = func(t *http.Transport) (http.RoundTripper, error) {
			t.Proxy = nil
			return t, nil
		}
	}
	return opt, nil
}

// ensureDatabase creates the database when a server does not know it. A user without that right gets the server's words.
func (s *Store) ensureDatabase(ctx context.Context, opt clickhouse.Options) error {
	if s.database == "default" {
		return nil
	}
	opt.Auth.Database = "default"
	opt.MaxOpenConns, opt.MaxIdleConns = 1, 1
	conn, err := clickhouse.Open(&opt)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // a connection for one statement
	return s.do(ctx, "create database", func(ctx context.Context) error {
		return conn.Exec(ctx, statements["create_database"], clickhouse.Named("database", s.database))
	})
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
	"github.com/grantwatch/grantwatch/dashboards/web"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// page is the web page of run and demo: it shows the newest view, and asks the store only what one finding or identity needs.
type page struct {
	view atomic.Pointer[ledger.View]
	srv  *http.Server
	addr string

	scheme string
}

// servePage starts to serve on addr; port 0 takes a free one. A port that is taken is answered with the next free one
// when fallback is set, so that a second demo does not fail.
func servePage(ctx context.Context, addr, reports string, a *app.App, fallback bool) (*page, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil && fallback {
		l, err = lc.Listen(ctx, "tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, fmt.Errorf("the page cannot listen: %w", err)
	}
	fail := func(err error) (*page, error) { return nil, errors.Join(err, l.Close()) }
	p := &page{addr: l.Addr().String(), scheme: "http"}
	if err := os.MkdirAll(reports, 0o750); err != nil {
		return fail(err)
	}
	c, err := a.PageConfig(addr, time.Now)
	if err != nil {
		return fail(err)
	}
	tc, err := a.PageTLS()
	if err != nil {
		return fail(err)
	}
	c.Version, c.View, c.Reports = versionString(), p.view.Load, os.DirFS(reports)
	p.srv = &http.Server{Handler: web.New(c), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(a.Log.Handler(), slog.LevelDebug)} // what strangers' handshakes fail at is no news
	if tc != nil {
		p.scheme = "https"
		p.srv.TLSConfig = tc
		go func() { _ = p.srv.ServeTLS(l, "", "") }() // ends with ErrServerClosed when close is called
		return p, nil
	}
	go func() { _ = p.srv.Serve(l) }() // ends with ErrServerClosed when close is called
	return p, nil
}

func (p *page) url() string { return p.scheme + "://" + p.addr + "/" }

// close lets requests end and stops serving.
func (p *page) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	_ = p.srv.Shutdown(ctx) // what does not end in time is cut off
}

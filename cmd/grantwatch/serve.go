package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
	"github.com/grantwatch/grantwatch/dashboards/web"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// page is the web page of run and demo: it shows the newest view and asks nothing of the store while it is read.
type page struct {
	view atomic.Pointer[ledger.View]
	srv  *http.Server
	addr string
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
	p := &page{addr: l.Addr().String()}
	if err := os.MkdirAll(reports, 0o750); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	h := web.New(web.Config{
		Version: versionString(), View: p.view.Load, Reports: os.DirFS(reports),
		History: func(fingerprint string) []ledger.Change { return a.History(ctx, fingerprint) },
	})
	p.srv = &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute}
	go func() { _ = p.srv.Serve(l) }() // ends with ErrServerClosed when close is called
	return p, nil
}

func (p *page) url() string { return "http://" + p.addr + "/" }

// close lets requests end and stops serving.
func (p *page) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	_ = p.srv.Shutdown(ctx) // what does not end in time is cut off
}

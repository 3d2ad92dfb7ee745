package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
	push "github.com/grantwatch/grantwatch/ingest/source/http"
)

// Push is the server that logs are pushed to.
type Push struct {
	Addr string

	push *push.Server
	http *http.Server
	free func() // the hold on memory
}

// StartPush listens for logs when any feed is pushed; nil when none is.
func (a *App) StartPush(ctx context.Context, now func() time.Time) (*Push, error) {
	feeds, err := a.pushFeeds(now)
	if err != nil || len(feeds) == 0 {
		return nil, err
	}
	p, err := a.pipeline()
	if err != nil {
		return nil, err
	}
	rates := map[string]push.Rate{}
	for _, r := range a.Cfg.Ingest.HTTP.Rates {
		rates[r.Team] = push.Rate{Requests: r.Requests, Bytes: r.Bytes, Daily: r.Daily}
	}
	s, err := push.New(push.Config{Feeds: feeds, Now: now, Rate: rates[""], Rates: rates, Observe: a.metrics.Pushed,
		Write: func(ctx context.Context, f access.Feed, source string, parts []ingest.Part) ([]ingest.Stats, error) {
			return p.RunGroup(ctx, f, source, parts, now(), a.events.Load())
		}})
	if err != nil {
		return nil, err
	}
	a.metrics.PushMemory(s.InFlight)
	tc, err := a.pushTLS()
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", a.Cfg.Ingest.HTTP.Listen)
	if err != nil {
		return nil, fmt.Errorf("ingest.http: %w", err)
	}
	out := &Push{Addr: l.Addr().String(), push: s, http: s.HTTP(tc), free: a.memory.reading()}
	if tc != nil {
		l = tls.NewListener(l, tc)
	}
	go func() { _ = out.http.Serve(l) }() // ends with ErrServerClosed when Close is called
	return out, nil
}

// Close lets requests end, waits for what is being written and stops listening.
func (p *Push) Close() error {
	if p == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	defer p.free()
	return errors.Join(p.http.Shutdown(ctx), p.push.Close(ctx))
}

// pushFeeds are the feeds that are pushed, with who may.
func (a *App) pushFeeds(now func() time.Time) ([]push.Feed, error) {
	var out []push.Feed
	for i, f := range a.Feeds() {
		from := a.Cfg.Feeds[i].From.HTTP
		if from == nil || !a.reads(f.Name) {
			continue
		}
		pf := push.Feed{Feed: f, ClientNames: from.ClientNames}
		if from.TokenFile != "" {
			path := from.TokenFile
			if !filepath.IsAbs(path) {
				path = filepath.Join(a.Cfg.Dir, path)
			}
			tokens, err := push.NewTokenFile(path, now)
			if err != nil {
				return nil, fmt.Errorf("feed %s: %w", f.Name, err)
			}
			pf.TokenHashes = tokens.Hashes
		}
		out = append(out, pf)
	}
	return out, nil
}

// pushTLS is how the server speaks TLS; nil for plain HTTP.
func (a *App) pushTLS() (*tls.Config, error) {
	h := a.Cfg.Ingest.HTTP
	if h.CertFile == "" {
		return nil, nil
	}
	cert, err := fs.ReadFile(a.FS, h.CertFile)
	if err != nil {
		return nil, err
	}
	key, err := fs.ReadFile(a.FS, h.KeyFile)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("ingest.http: %w", err)
	}
	tc := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	if h.ClientCAFile != "" {
		ca, err := fs.ReadFile(a.FS, h.ClientCAFile)
		if err != nil {
			return nil, err
		}
		tc.ClientCAs = x509.NewCertPool()
		if !tc.ClientCAs.AppendCertsFromPEM(ca) {
			return nil, fmt.Errorf("ingest.http: %s holds no certificate", h.ClientCAFile)
		}
		tc.ClientAuth = tls.VerifyClientCertIfGiven
	}
	return tc, nil
}

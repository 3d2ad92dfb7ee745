package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/grantwatch/grantwatch/alert/slack/slackdev"
	"github.com/grantwatch/grantwatch/alert/slack/slacktest"
)

// workspace is a Slack of our own on loopback: the API that the notifier speaks to, and the page for a browser.
type workspace struct {
	*slacktest.Server
	srv  *http.Server
	addr string
}

// startWorkspace serves one. A port that is taken is answered with a free one when fallback is set.
func startWorkspace(ctx context.Context, addr string, o slacktest.Options, users []slacktest.User, channels []string, log *slog.Logger, fallback bool) (*workspace, error) {
	if err := loopback(addr); err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil && fallback {
		l, err = lc.Listen(ctx, "tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, fmt.Errorf("the made-up Slack cannot listen: %w", err)
	}
	o.Complain = func(format string, args ...any) {
		log.Warn("slack would let this through: " + fmt.Sprintf(format, args...))
	}
	w := &workspace{Server: slacktest.New(o), addr: l.Addr().String()}
	for _, u := range users {
		w.AddUser(u)
	}
	for i, c := range channels {
		w.AddChannel(fmt.Sprintf("C0DEMO%04d", i+1), c)
	}
	w.srv = &http.Server{Handler: slackdev.New(slackdev.Config{Slack: w.Server, Logger: log}), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	go func() { _ = w.srv.Serve(l) }() // ends with ErrServerClosed when close is called
	return w, nil
}

func (w *workspace) url() string { return "http://" + w.addr + "/" }

// close stops serving; the connections of Socket Mode and of open pages are cut.
func (w *workspace) close() { _ = w.srv.Close() }

// loopback refuses addresses that other machines can reach: nobody signs in there.
func loopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%q is no address such as 127.0.0.1:8430", addr)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("%s can be reached from other machines, and nobody signs in there; use 127.0.0.1", addr)
	}
	return nil
}

// freshSecret is a secret that nobody has to know.
func freshSecret(prefix string) (string, error) {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		return "", errors.New("no randomness")
	}
	return prefix + hex.EncodeToString(b), nil
}

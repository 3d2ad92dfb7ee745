package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/grantwatch/grantwatch/alert/slack"
)

// SlackLink is another way to Slack than the network: the demo's own workspace, in the same process. Its secrets never
// leave it, so that they are no files.
type SlackLink struct {
	Token, AppToken string
	Client          *http.Client
	Dial            slack.Dial
	Every           time.Duration // between two messages in a channel
}

// defaultSlackListen is where callbacks arrive in mode http, for a proxy that Slack can reach.
const defaultSlackListen = "127.0.0.1:8440"

// Callbacks listens for what people press and submit in Slack until ctx ends, in the way that the configuration names;
// without one it returns at once. It returns an error only when there is no hope.
func (a *App) Callbacks(ctx context.Context, now func() time.Time) error {
	c := a.Cfg.Alert.Slack
	if c == nil || c.Mode == "" {
		return nil
	}
	if _, err := a.Alerting(now, nil); err != nil {
		return err
	}
	cfg := slack.CallbackConfig{Notifier: a.slack, Desk: a.Desk(now), Teams: a.teamNames, Now: now, Logger: a.Log}
	var err error
	switch {
	case c.Mode == "http":
		cfg.SigningSecret, err = a.secret("alert.slack.signing_secret", c.SigningSecretFile, c.SigningSecretEnv)
	case a.link.AppToken != "":
		cfg.AppToken = a.link.AppToken
	default:
		cfg.AppToken, err = a.secret("alert.slack.app_token", c.AppTokenFile, c.AppTokenEnv)
	}
	if err != nil {
		return err
	}
	cb := slack.NewCallbacks(cfg)
	defer func() {
		end, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer stop()
		cb.Close(end)
	}()
	if err := cb.Check(ctx); err != nil && ctx.Err() == nil {
		a.Notice("slack: who we are is not known yet, and no button works before it is: %v", err)
	}
	if c.Mode == "socket" {
		return cb.Listen(ctx, a.link.Client, a.link.Dial)
	}
	return a.serveCallbacks(ctx, c.Listen, cb.Handler())
}

func (a *App) serveCallbacks(ctx context.Context, addr string, h http.Handler) error {
	if addr == "" {
		addr = defaultSlackListen
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("alert.slack.listen: %w", err)
	}
	a.Notice("slack: callbacks are taken at http://%s/slack/interactions", l.Addr())
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 32 << 10}
	stop := context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		_ = srv.Shutdown(end) // what does not end in time is cut off
	})
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// secret reads a secret from its file or environment variable. key is what the configuration calls it.
func (a *App) secret(key, file, env string) (string, error) {
	switch {
	case file != "":
		b, err := fs.ReadFile(a.FS, file)
		if err != nil {
			return "", fmt.Errorf("%s_file: %w", key, err)
		}
		if s := trimSpace(b); s != "" {
			return s, nil
		}
		return "", fmt.Errorf("%s_file: %s is empty", key, file)
	case env != "":
		if s := os.Getenv(env); s != "" {
			return s, nil
		}
		return "", fmt.Errorf("%s_env: the environment variable %s is empty", key, env)
	}
	if a.link.Token != "" { // the demo's workspace names its own
		return "", nil
	}
	return "", fmt.Errorf("%s_file and %s_env are both missing", key, key)
}

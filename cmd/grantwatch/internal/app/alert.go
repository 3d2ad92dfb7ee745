package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/slack"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/store"
)

// deliveries lets the store keep what was told.
type deliveries struct{ *store.Store }

// Deliveries are those of one channel.
func (d deliveries) Deliveries(ctx context.Context, channel string) ([]alert.Delivery, error) {
	list, err := d.Store.Deliveries(ctx, channel)
	out := make([]alert.Delivery, 0, len(list))
	for _, x := range list {
		out = append(out, alert.Delivery(x))
	}
	return out, err
}

// SaveDelivery replaces one.
func (d deliveries) SaveDelivery(ctx context.Context, x alert.Delivery) error {
	return d.Store.SaveDelivery(ctx, store.Delivery(x))
}

// Alert tells the owning teams of an evaluation, when Slack is configured. What could not be told is said and tried again
// after the next evaluation; it never stops the watch.
func (a *App) Alert(ctx context.Context, v *ledger.View, now func() time.Time) error {
	c := a.Cfg.Alert.Slack
	if c == nil {
		return nil
	}
	if a.alerter == nil {
		token, err := a.slackToken()
		if err != nil {
			return err
		}
		routes := alert.Routes{Teams: map[string]string{}, Fallback: c.Channel, Min: access.Severity(c.MinSeverity)}
		for _, t := range a.Cfg.Teams {
			if t.Slack != "" {
				routes.Teams[t.Name] = t.Slack
			}
		}
		n := slack.New(slack.Config{Token: token, APIURL: c.APIURL, Now: now, Logger: a.Log})
		a.alerter = alert.New(n, deliveries{a.Store}, routes, now)
	}
	sum, err := a.alerter.Run(ctx, v)
	if sum.Sent+sum.Updated+sum.Failed > 0 {
		a.Notice("slack: %d sent, %d updated, %d failed", sum.Sent, sum.Updated, sum.Failed)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		a.Notice("slack: %v", err)
	}
	return nil
}

// slackToken reads the token from its file or environment variable.
func (a *App) slackToken() (string, error) {
	c := a.Cfg.Alert.Slack
	if c.TokenFile != "" {
		b, err := fs.ReadFile(a.FS, c.TokenFile)
		if err != nil {
			return "", fmt.Errorf("alert.slack.token_file: %w", err)
		}
		return trimSpace(b), nil
	}
	t := os.Getenv(c.TokenEnv)
	if t == "" {
		return "", fmt.Errorf("alert.slack.token_env: the environment variable %s is empty", c.TokenEnv)
	}
	return t, nil
}

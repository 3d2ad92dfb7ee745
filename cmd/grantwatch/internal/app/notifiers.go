package app

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/email"
	alertkafka "github.com/grantwatch/grantwatch/alert/kafka"
	"github.com/grantwatch/grantwatch/alert/outbound"
	"github.com/grantwatch/grantwatch/alert/webhook"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
)

// notifiers are all that is configured behind one: slack, which may be nil, tells what has no other messenger. The client
// of Kafka is closed with the App.
func (a *App) notifiers(slack alert.Notifier, now func() time.Time) (alert.Notifier, error) {
	mux := &alert.Mux{Default: slack, By: map[string]alert.Notifier{}}
	for i := range a.Cfg.Alert.Webhooks {
		w := &a.Cfg.Alert.Webhooks[i]
		n, err := a.webhook(w, now)
		if err != nil {
			return nil, fmt.Errorf("alert.webhooks: %s: %w", w.Name, err)
		}
		mux.By[config.WebhookPrefix+w.Name] = n
	}
	if a.Cfg.Alert.Email != nil {
		n, err := a.email()
		if err != nil {
			return nil, fmt.Errorf("alert.email: %w", err)
		}
		mux.By[email.Prefix] = n
	}
	if len(a.Cfg.Kafka.Brokers) > 0 {
		conf := a.kafkaConfig()
		opts, err := conf.Security()
		if err != nil {
			return nil, err
		}
		opts = append(append(opts, alertkafka.Options()...), kgo.SeedBrokers(a.Cfg.Kafka.Brokers...))
		cl, err := kgo.NewClient(opts...)
		if err != nil {
			return nil, fmt.Errorf("kafka: %w", err)
		}
		a.closers = append(a.closers, cl.Close)
		mux.By[alertkafka.Prefix] = alertkafka.New(cl)
	}
	return mux, nil
}

func (a *App) webhook(w *config.Webhook, now func() time.Time) (*webhook.Notifier, error) {
	allow, err := w.Prefixes()
	if err != nil {
		return nil, err
	}
	c := webhook.Config{
		Name: w.Name, URL: w.URL, Header: http.Header{}, Transport: outbound.New(allow), Now: now, Logger: a.Log,
		Secrets: func() ([]byte, error) { return config.ReadSecret(a.FS, w.SecretFile) },
	}
	if w.URLFile != "" {
		b, err := config.ReadSecret(a.FS, w.URLFile)
		if err != nil {
			return nil, err
		}
		c.URL = strings.TrimSpace(string(b))
	}
	for k, v := range w.Headers {
		c.Header.Set(k, v)
	}
	for k, file := range w.HeaderFiles {
		b, err := config.ReadSecret(a.FS, file)
		if err != nil {
			return nil, err
		}
		c.Header.Set(k, strings.TrimSpace(string(b)))
	}
	if w.Template != "" {
		text, err := fs.ReadFile(a.FS, w.Template)
		if err != nil {
			return nil, err
		}
		if c.Template, err = webhook.ParseTemplate(w.Template, string(text), w.ContentType); err != nil {
			return nil, err
		}
	}
	return webhook.New(c)
}

func (a *App) email() (*email.Notifier, error) {
	e := a.Cfg.Alert.Email
	c := email.Config{Server: e.Server, TLS: e.TLS, From: e.From, User: e.User}
	if e.PasswordFile != "" {
		c.Password = func() ([]byte, error) { return config.ReadSecret(a.FS, e.PasswordFile) }
	}
	if e.CAFile != "" {
		pem, err := fs.ReadFile(a.FS, e.CAFile)
		if err != nil {
			return nil, err
		}
		c.Roots = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool()}
		if !c.Roots.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", e.CAFile)
		}
	}
	return email.New(c)
}

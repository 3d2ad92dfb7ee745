package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/grantwatch/grantwatch/alert/email"
	"github.com/grantwatch/grantwatch/alert/kafka"
	"github.com/grantwatch/grantwatch/alert/webhook"
	"github.com/grantwatch/grantwatch/ingest/policy"
)

// WebhookPrefix begins the channels that are told by a webhook: webhook:soar.
const WebhookPrefix = "webhook:"

// Prefixes are the networks of AllowNetworks.
func (w *Webhook) Prefixes() ([]netip.Prefix, error) {
	out := make([]netip.Prefix, 0, len(w.AllowNetworks))
	for _, s := range w.AllowNetworks {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("%q is no network such as 10.20.0.0/16", s)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// ownHeaders are those that the delivery itself sets.
var ownHeaders = []string{"Webhook-Id", "Webhook-Timestamp", "Webhook-Signature", "Content-Type", "Content-Length", "Host", "Connection", "Transfer-Encoding"}

func (k *checker) notifiers() {
	names := map[string]bool{}
	for i := range k.c.Alert.Webhooks {
		k.webhook(fmt.Sprintf("$.alert.webhooks[%d]", i), &k.c.Alert.Webhooks[i], names)
	}
	if e := k.c.Alert.Email; e != nil {
		k.email("$.alert.email", e)
	}
}

func (k *checker) webhook(at string, w *Webhook, names map[string]bool) {
	k.name(at+".name", w.Name, names, "webhook")
	switch u, err := url.Parse(w.URL); {
	case (w.URL == "") == (w.URLFile == ""):
		k.fail(at, "a webhook needs either url or url_file")
	case w.URLFile != "":
		k.exist(at+".url_file", w.URLFile)
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		k.hide(at+".url", "this is no http or https address")
	case u.User != nil:
		k.hide(at+".url", "a password never stands in this file; use header_files")
	case u.Scheme == "http" && len(w.AllowNetworks) == 0:
		k.fail(at+".url", "http is for networks that allow_networks names; alerts cross the internet by https")
	}
	if w.SecretFile == "" {
		k.fail(at, "a webhook needs a secret_file that signs its messages")
	} else {
		k.exist(at+".secret_file", w.SecretFile)
	}
	if w.Template != "" {
		k.exist(at+".template", w.Template)
		if text, err := fs.ReadFile(Files(k.c, k.base), w.Template); err == nil {
			if _, err := webhook.ParseTemplate(w.Template, string(text), w.ContentType); err != nil {
				k.fail(at+".template", "%v", err)
			}
		}
	} else if w.ContentType != "" {
		k.fail(at+".content_type", "content_type is of what a template makes, and there is no template")
	}
	for h := range w.Headers {
		k.header(at+".headers", h)
	}
	for h, file := range w.HeaderFiles {
		k.header(at+".header_files", h)
		k.exist(at+".header_files", file)
	}
	if _, err := w.Prefixes(); err != nil {
		k.fail(at+".allow_networks", "%v", err)
	}
}

// hide fails without showing the line: what is wrong with it may be that a secret stands there.
func (k *checker) hide(path, format string, args ...any) {
	if k.err != nil {
		return
	}
	k.fail(path, format, args...)
	if e := new(policy.SourceError); errors.As(k.err, &e) {
		e.Excerpt = ""
	}
}

func (k *checker) header(at, name string) {
	if slices.Contains(ownHeaders, http.CanonicalHeaderKey(name)) || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" || name == "" {
		k.fail(at, "the header %q cannot be set", name)
	}
}

func (k *checker) email(at string, e *Email) {
	c := email.Config{Server: e.Server, TLS: e.TLS, From: e.From, User: e.User}
	if e.PasswordFile != "" {
		k.exist(at+".password_file", e.PasswordFile)
		c.Password = func() ([]byte, error) { return nil, nil }
	}
	if e.CAFile != "" {
		k.exist(at+".ca_file", e.CAFile)
	}
	if _, err := email.New(c); err != nil {
		k.fail(at, "%s", strings.TrimPrefix(err.Error(), "email: "))
	}
}

// Elsewhere reports whether a channel is told by another notifier than Slack's.
func Elsewhere(channel string) bool {
	return strings.HasPrefix(channel, WebhookPrefix) || strings.HasPrefix(channel, email.Prefix) || strings.HasPrefix(channel, kafka.Prefix)
}

// Tells reports whether anything is configured that can tell somebody.
func (a *Alert) Tells() bool {
	if a.Slack != nil || len(a.Webhooks) > 0 || a.Email != nil || Elsewhere(a.SOC) || Elsewhere(a.Operator) {
		return true
	}
	elsewhere := func(t Target) bool { return Elsewhere(t.Name) }
	return slices.ContainsFunc(a.Routes, func(r Route) bool { return slices.ContainsFunc(r.To, elsewhere) }) ||
		a.Escalate != nil && slices.ContainsFunc(a.Escalate.To, elsewhere)
}

// channel checks a channel that a notifier other than Slack's would tell.
func (k *checker) channel(at, channel string) {
	switch kind, rest, _ := strings.Cut(channel, ":"); kind + ":" {
	case WebhookPrefix:
		if !slices.ContainsFunc(k.c.Alert.Webhooks, func(w Webhook) bool { return w.Name == rest }) {
			k.fail(at, "webhook %q is not defined under alert.webhooks", rest)
		}
	case email.Prefix:
		if _, err := email.Address(channel); err != nil {
			k.fail(at, "%q is no address after email:", channel)
		}
		if k.c.Alert.Email == nil {
			k.fail(at, "%q needs a mail server under alert.email", channel)
		}
	case kafka.Prefix:
		if len(k.c.Kafka.Brokers) == 0 {
			k.fail(at, "%q needs brokers under kafka", channel)
		}
		if rest == "" {
			k.fail(at, "write the channel as kafka:TOPIC")
		}
	}
}

// ReadSecret reads a file that a configuration names; its content is in no error.
func ReadSecret(fsys fs.FS, file string) ([]byte, error) {
	b, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, err
	}
	if len(strings.TrimSpace(string(b))) == 0 {
		return nil, &os.PathError{Op: "read", Path: file, Err: fmt.Errorf("the file is empty")}
	}
	return b, nil
}

// Package webhook posts alerts to an address of your own: signed as https://www.standardwebhooks.com says, repeated with the
// same id until they were taken, as JSON or as what your template makes of it.
package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/document"
	"github.com/grantwatch/grantwatch/alert/outbound"
)

const (
	timeout   = 10 * time.Second
	maxAnswer = 64 << 10
	attempts  = 4
	maxPause  = 30 * time.Second // a longer Retry-After is left to the next round
)

// Config is what a Notifier needs.
type Config struct {
	Name      string                 // of the webhook, for errors: the address may hold a secret and is never printed
	URL       string                 // https, or http where the transport allows the address
	Secrets   func() ([]byte, error) // read at each delivery, so that they can be exchanged: one a line, the first two sign
	Header    http.Header            // sent along
	Template  *Template              // nil posts the document as JSON
	Transport http.RoundTripper      // decides which addresses may be reached; must be set
	Now       func() time.Time       // dates the signature
	Logger    *slog.Logger           // nil means silence
}

// Notifier posts to one webhook. It is safe for concurrent use.
type Notifier struct {
	Config
	client *http.Client
}

var _ alert.Notifier = (*Notifier)(nil)

// New makes a Notifier. It sends nothing yet.
func New(c Config) (*Notifier, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		return nil, fmt.Errorf("webhook %s: its address is no http or https address without a user", c.Name)
	}
	if c.Transport == nil || c.Now == nil || c.Secrets == nil {
		return nil, fmt.Errorf("webhook %s: transport, clock and secrets must be set", c.Name)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Notifier{Config: c, client: &http.Client{
		Transport: c.Transport, Timeout: timeout,
		// A redirect would take the message, and its signature, to somebody whom nobody configured.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Send posts what the message says now. A webhook is not asked what it has: a delivery that is repeated has the id of the
// first attempt, by which the receiver leaves it out.
func (n *Notifier) Send(ctx context.Context, m alert.Message, prev *alert.Delivery) (alert.Delivery, error) {
	d := document.Of(&m, prev)
	body, kind, err := n.body(d)
	if err != nil {
		return alert.Delivery{}, err
	}
	if err := n.deliver(ctx, d.ID, kind, body); err != nil {
		return alert.Delivery{}, err
	}
	status := alert.StatusSent
	if m.Reason == alert.ReasonResolved {
		status = alert.StatusResolved
	}
	return m.Delivery(d.Thread, status), nil
}

func (n *Notifier) body(d *document.Document) (body []byte, kind string, err error) {
	if n.Template != nil {
		body, err = n.Template.render(d)
		return body, n.Template.kind, err
	}
	body, err = json.Marshal(d)
	return body, "application/json", err
}

// deliver tries until the webhook takes it, refuses it for good, or the attempts are used up; the rest is the outbox's.
func (n *Notifier) deliver(ctx context.Context, id, kind string, body []byte) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("webhook %s: %w", n.Name, err)
	}
	secrets, err := n.keys()
	if err != nil {
		return err
	}
	pause := time.Second
	for try := 1; ; try++ {
		err := n.post(ctx, id, kind, body, secrets)
		var again *retryError
		if err == nil || !errors.As(err, &again) {
			return err
		}
		if again.after > maxPause || try == attempts || ctx.Err() != nil {
			if again.sent {
				return fmt.Errorf("%w: %w", alert.ErrUnsure, err)
			}
			return err
		}
		n.Logger.Info("webhook: another attempt", "webhook", n.Name, "attempt", try+1, "because", again.why)
		if werr := wait(ctx, max(pause, again.after)); werr != nil {
			if again.sent {
				return fmt.Errorf("%w: %w", alert.ErrUnsure, werr)
			}
			return fmt.Errorf("webhook %s: %w", n.Name, werr)
		}
		pause *= 2
	}
}

// retryError is a failure that may pass.
type retryError struct {
	name  string
	why   string
	sent  bool // it may have been taken all the same
	after time.Duration
	err   error // what the network said, without the address
}

func (e *retryError) Error() string { return "webhook " + e.name + ": " + e.why }
func (e *retryError) Unwrap() error { return e.err }

var _ alert.Undeliverable = (*PermanentError)(nil)

// PermanentError is a refusal that repeating does not change.
type PermanentError struct {
	Name   string
	Code   string // such as http_404
	Reason string
}

func (e *PermanentError) Error() string {
	return "webhook " + e.Name + ": " + e.Code + ": " + e.Reason
}

// Undeliverable says what whoever runs Grantwatch should do.
func (e *PermanentError) Undeliverable() (code, hint string) { return e.Code, e.Reason }

func (n *Notifier) post(ctx context.Context, id, kind string, body []byte, secrets [][]byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.URL, bytes.NewReader(body))
	if err != nil {
		return &PermanentError{n.Name, "address", "the address is not one"}
	}
	for k, v := range n.Header {
		req.Header[k] = v
	}
	at := n.Now()
	req.Header.Set("Content-Type", kind)
	req.Header.Set("User-Agent", "grantwatch")
	req.Header.Set("Webhook-Id", id)
	req.Header.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	req.Header.Set("Webhook-Signature", sign(secrets, id, at, body))
	resp, err := n.client.Do(req)
	if err != nil {
		return n.failed(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()                         // nothing is read from it any more
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)) // so that the connection can be used again
	return n.answered(resp)
}

// failed tells what never left from what may have arrived. The error of net/http names the address, so it is unwrapped.
func (n *Notifier) failed(ctx context.Context, err error) error {
	var addressed *url.Error
	if errors.As(err, &addressed) {
		err = addressed.Err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%w: webhook %s: %w", alert.ErrUnsure, n.Name, ctx.Err())
	}
	if errors.Is(err, outbound.ErrRefused) {
		return &PermanentError{n.Name, "address", "its address is not on the public internet; allow its network by name if that is meant"}
	}
	var dial *net.OpError
	var lookup *net.DNSError
	unsent := errors.As(err, &lookup) || errors.As(err, &dial) && dial.Op == "dial"
	why := "no answer"
	switch {
	case errors.As(err, &lookup):
		why = "its host name cannot be resolved"
	case unsent:
		why = "no connection: " + dial.Err.Error()
	}
	return &retryError{name: n.Name, why: why, sent: !unsent, err: err}
}

func (n *Notifier) answered(resp *http.Response) error {
	code := resp.StatusCode
	switch {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		return &retryError{name: n.Name, why: fmt.Sprintf("status %d", code), after: retryAfter(resp.Header.Get("Retry-After"), n.Now())}
	case code >= 500:
		return &retryError{name: n.Name, why: fmt.Sprintf("status %d", code), sent: true}
	}
	hint := "the receiver refuses it; its own log says why"
	switch {
	case code >= 300 && code < 400:
		hint = "it redirects; configure the address that it redirects to"
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		hint = "the receiver does not accept the signature or a header; compare the secrets and the clocks"
	case code == http.StatusNotFound, code == http.StatusGone:
		hint = "nothing is at this address any more"
	case code == http.StatusRequestEntityTooLarge:
		hint = "the receiver takes smaller messages only; a template can leave findings out"
	}
	return &PermanentError{n.Name, fmt.Sprintf("http_%d", code), hint}
}

// retryAfter reads seconds or a date; anything else is no wish.
func retryAfter(v string, now time.Time) time.Duration {
	if s, err := strconv.ParseInt(v, 10, 32); err == nil && s >= 0 {
		return time.Duration(s) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

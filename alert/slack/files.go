package slack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/outbound"
)

// guarded is the client for addresses that Slack hands out: it connects to public ones only. With an API of one's own, as
// in tests and demonstrations, the given client is used, and admits nothing but that host.
func guarded(c *http.Client, api *url.URL) *http.Client {
	g := http.Client{Timeout: requestTimeout}
	switch {
	case c != nil:
		g = *c
		if g.Timeout == 0 {
			g.Timeout = requestTimeout
		}
	default:
		var allow []netip.Prefix
		if a, err := netip.ParseAddr(strings.Trim(api.Hostname(), "[]")); err == nil {
			allow = []netip.Prefix{netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen())}
		}
		g.Transport = outbound.New(allow)
	}
	g.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &g
}

// mayCall reports whether an address that came in a payload or an answer is one of Slack's: https at slack.com or below
// it, or exactly where the configured API is.
func (n *Notifier) mayCall(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Host == "" || u.Opaque != "" {
		return false
	}
	if u.Scheme == n.base.Scheme && u.Host == n.base.Host {
		return true
	}
	host := strings.ToLower(u.Hostname())
	return u.Scheme == "https" && (u.Port() == "" || u.Port() == "443") && (host == "slack.com" || strings.HasSuffix(host, ".slack.com"))
}

// errUploadRefused says that Slack named no address to upload to, or one that is not its own.
var errUploadRefused = errors.New("slack: upload: the bytes were refused")

// SendFile uploads a file and shares it in a channel with a comment. Sharing is not idempotent: after an attempt with an
// unknown outcome, here or on record, the channel's history is searched for the file before it is shared again. Files
// carry no metadata in Slack, so that their title, which holds the post's id, is what is searched for.
func (n *Notifier) SendFile(ctx context.Context, channel, name string, body []byte, comment, post string, prev *alert.Delivery) (alert.Delivery, error) {
	at := place{name: channel}
	since := n.pace.now()
	done := func(ts string) (alert.Delivery, error) {
		return alert.Delivery{Channel: channel, Fingerprint: post, At: n.pace.now(), TS: ts, Status: alert.StatusSent}, nil
	}
	if prev != nil {
		if prev.TS != "" {
			return *prev, nil
		}
		since = prev.At
		if id := prev.Record().ChannelID; id != "" {
			at.id = id
		}
		ts, err := n.searchFile(ctx, &at, name, post, since)
		if err != nil || ts != "" {
			d, _ := done(ts)
			return d, err
		}
	}
	if err := n.identify(ctx, &at); err != nil {
		return alert.Delivery{}, err
	}
	var err error
	for range uploads {
		var id, ts string
		if id, err = n.upload(ctx, &at, name, body); err != nil {
			return alert.Delivery{}, err
		}
		if ts, err = n.share(ctx, &at, id, name, title(comment, 1000), post, since); err == nil {
			return done(ts)
		}
		if !errors.Is(err, errUploadGone) || errors.Is(err, alert.ErrUnsure) {
			break
		}
	}
	return alert.Delivery{}, err
}

// uploads is how often a file is uploaded in one attempt, when Slack has lost it before it was shared.
const uploads = 2

// errUploadGone says that what was uploaded is no longer there, and was certainly not shared.
var errUploadGone = errors.New("slack: the uploaded file is gone before it was shared")

// fileTitle is what a file is called in the channel, and how it is found there again.
func fileTitle(name, post string) string { return title(name, 120) + " · " + short(post) }

func (n *Notifier) searchFile(ctx context.Context, at *place, name, post string, since time.Time) (string, error) {
	want := fileTitle(name, post)
	ts, err := n.scan(ctx, at, "", since, func(m *slackapi.Message) bool {
		for i := range m.Files {
			if m.Files[i].Title == want {
				return true
			}
		}
		return false
	})
	var refusal *PermanentError
	switch {
	case err == nil:
		return ts, nil
	case errors.As(err, &refusal), errors.Is(err, errTooMuch):
		n.log.Warn("slack: cannot look for an earlier file, so it may be shared twice", "channel", at.name, "error", err)
		return "", nil
	}
	return "", fmt.Errorf("%w: %w", alert.ErrUnsure, err)
}

// upload hands the bytes over; nobody sees them before they are shared, so that all of it can be repeated.
func (n *Notifier) upload(ctx context.Context, at *place, name string, body []byte) (id string, err error) {
	err = n.repeat(ctx, "files.getUploadURLExternal", at.name, "", func() error {
		u, err := n.api.GetUploadURLExternalContext(ctx, slackapi.GetUploadURLExternalParameters{FileName: title(name, 120), FileSize: len(body)})
		if err != nil {
			return err
		}
		if id = u.FileID; id == "" || !n.mayCall(u.UploadURL) {
			return errUploadRefused
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.UploadURL, bytes.NewReader(body))
		if err != nil {
			return errUploadRefused
		}
		req.Header.Set("Content-Type", "application/octet-stream")
		resp, err := n.files.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()                    // only its status matters
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 4096)) // so that the connection can be used again
		if resp.StatusCode != http.StatusOK {
			return slackapi.StatusCodeError{Code: max(resp.StatusCode, http.StatusInternalServerError), Status: "upload"}
		}
		return nil
	})
	return id, err
}

// share shows an uploaded file in the channel, once. After one unsure attempt every other end is unsure too, for the channel's
// history can lag: Slack then says that the file is gone, since it was shared.
func (n *Notifier) share(ctx context.Context, at *place, id, name, comment, post string, since time.Time) (string, error) {
	const method = "files.completeUploadExternal"
	doubt := false
	fail := func(err error) error {
		if doubt && !errors.Is(err, alert.ErrUnsure) {
			return fmt.Errorf("%w: %w", alert.ErrUnsure, err)
		}
		return err
	}
	for try := range attempts {
		if err := n.pace.turn(ctx, method, at.name); err != nil {
			return "", fail(wrap(method, err))
		}
		_, err := n.api.CompleteUploadExternalContext(ctx, slackapi.CompleteUploadExternalParameters{
			Files: []slackapi.FileSummary{{ID: id, Title: fileTitle(name, post)}}, Channel: at.id, InitialComment: comment,
		})
		last := n.judge(ctx, method, at.name, err)
		doubt = doubt || last.class == unsure
		switch last.class {
		case done, unsure: // the answer does not name the message, so that the channel is asked either way
			ts, serr := n.searchFile(ctx, at, name, post, since)
			switch {
			case last.class == done && ts == "":
				return id, nil
			case serr != nil:
				return "", serr
			case ts != "":
				return ts, nil
			}
		case busy:
			if err := n.rest(method, last); err != nil {
				return "", fail(err)
			}
			continue
		case canceled:
			return "", fmt.Errorf("%w: %w", alert.ErrUnsure, last.err)
		case refused, gone:
			var p *PermanentError
			if errors.As(last.err, &p) && p.Code == "file_not_found" {
				return "", fail(errUploadGone)
			}
			return "", fail(last.err)
		}
		n.log.Warn("slack: sharing a file failed", "channel", at.name, "try", try+1, "error", last.err)
		if err := sleep(ctx, time.Second<<try); err != nil {
			return "", fmt.Errorf("%w: %w", alert.ErrUnsure, wrap(method, err))
		}
	}
	return "", fmt.Errorf("slack: %s: %w", method, alert.ErrUnsure)
}

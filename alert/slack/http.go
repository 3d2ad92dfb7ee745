package slack

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// answerWithin leaves Slack's three seconds some room.
const answerWithin = 2500 * time.Millisecond

// Handler takes callbacks over HTTP: POST /slack/interactions and POST /slack/options.
func (c *Callbacks) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /slack/interactions", c.serve)
	mux.HandleFunc("POST /slack/options", c.serve)
	return mux
}

func (c *Callbacks) serve(w http.ResponseWriter, r *http.Request) {
	ctx, stop := context.WithTimeout(r.Context(), answerWithin)
	defer stop()
	answer, err := c.request(ctx, w, r)
	var why Rejection
	switch {
	case err == nil:
	case !errors.As(err, &why):
		why = RejectBusy
	}
	if err != nil {
		c.refuse("http", err)
		http.Error(w, http.StatusText(statusOf(why)), statusOf(why))
		return
	}
	if answer == nil {
		return // 200 and nothing more closes a modal and is enough for a button
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_ = json.NewEncoder(w).Encode(answer) // Slack asks again when it did not arrive
}

func statusOf(r Rejection) int {
	switch r {
	case RejectSignature, RejectExpired:
		return http.StatusUnauthorized
	case RejectBusy:
		return http.StatusServiceUnavailable
	case RejectBody, RejectUnknown:
		return http.StatusBadRequest
	}
	return http.StatusForbidden
}

func (c *Callbacks) request(ctx context.Context, w http.ResponseWriter, r *http.Request) (any, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 2*maxPayload))
	if err != nil {
		return nil, RejectBody
	}
	if err := c.verify(r.Header, body); err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || len(form) != 1 || len(form["payload"]) != 1 {
		return nil, RejectBody
	}
	answer, work, err := c.take(ctx, []byte(form.Get("payload")))
	if err != nil {
		return nil, err
	}
	if !c.run(work) {
		return nil, RejectBusy
	}
	return answer, nil
}

// verify checks Slack's signature over the exact bytes, in constant time, its age, and that it comes for the first time.
func (c *Callbacks) verify(h http.Header, body []byte) error {
	ts, sig := h.Values("X-Slack-Request-Timestamp"), h.Values("X-Slack-Signature")
	if len(ts) != 1 || len(sig) != 1 || c.c.SigningSecret == "" || len(ts[0]) > 15 || strings.Trim(ts[0], "0123456789") != "" {
		return RejectSignature
	}
	hexed, ok := strings.CutPrefix(sig[0], "v0=")
	got, err := hex.DecodeString(hexed)
	if !ok || err != nil || len(got) != sha256.Size {
		return RejectSignature
	}
	m := hmac.New(sha256.New, []byte(c.c.SigningSecret))
	m.Write([]byte("v0:" + ts[0] + ":"))
	m.Write(body)
	if !hmac.Equal(m.Sum(nil), got) {
		return RejectSignature
	}
	sec, err := strconv.ParseInt(ts[0], 10, 64)
	if err != nil || c.now().Sub(time.Unix(sec, 0)).Abs() > freshFor {
		return RejectExpired
	}
	if !c.seen.first(string(got), c.now()) { // the signature covers time and body, and its bytes have one form only
		return RejectReplayed
	}
	return nil
}

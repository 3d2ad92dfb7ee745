package webhook

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/grantwatch/grantwatch/alert/document"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" // the specification's own example

// receiver is a webhook that checks what the specification lets a receiver check, with the specification's own library, and
// leaves out what it has seen. It answers in memory, so that tests run on virtual time.
type receiver struct {
	t       testing.TB
	now     func() time.Time
	secrets []string
	raw     []byte // a secret that is not written in base64

	mu     sync.Mutex
	script []answer
	tries  []time.Time
	seen   map[string]int // deliveries by id
	got    []document.Document
	bodies []string
}

// answer is how one request goes.
type answer struct {
	status int
	after  string // Retry-After
	cut    bool   // taken, and the connection breaks before the answer
	dial   bool   // no connection at all
	hang   bool   // no answer until the caller gives up
	target string // Location
}

func newReceiver(t testing.TB, now func() time.Time, script ...answer) *receiver {
	return &receiver{t: t, now: now, secrets: []string{secret}, script: script, seen: map[string]int{}}
}

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	r.mu.Lock()
	if len(r.script) > 0 && r.script[0].hang {
		r.script = r.script[1:]
		r.mu.Unlock()
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	defer r.mu.Unlock()
	r.tries = append(r.tries, r.now())
	a := answer{status: http.StatusNoContent}
	if len(r.script) > 0 {
		a, r.script = r.script[0], r.script[1:]
	}
	if a.dial {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	if a.status < 300 || a.cut {
		r.take(req, body)
	}
	if a.cut {
		return nil, io.ErrUnexpectedEOF
	}
	w := httptest.NewRecorder()
	if a.after != "" {
		w.Header().Set("Retry-After", a.after)
	}
	if a.target != "" {
		w.Header().Set("Location", a.target)
	}
	w.WriteHeader(a.status)
	resp := w.Result()
	resp.Request = req
	return resp, nil
}

func (r *receiver) take(req *http.Request, body []byte) {
	if req.Method != http.MethodPost {
		r.t.Errorf("method %s", req.Method)
	}
	valid := false
	if r.raw != nil {
		wh, err := standardwebhooks.NewWebhookRaw(r.raw)
		valid = err == nil && wh.VerifyIgnoringTimestamp(body, req.Header) == nil
	}
	for _, s := range r.secrets {
		wh, err := standardwebhooks.NewWebhook(s)
		if err != nil {
			r.t.Error(err)
			return
		}
		valid = valid || wh.VerifyIgnoringTimestamp(body, req.Header) == nil
	}
	if !valid {
		r.t.Errorf("the specification's library refuses the signature %q", req.Header.Get("Webhook-Signature"))
	}
	id := req.Header.Get("Webhook-Id")
	if r.seen[id]++; r.seen[id] > 1 {
		return
	}
	r.bodies = append(r.bodies, string(body))
	var d document.Document
	if err := json.Unmarshal(body, &d); err == nil {
		if d.ID != "" && d.ID != id {
			r.t.Errorf("the body's id is %q and the header's %q", d.ID, id)
		}
		r.got = append(r.got, d)
	}
}

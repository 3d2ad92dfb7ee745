package slack

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const testToken = "xoxb-1111-CANARY-do-not-print"

// fake is Slack, only stricter: where Slack shrugs at a mistake it fails the test. It answers in memory, so that tests run
// on virtual time, and over HTTP as any handler.
type fake struct {
	t   testing.TB
	now func() time.Time

	mu       sync.Mutex
	channels []*fakeChannel
	faults   map[string][]fault // by method, taken one by one
	calls    []string           // what was asked, in order
	lastPost map[string]time.Time
	seq      int
}

type fakeChannel struct {
	id, name         string
	archived, member bool
	messages         []*fakeMessage // oldest first
}

type fakeMessage struct {
	TS       string          `json:"ts"`
	Text     string          `json:"text"`
	Blocks   json.RawMessage `json:"blocks"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
	ThreadTS string          `json:"thread_ts,omitempty"`
	SubType  string          `json:"subtype,omitempty"`
	edits    int
}

// fault is how one call goes wrong.
type fault struct {
	code       string // ok:false with this error
	status     int    // this status with a page of HTML
	retryAfter string // of a 429
	body       string // this body with status 200
	accept     bool   // the call takes effect all the same
	cut        bool   // the connection is reset instead of an answer
	dial       bool   // there is no connection at all
}

func newFake(t testing.TB, now func() time.Time) *fake {
	f := &fake{t: t, now: now, faults: map[string][]fault{}, lastPost: map[string]time.Time{}}
	f.channel("C0PAYMENTS", "payments")
	return f
}

func (f *fake) channel(id, name string) *fakeChannel {
	c := &fakeChannel{id: id, name: name, member: true}
	f.channels = append(f.channels, c)
	return c
}

func (f *fake) failNext(method string, faults ...fault) {
	f.faults[method] = append(f.faults[method], faults...)
}

func (f *fake) take(method string) fault {
	if l := f.faults[method]; len(l) > 0 {
		f.faults[method] = l[1:]
		return l[0]
	}
	return fault{}
}

// client is an HTTP client that reaches the fake without a network.
func (f *fake) client() *http.Client { return &http.Client{Transport: transport{f}} }

type transport struct{ f *fake }

func (tr transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	method := strings.TrimPrefix(req.URL.Path, "/api/")
	tr.f.mu.Lock()
	next := fault{}
	if l := tr.f.faults[method]; len(l) > 0 {
		next = l[0]
	}
	tr.f.mu.Unlock()
	if next.dial {
		tr.f.take(method)
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	rec := httptest.NewRecorder()
	tr.f.ServeHTTP(rec, req)
	if next.cut {
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}
	return rec.Result(), nil
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	body, err := io.ReadAll(r.Body)
	form, perr := url.ParseQuery(string(body))
	if r.Method != http.MethodPost || err != nil || perr != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		f.t.Errorf("%s %s: not a form that was posted: %v %v", r.Method, r.URL.Path, err, perr)
	}
	if _, ok := form["token"]; ok || strings.Contains(string(body), testToken) || strings.Contains(r.URL.String(), testToken) {
		f.t.Errorf("%s: the token stands outside the header", method)
	}
	ft := f.take(method)
	effect := func() any {
		if r.Header.Get("Authorization") != "Bearer "+testToken {
			return refusal("invalid_auth")
		}
		return f.answer(method, form)
	}
	plain := ft == fault{}
	var answer any
	if plain || ft.accept {
		answer = effect()
	}
	switch {
	case plain:
	case ft.retryAfter != "":
		w.Header().Set("Retry-After", ft.retryAfter)
		w.WriteHeader(http.StatusTooManyRequests)
		answer = refusal("ratelimited")
	case ft.status != 0:
		w.WriteHeader(ft.status)
		_, _ = io.WriteString(w, "<html>"+r.Header.Get("Authorization")+"</html>") // an answer may repeat anything
		return
	case ft.body != "":
		_, _ = io.WriteString(w, ft.body)
		return
	case ft.code != "":
		answer = refusal(ft.code)
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		f.t.Error(err)
	}
}

func refusal(code string) map[string]any { return map[string]any{"ok": false, "error": code} }

func (f *fake) answer(method string, form url.Values) any {
	f.calls = append(f.calls, method)
	switch method {
	case "chat.postMessage":
		return f.post(form)
	case "chat.update":
		return f.update(form)
	case "conversations.history":
		return f.history(form)
	case "conversations.list":
		return f.list(form)
	}
	f.t.Errorf("unknown method %q", method)
	return refusal("unknown_method")
}

// args fails the test for arguments that the method does not know.
func (f *fake) args(method string, form url.Values, known ...string) {
	for k := range form {
		if !slices.Contains(known, k) {
			f.t.Errorf("%s does not know %q", method, k)
		}
	}
}

func (f *fake) post(form url.Values) any {
	f.args("chat.postMessage", form, "channel", "text", "blocks", "metadata", "parse", "unfurl_links", "unfurl_media", "thread_ts", "reply_broadcast")
	i := slices.IndexFunc(f.channels, func(c *fakeChannel) bool {
		return c.id == form.Get("channel") || c.name == strings.TrimPrefix(form.Get("channel"), "#")
	})
	switch {
	case i < 0:
		return refusal("channel_not_found")
	case f.channels[i].archived:
		return refusal("is_archived")
	case !f.channels[i].member:
		return refusal("not_in_channel")
	}
	c := f.channels[i]
	if form.Get("unfurl_links") != "false" || form.Get("unfurl_media") != "false" {
		f.t.Error("a posted message may unfurl links")
	}
	if last, ok := f.lastPost[c.id]; ok && f.now().Sub(last) < time.Second {
		f.t.Errorf("two messages to #%s within %s", c.name, f.now().Sub(last))
	}
	f.lastPost[c.id] = f.now()
	if code := checkMessage(form); code != "" {
		return refusal(code)
	}
	m := &fakeMessage{Text: form.Get("text"), Blocks: json.RawMessage(form.Get("blocks")), Metadata: json.RawMessage(form.Get("metadata")), ThreadTS: form.Get("thread_ts")}
	if m.ThreadTS != "" {
		if !slices.ContainsFunc(c.messages, func(o *fakeMessage) bool { return o.TS == m.ThreadTS && o.ThreadTS == "" }) {
			return refusal("thread_not_found")
		}
		if form.Get("reply_broadcast") == "true" {
			m.SubType = "thread_broadcast"
		}
	}
	f.seq++
	m.TS = fmt.Sprintf("%d.%06d", f.now().Unix(), f.seq)
	c.messages = append(c.messages, m)
	return map[string]any{"ok": true, "channel": c.id, "ts": m.TS, "message": m}
}

func (f *fake) update(form url.Values) any {
	f.args("chat.update", form, "channel", "ts", "text", "blocks", "metadata", "parse")
	c := f.byID(form)
	if c == nil {
		return refusal("channel_not_found")
	}
	i := slices.IndexFunc(c.messages, func(m *fakeMessage) bool { return m.TS == form.Get("ts") })
	if i < 0 {
		return refusal("message_not_found")
	}
	if code := checkMessage(form); code != "" {
		return refusal(code)
	}
	m := c.messages[i]
	m.Text, m.Blocks, m.Metadata = form.Get("text"), json.RawMessage(form.Get("blocks")), json.RawMessage(form.Get("metadata"))
	m.edits++
	return map[string]any{"ok": true, "channel": c.id, "ts": m.TS, "text": m.Text}
}

// byID finds a channel by what every method but chat.postMessage insists on.
func (f *fake) byID(form url.Values) *fakeChannel {
	i := slices.IndexFunc(f.channels, func(c *fakeChannel) bool { return c.id == form.Get("channel") })
	if i < 0 {
		return nil
	}
	return f.channels[i]
}

// page cuts a list as Slack's cursors do.
func page[T any](all []T, form url.Values) (part []T, next string) {
	from, _ := strconv.Atoi(form.Get("cursor"))
	limit, err := strconv.Atoi(form.Get("limit"))
	if err != nil || limit < 1 {
		limit = 100
	}
	to := min(from+min(limit, 200), len(all))
	if to < len(all) {
		next = strconv.Itoa(to)
	}
	return all[min(from, len(all)):to], next
}

func (f *fake) history(form url.Values) any {
	f.args("conversations.history", form, "channel", "cursor", "inclusive", "latest", "limit", "oldest", "include_all_metadata")
	c := f.byID(form)
	switch {
	case c == nil:
		return refusal("channel_not_found")
	case !c.member:
		return refusal("not_in_channel")
	}
	var all []fakeMessage
	for _, m := range slices.Backward(c.messages) {
		if m.TS < form.Get("oldest") || m.ThreadTS != "" && m.SubType == "" {
			continue // plain replies are not part of the channel's history
		}
		out := *m
		if form.Get("include_all_metadata") != "1" {
			out.Metadata = nil
		}
		all = append(all, out)
	}
	part, next := page(all, form)
	return map[string]any{"ok": true, "messages": part, "has_more": next != "", "response_metadata": map[string]string{"next_cursor": next}}
}

func (f *fake) list(form url.Values) any {
	f.args("conversations.list", form, "cursor", "exclude_archived", "limit", "types")
	var all []map[string]any
	for _, c := range f.channels {
		if !c.archived || form.Get("exclude_archived") != "true" {
			all = append(all, map[string]any{"id": c.id, "name": c.name, "is_archived": c.archived, "is_member": c.member})
		}
	}
	part, next := page(all, form)
	return map[string]any{"ok": true, "channels": part, "response_metadata": map[string]string{"next_cursor": next}}
}

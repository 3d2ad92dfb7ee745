// Package slackdev is a page in front of slacktest's workspace: whoever opens it chooses a user, reads channels and threads
// as that user, presses buttons and submits modals. It is for demonstrations and for looking at messages, on loopback.
package slackdev

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/alert/slack/slacktest"
)

//go:embed page.html
var pageText string

//go:embed static
var static embed.FS

// Config is what a page needs.
type Config struct {
	Slack  *slacktest.Server
	Zone   *time.Location // of the times that are shown; nil is UTC
	Logger *slog.Logger
}

type page struct {
	s    *slacktest.Server
	zone *time.Location
	log  *slog.Logger
	tmpl *template.Template
}

// New is the page as a handler. Slack's own API is served beside it, below /api/ and where it points to.
func New(c Config) http.Handler {
	p := &page{s: c.Slack, zone: c.Zone, log: c.Logger}
	if p.zone == nil {
		p.zone = time.UTC
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	p.tmpl = template.Must(template.New("page").Funcs(template.FuncMap{
		"mrkdwn": mrkdwn, "hue": hue, "initials": initials,
		"with2": func(m message, b slacktest.Block) any {
			return struct {
				M message
				B *slacktest.Block
			}{m, &b}
		},
		"pair": func(m message, e slacktest.Element) any {
			return struct {
				M message
				E *slacktest.Element
			}{m, &e}
		},
	}).Parse(pageText))
	ui := http.NewServeMux()
	ui.HandleFunc("GET /{$}", p.show)
	ui.HandleFunc("POST /user", p.choose)
	ui.HandleFunc("POST /press", p.press)
	ui.HandleFunc("POST /submit", p.submit)
	ui.HandleFunc("POST /close", p.close)
	ui.HandleFunc("GET /events", p.events)
	ui.Handle("GET /static/", http.FileServerFS(static))
	ui.HandleFunc("GET /file/{id}", p.file)
	guard := http.NewCrossOriginProtection()
	mux := http.NewServeMux()
	for _, at := range []string{"/api/", "/upload/", "/respond/", "/socket"} {
		mux.Handle(at, c.Slack)
	}
	mux.Handle("/", guard.Handler(local(ui)))
	return mux
}

// local answers only requests that name a loopback host, so that no name of somebody else's resolves into the page, and
// sets what a browser has to know.
func local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		ip := net.ParseIP(strings.Trim(host, "[]"))
		if host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "this page is served on loopback only", http.StatusForbidden)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

const userCookie = "grantwatch_dev_user"

// me is the user of the cookie, or the first who is a person.
func (p *page) me(r *http.Request, users []*slacktest.User) *slacktest.User {
	want := ""
	if c, err := r.Cookie(userCookie); err == nil {
		want = c.Value
	}
	if q := r.URL.Query().Get("as"); q != "" {
		want = q
	}
	var first *slacktest.User
	for _, u := range users {
		if u.Bot {
			continue
		}
		if u.ID == want {
			return u
		}
		if first == nil {
			first = u
		}
	}
	return first
}

func (p *page) show(w http.ResponseWriter, r *http.Request) {
	var v view
	p.s.Read(func(channels []*slacktest.Channel, users []*slacktest.User) {
		v = p.view(r, channels, users)
	})
	if v.Me.ID != "" {
		for _, m := range p.s.Views(v.Me.ID) {
			v.Modal = p.modal(r.Context(), m, v.People)
		}
	}
	v.Problem, v.Still = r.URL.Query().Get("problem"), r.URL.Query().Has("still")
	var b bytes.Buffer
	if err := p.tmpl.Execute(&b, v); err != nil {
		p.log.Error("page", "error", err)
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes()) // a reader who has gone needs no answer
}

func (p *page) choose(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	http.SetCookie(w, &http.Cookie{Name: userCookie, Value: r.FormValue("user"), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode}) //nolint:gosec // on loopback, without TLS
	p.back(w, r, nil)
}

// user is who presses.
func (p *page) user(r *http.Request) string {
	var id string
	p.s.Read(func(_ []*slacktest.Channel, users []*slacktest.User) {
		if u := p.me(r, users); u != nil {
			id = u.ID
		}
	})
	return id
}

func (p *page) press(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	changes, stop := p.s.Watch()
	defer stop()
	ans, err := p.s.Press(r.Context(), slacktest.Press{User: p.user(r), Channel: r.FormValue("channel"), TS: r.FormValue("ts"), ActionID: r.FormValue("action"), Option: r.FormValue("option")})
	if err == nil && ans.Status != http.StatusOK {
		err = fmt.Errorf("the application answered with status %d", ans.Status)
	}
	if err == nil {
		settle(r.Context(), changes)
	}
	p.back(w, r, err)
}

// settle waits for what an answer brings about, so that the page that follows shows it.
func settle(ctx context.Context, changes <-chan struct{}) {
	t := time.NewTimer(1500 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			return
		case <-changes:
			t.Reset(400 * time.Millisecond)
		}
	}
}

func (p *page) submit(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 256<<10)
	if err := r.ParseForm(); err != nil {
		p.back(w, r, errors.New("the form could not be read"))
		return
	}
	id := r.PostForm.Get("view")
	mine := false
	for _, v := range p.s.Views(p.user(r)) {
		mine = mine || v.ID == id
	}
	if !mine {
		p.back(w, r, errors.New("this form is no longer open"))
		return
	}
	values := map[string]slacktest.Input{}
	for k, v := range r.PostForm {
		if block, ok := strings.CutPrefix(k, "in_"); ok && len(v) == 1 {
			values[block] = slacktest.Input{Value: strings.ReplaceAll(v[0], "\r\n", "\n")}
		}
	}
	changes, stop := p.s.Watch()
	defer stop()
	ans, err := p.s.Submit(r.Context(), id, values)
	if err == nil && ans.Status != http.StatusOK {
		err = fmt.Errorf("the application answered with status %d", ans.Status)
	}
	if err == nil {
		settle(r.Context(), changes)
	}
	p.back(w, r, err)
}

func (p *page) close(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	for _, v := range p.s.Views(p.user(r)) {
		p.s.CloseView(v.ID)
	}
	p.back(w, r, nil)
}

// back returns to where the form stood.
func (p *page) back(w http.ResponseWriter, r *http.Request, err error) {
	q := url.Values{}
	for _, k := range []string{"at", "thread"} {
		if v := r.FormValue(k); v != "" {
			q.Set(k, v)
		}
	}
	if err != nil {
		q.Set("problem", err.Error())
	}
	http.Redirect(w, r, "/?"+q.Encode(), http.StatusSeeOther)
}

// events tells a browser that something has changed.
func (p *page) events(w http.ResponseWriter, r *http.Request) {
	changes, stop := p.s.Watch()
	defer stop()
	w.Header().Set("Content-Type", "text/event-stream")
	rc := http.NewResponseController(w)
	_ = rc.SetWriteDeadline(time.Time{}) // a stream has no end
	for {
		if _, err := fmt.Fprint(w, "data: changed\n\n"); err != nil || rc.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-changes:
		}
	}
}

func (p *page) file(w http.ResponseWriter, r *http.Request) {
	var f *slacktest.File
	p.s.Read(func(channels []*slacktest.Channel, _ []*slacktest.User) {
		for _, c := range channels {
			for _, m := range c.Messages {
				for _, x := range m.Files {
					if x.ID == r.PathValue("id") {
						f = x
					}
				}
			}
		}
	})
	if f == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", "attachment")
	_, _ = w.Write(f.Body) // a reader who has gone needs no answer
}

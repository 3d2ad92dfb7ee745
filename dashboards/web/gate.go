package web

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/web/signin"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// everybody is whoever reaches a page without sign-in: on loopback, that is whoever is at the machine.
var everybody = signin.Reader{Scope: ledger.Everything}

// SignIn is how readers prove who they are. One of OIDC and Tokens is set, or both.
type SignIn struct {
	OIDC     *signin.OIDC
	Tokens   *signin.Tokens
	Sessions *signin.Sessions
	Secure   bool // browsers reach the page over TLS
}

// The cookies. The prefix __Host- holds a cookie to this host and to TLS; without TLS, on loopback, browsers refuse it.
func (s *SignIn) cookie(name, value string, keep time.Duration) *http.Cookie {
	c := &http.Cookie{Name: s.cookieName(name), Value: value, Path: "/", HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode, MaxAge: int(keep.Seconds())} //nolint:gosec // Secure wherever browsers reach the page over TLS; on loopback without it they would refuse the cookie
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

func (s *SignIn) cookieName(name string) string {
	if s.Secure {
		return "__Host-grantwatch-" + name
	}
	return "grantwatch-" + name
}

func (s *SignIn) read(r *http.Request, name string) string {
	if found := r.CookiesNamed(s.cookieName(name)); len(found) == 1 { // two of one name: somebody planted one
		return found[0].Value
	}
	return ""
}

func (s *SignIn) session(r *http.Request) *signin.Session { return s.Sessions.Of(s.read(r, "session")) }

// askFor sends whoever is not signed in to do so. Programs are told by the status.
func (s *SignIn) askFor(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Error(w, "sign in at /signin", http.StatusUnauthorized)
		return
	}
	http.Redirect(w, r, "/signin?to="+url.QueryEscape(local(r.URL.RequestURI())), http.StatusSeeOther)
}

type signInBody struct {
	OIDC, Tokens bool
	To           string
	Problem      string
	Who          string // who is signed in at the provider and may see nothing
	Out          bool   // was signed out just now
}

func signInPage(v *visit) {
	v.askAgain(http.StatusOK, &signInBody{To: local(v.r.URL.Query().Get("to"))})
}

func (v *visit) askAgain(status int, b *signInBody) {
	b.OIDC, b.Tokens = v.site.signIn.OIDC != nil, v.site.signIn.Tokens != nil
	p := v.page("signin", "Sign in", b)
	v.render(status, "signin", p)
}

// admit signs a reader in under a new key; whatever session the browser had ends.
func (v *visit) admit(r signin.Reader, until time.Time, to string) {
	in := v.site.signIn
	in.Sessions.End(in.read(v.r, "session"))
	key := in.Sessions.Begin(r, until)
	http.SetCookie(v.w, in.cookie("session", key, in.Sessions.Absolute))
	slog.Info("signed in to the page", "reader", r.ID, "from", v.from.String())
	http.Redirect(v.w, v.r, local(to), http.StatusSeeOther) //nolint:gosec // local leads nowhere but to this page
}

func signInToken(v *visit) {
	in := v.site.signIn
	if in.Tokens == nil {
		notFound(v)
		return
	}
	to := local(v.r.PostFormValue("to"))
	if wait := in.Tokens.Wait(v.from); wait > 0 {
		v.w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())+1))
		v.askAgain(http.StatusTooManyRequests, &signInBody{To: to, Problem: "Too many wrong tokens came from your address. Try again in " + strconv.Itoa(int(wait.Minutes())+1) + " minutes."})
		return
	}
	r, until, ok, err := in.Tokens.Check(v.from, strings.TrimSpace(v.r.PostFormValue("token")))
	if err != nil {
		slog.Error("tokens of the page", "error", err)
	}
	if !ok {
		slog.Warn("a wrong token for the page", "from", v.from.String())
		v.askAgain(http.StatusUnauthorized, &signInBody{To: to, Problem: "This token is not known, or it has expired."})
		return
	}
	v.admit(r, until, to)
}

// signInBegin is a link and no form: browsers hold the way on to the provider to the policy on forms.
func signInBegin(v *visit) {
	in := v.site.signIn
	if in.OIDC == nil {
		notFound(v)
		return
	}
	to := local(v.r.URL.Query().Get("to"))
	address, kept, err := in.OIDC.Begin(v.r.Context(), to)
	if err != nil {
		slog.Error("sign-in", "error", err)
		v.askAgain(http.StatusBadGateway, &signInBody{To: to, Problem: "The identity provider cannot be reached. The log says why."})
		return
	}
	http.SetCookie(v.w, in.cookie("begun", kept, 10*time.Minute))
	http.Redirect(v.w, v.r, address, http.StatusSeeOther) //nolint:gosec // the provider that the configuration names
}

func signInFinish(v *visit) {
	in := v.site.signIn
	if in.OIDC == nil {
		notFound(v)
		return
	}
	http.SetCookie(v.w, in.cookie("begun", "", 0))
	r, to, err := in.OIDC.Finish(v.r.Context(), v.r, in.read(v.r, "begun"))
	switch {
	case errors.Is(err, signin.ErrNobody):
		slog.Warn("signed in and may see nothing", "reader", r.ID)
		v.askAgain(http.StatusForbidden, &signInBody{To: to, Who: r.Name})
	case err != nil:
		slog.Warn("sign-in", "error", err, "from", v.from.String())
		v.askAgain(http.StatusForbidden, &signInBody{To: to, Problem: "You could not be signed in. Begin again; if it happens twice, the operator's log says why."})
	default:
		v.admit(r, time.Time{}, to)
	}
}

func signOut(v *visit) {
	in := v.site.signIn
	if in == nil {
		notFound(v)
		return
	}
	ses := in.session(v.r)
	if ses == nil || !ses.Ours(v.r.PostFormValue("form")) {
		http.Error(v.w, "this form does not come from a page of your session", http.StatusForbidden)
		return
	}
	in.Sessions.End(in.read(v.r, "session"))
	http.SetCookie(v.w, in.cookie("session", "", 0))
	v.askAgain(http.StatusOK, &signInBody{To: "/", Out: true})
}

// signedOut catches a reload of the page that signing out led to.
func signedOut(v *visit) { http.Redirect(v.w, v.r, "/", http.StatusSeeOther) }

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
	// Recheck is how often the identity provider is asked again whether it vouches for a reader, and with which groups.
	Recheck time.Duration
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

// askFor sends whoever is not signed in to do so, and past the page's own question when the provider alone has to say
// again who it is. Programs are told by the status.
func (s *SignIn) askFor(w http.ResponseWriter, r *http.Request, again bool) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Error(w, "sign in at /signin", http.StatusUnauthorized)
		return
	}
	door := "/signin?to="
	if again {
		door = "/signin/oidc?to="
	}
	http.Redirect(w, r, door+url.QueryEscape(local(r.URL.RequestURI())), http.StatusSeeOther)
}

type signInBody struct {
	OIDC, Tokens bool
	To           string
	Problem      string
	Who          string // who is signed in at the provider and may see nothing
	Out          bool   // was signed out just now
	There        string // the address at which the provider signs out too
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
func (v *visit) admit(ses signin.Session, to string) {
	in, r := v.site.signIn, ses.Reader
	in.Sessions.End(in.read(v.r, "session"))
	key, err := in.Sessions.Open(ses)
	if err != nil {
		slog.Error("sessions of the page", "error", err)
		v.askAgain(http.StatusInternalServerError, &signInBody{To: to, Problem: "Your session could not be kept. The operator's log says why."})
		return
	}
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
	given := strings.TrimSpace(v.r.PostFormValue("token"))
	r, until, ok, err := in.Tokens.Check(v.from, given)
	if err != nil {
		slog.Error("tokens of the page", "error", err)
	}
	if !ok {
		slog.Warn("a wrong token for the page", "from", v.from.String())
		v.askAgain(http.StatusUnauthorized, &signInBody{To: to, Problem: "This token is not known, or it has expired."})
		return
	}
	v.admit(signin.Session{Reader: r, Until: until, Proof: signin.Proof{Token: signin.HashOf(given)}}, to)
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
	r, proof, to, err := in.OIDC.Finish(v.r.Context(), v.r, in.read(v.r, "begun"))
	switch {
	case errors.Is(err, signin.ErrNobody):
		slog.Warn("signed in and may see nothing", "reader", r.ID)
		v.askAgain(http.StatusForbidden, &signInBody{To: to, Who: r.Name})
	case err != nil:
		slog.Warn("sign-in", "error", err, "from", v.from.String())
		v.askAgain(http.StatusForbidden, &signInBody{To: to, Problem: "You could not be signed in. Begin again; if it happens twice, the operator's log says why."})
	default:
		if !proof.Fits() {
			slog.Warn("the identity provider's token is too large to ask again with", "reader", r.ID)
			v.askAgain(http.StatusForbidden, &signInBody{To: to, Problem: "Your identity provider says more of you than can be kept here. The operator's log says so too."})
			return
		}
		v.admit(signin.Session{Reader: r, Proof: proof}, to)
	}
}

func signOut(v *visit) {
	in := v.site.signIn
	if in == nil {
		notFound(v)
		return
	}
	ses, _ := in.session(v.r)
	if ses == nil || !ses.Ours(v.r.PostFormValue("form")) {
		http.Error(v.w, "this form does not come from a page of your session", http.StatusForbidden)
		return
	}
	in.Sessions.End(in.read(v.r, "session"))
	http.SetCookie(v.w, in.cookie("session", "", 0))
	there := ""
	if in.OIDC != nil && ses.Proof.Subject != "" {
		there = in.OIDC.EndSession(v.r.Context(), ses.Proof)
	}
	if there != "" {
		// An answer to a form may not lead to another site by this page's own policy; the page that it shows may.
		v.w.Header().Set("Refresh", "0; url="+there)
	}
	v.askAgain(http.StatusOK, &signInBody{To: "/", Out: true, There: there})
}

// signedOut is where the provider sends browsers back to after it signed them out, and what a reload of the page shows that
// signing out led to.
func signedOut(v *visit) {
	if ses, _ := v.site.signIn.session(v.r); ses != nil {
		http.Redirect(v.w, v.r, "/", http.StatusSeeOther)
		return
	}
	v.askAgain(http.StatusOK, &signInBody{To: "/", Out: true})
}

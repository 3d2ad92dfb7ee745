package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/report/viewtest"
	"github.com/grantwatch/grantwatch/dashboards/web/signin"
	"github.com/grantwatch/grantwatch/dashboards/web/signin/providertest"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// house is a page over TLS behind both ways to sign in, with a clock of its own.
type house struct {
	*httptest.Server
	provider *providertest.Provider
	at       time.Time
	sessions *signin.Sessions
	view     *ledger.View
	evidence *kept

	tokens    *signin.Tokens
	tokenFile string
	groups    map[string][]string // that the configuration maps
}

const (
	paymentsToken = "token-of-payments-0123456789abcdef"
	adminToken    = "token-of-the-operator-0123456789abcd"
	boardToken    = "token-of-the-board-0123456789abcdef"
)

func mark(team string) string { return "⟦" + team + "⟧" }

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{at: time.Now().Truncate(time.Second), view: viewtest.Organisation(150)}
	now := func() time.Time { return h.at }
	h.provider = providertest.New(now)
	t.Cleanup(h.provider.Close)
	h.evidence = evidenceOf(h.view, mark)
	lines := ""
	for name, token := range map[string]string{"ana " + paymentsToken: "teams=payments", "ops " + adminToken: "teams=*", "board " + boardToken: "board"} {
		who, secret, _ := strings.Cut(name, " ")
		sum := sha256.Sum256([]byte(secret))
		lines += who + " sha256:" + hex.EncodeToString(sum[:]) + " " + token + "\n"
	}
	file := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	tokens, err := signin.NewTokens(file, func(string) bool { return true }, now)
	if err != nil {
		t.Fatal(err)
	}
	h.tokens, h.tokenFile = tokens, file
	slog.SetDefault(slog.New(slog.DiscardHandler))
	h.sessions = &signin.Sessions{Idle: time.Hour, Absolute: 12 * time.Hour, Now: now}
	h.Server = httptest.NewUnstartedServer(nil)
	h.StartTLS()
	t.Cleanup(h.Close)
	h.provider.Redirect = h.URL + "/signin/callback"
	oidc := signin.NewOIDC(signin.OIDCConfig{Issuer: h.provider.URL, ClientID: h.provider.ClientID, ClientSecret: func() (string, error) { return h.provider.Secret, nil }, RedirectURL: h.provider.Redirect,
		Groups: map[string][]string{"payments-owners": {"payments"}, "shop": {"storefront", "logistics"}}, Admins: []string{"soc"}, Board: []string{"governors"}, Now: now})
	h.Config.Handler = New(Config{View: func() *ledger.View { return h.view }, Evidence: h.evidence, Reports: reportFiles(), Way: signin.Way{TLS: true},
		SignIn: &SignIn{OIDC: oidc, Tokens: tokens, Sessions: h.sessions, Secure: true}})
	return h
}

// browser is a client that keeps cookies and follows redirects, as a browser does.
type browser struct {
	*http.Client
	h *house
	t *testing.T
}

func (h *house) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := h.Client()
	return &browser{&http.Client{Transport: c.Transport, Jar: jar}, h, t}
}

func (b *browser) do(method, path string, form url.Values, edit ...func(*http.Request)) (int, string) {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.h.URL+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for _, e := range edit {
		e(r)
	}
	resp, err := b.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func (b *browser) cookie() string {
	u, _ := url.Parse(b.h.URL)
	for _, c := range b.Jar.Cookies(u) {
		if c.Name == "__Host-grantwatch-session" {
			return c.Value
		}
	}
	return ""
}

func (b *browser) signedIn() bool {
	_, page := b.do("GET", "/", nil)
	return strings.Contains(page, "Signed in as")
}

func TestSignInAtTheProvider(t *testing.T) {
	h := newHouse(t)
	b := h.browser(t)
	if status, page := b.do("GET", "/teams?x=1", nil); status != http.StatusOK || !strings.Contains(page, `href="/signin/oidc?to=%2fteams%3fx%3d1"`) || strings.Contains(page, "payments") {
		t.Fatalf("%d %s", status, page)
	}
	h.provider.Is("u-1", map[string]any{"groups": []string{"payments-owners", "unknown"}, "email": "ana@harbour.example"})
	status, page := b.do("GET", "/signin/oidc?to=%2Fteams", nil)
	if status != http.StatusOK || !strings.Contains(page, "ana@harbour.example") || !strings.Contains(page, ">payments<") || strings.Contains(page, "storefront") {
		t.Fatalf("%d, and not the page of payments: %s", status, page)
	}
	if status, _ := b.do("GET", "/teams/storefront", nil); status != http.StatusNotFound {
		t.Errorf("another team's page: %d", status)
	}
	for path, want := range map[string]int{"/reports/": http.StatusForbidden, "/reports/2026-W47.html": http.StatusNotFound, "/findings.json": http.StatusOK} {
		if status, _ := b.do("GET", path, nil); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
	h.provider.Is("u-2", providertest.Groups("soc"))
	if _, page := b.do("GET", "/signin/oidc?to=/teams", nil); !strings.Contains(page, "storefront") || h.sessions.Count() != 1 {
		t.Errorf("signing in again does not replace the session: %d are open", h.sessions.Count())
	}
	h.provider.Is("u-3", providertest.Groups("governors"))
	if _, page := b.do("GET", "/signin/oidc?to=/reports/", nil); !strings.Contains(page, "2026-W47") {
		t.Error("the board does not see its reports")
	}
	if _, page := b.do("GET", "/findings", nil); strings.Contains(page, "data-row") {
		t.Error("the board sees findings of teams")
	}
	h.provider.Is("u-4", map[string]any{"groups": "nobodies", "name": "Zed <b>"})
	c := h.browser(t)
	if status, page := c.do("GET", "/signin/oidc", nil); status != http.StatusForbidden || !strings.Contains(page, "none of your groups is mapped") || !strings.Contains(page, "Zed &lt;b&gt;") || c.cookie() != "" {
		t.Errorf("somebody without a team: %d %s", status, page)
	}
}

func TestNoFalseTokenSignsAnybodyIn(t *testing.T) {
	h := newHouse(t)
	admin := providertest.Groups("soc")
	set := func(key string, value any) func(map[string]any) { return func(c map[string]any) { c[key] = value } }
	id, key := h.provider.Key()
	later := func(d time.Duration) int64 { return h.at.Add(d).Unix() }
	for name, lie := range map[string]struct {
		change func(map[string]any)
		sign   func([]byte) string
	}{
		"wrong nonce": {set("nonce", strings.Repeat("n", 43)), nil}, "no nonce": {set("nonce", ""), nil}, "wrong audience": {set("aud", "another"), nil},
		"two audiences": {set("aud", []string{h.provider.ClientID, "another"}), nil}, "made for another client": {set("azp", "another"), nil}, "no audience": {set("aud", []string{}), nil},
		"wrong issuer": {set("iss", "https://login.evil.example"), nil}, "expired": {set("exp", later(-time.Second)), nil}, "long expired": {set("exp", 1), nil}, "from the future": {set("iat", later(time.Hour)), nil},
		"not yet": {set("nbf", later(time.Hour)), nil}, "no subject": {set("sub", ""), nil}, "another access token": {set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), nil},
		"alg none": {nil, providertest.Unsigned}, "signed with the public key": {nil, h.provider.ByPublicKey}, "signed by a stranger": {nil, h.provider.Stranger}, "no token at all": {nil, func([]byte) string { return "" }},
		"not a token": {nil, func(p []byte) string { return string(p) }}, "the payload exchanged": {nil, func(p []byte) string {
			parts := strings.Split(providertest.Sign("ES256", key, id, []byte(`{}`)), ".")
			return parts[0] + "." + strings.Split(providertest.Unsigned(p), ".")[1] + "." + parts[2]
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h.provider.Is("u-1", admin)
			h.provider.Lie(lie.change, lie.sign)
			if lie.change == nil {
				h.provider.Lie(nil, lie.sign)
			}
			b := h.browser(t)
			status, page := b.do("GET", "/signin/oidc?to=/", nil)
			if status != http.StatusForbidden || b.cookie() != "" || b.signedIn() || strings.Contains(page, "Needs attention") {
				t.Errorf("%d: signed in", status)
			}
		})
	}
	h.provider.Is("u-1", admin)
	if b := h.browser(t); func() bool { b.do("GET", "/signin/oidc", nil); return !b.signedIn() }() {
		t.Error("an honest token does not sign in; the others prove nothing")
	}
}

func TestKeysRotate(t *testing.T) {
	h := newHouse(t)
	h.provider.Is("u-1", providertest.Groups("soc"))
	old := h.provider.Stranger // a key that is not published
	for _, keep := range []bool{true, false, false} {
		h.provider.Rotate(keep)
		if b := h.browser(t); func() bool { b.do("GET", "/signin/oidc", nil); return !b.signedIn() }() {
			t.Errorf("after the keys rotated (old ones kept: %v) nobody gets in", keep)
		}
	}
	id, key := h.provider.Key()
	h.provider.Rotate(false)
	h.provider.Lie(nil, func(p []byte) string { return providertest.Sign("ES256", key, id, p) })
	if b := h.browser(t); func() bool { b.do("GET", "/signin/oidc", nil); return b.signedIn() }() {
		t.Log("a key that was withdrawn a moment ago is still known: the library keeps keys until it meets an unknown one")
	}
	h.provider.Is("u-1", providertest.Groups("soc"))
	h.browser(t).do("GET", "/signin/oidc", nil) // meets the new key, and forgets the old
	h.provider.Lie(nil, func(p []byte) string { return providertest.Sign("ES256", key, id, p) })
	if b := h.browser(t); func() bool { b.do("GET", "/signin/oidc", nil); return b.signedIn() }() {
		t.Error("a withdrawn key signs in")
	}
	h.provider.Lie(nil, old)
	if b := h.browser(t); func() bool { b.do("GET", "/signin/oidc", nil); return b.signedIn() }() {
		t.Error("an unpublished key signs in")
	}
}

func TestAProviderThatPosesAsAnother(t *testing.T) {
	h := newHouse(t)
	h.provider.Pose("https://login.corp.example")
	if status, page := h.browser(t).do("GET", "/signin/oidc", nil); status != http.StatusBadGateway || strings.Contains(page, h.provider.URL) {
		t.Errorf("%d %s", status, page)
	}
}

func TestSignInsCannotBeCarriedOver(t *testing.T) {
	h := newHouse(t)
	h.provider.Is("u-1", providertest.Groups("soc"))
	stop := func(b *browser) (callback string) { // runs the sign-in up to the way back
		b.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			if r.URL.Path == "/signin/callback" {
				callback = r.URL.RequestURI()
				return http.ErrUseLastResponse
			}
			return nil
		}
		b.do("GET", "/signin/oidc?to=/", nil)
		b.CheckRedirect = nil
		return callback
	}
	victim, thief := h.browser(t), h.browser(t)
	link := stop(victim)
	if status, _ := thief.do("GET", link, nil); status != http.StatusForbidden || thief.signedIn() {
		t.Error("a browser that did not begin a sign-in finishes it")
	}
	ownLink := stop(thief)
	for name, l := range map[string]string{"another's state": link, "no state": strings.ReplaceAll(ownLink, "state=", "x="), "another issuer": regexp.MustCompile(`iss=[^&]*`).ReplaceAllString(ownLink, "iss=https%3A%2F%2Fevil.example"), "an error": ownLink + "&error=access_denied", "no code": strings.ReplaceAll(ownLink, "code=", "x=")} {
		fresh := h.browser(t)
		mine := stop(fresh)
		if name != "another's state" {
			state := regexp.MustCompile(`state=[^&]*`)
			l = state.ReplaceAllString(l, state.FindString(mine))
		}
		if fresh.do("GET", l, nil); fresh.signedIn() {
			t.Errorf("%s: signed in", name)
		}
	}
	u, _ := url.Parse(h.URL)
	begun := victim.Jar.Cookies(u)
	if status, _ := victim.do("GET", link, nil); status != http.StatusOK || !victim.signedIn() {
		t.Errorf("the one who began it cannot finish it: %d", status)
	}
	victim.Jar.SetCookies(u, begun)
	again := h.browser(t)
	again.Jar.SetCookies(u, begun)
	if again.do("GET", link, nil); again.signedIn() {
		t.Error("a sign-in is finished twice")
	}
	slow := h.browser(t)
	link = stop(slow)
	h.at = h.at.Add(11 * time.Minute)
	if slow.do("GET", link, nil); slow.signedIn() {
		t.Error("a sign-in that took eleven minutes is finished")
	}
}

func TestSignInByToken(t *testing.T) {
	h := newHouse(t)
	b := h.browser(t)
	form := func(token string) url.Values { return url.Values{"token": {token}, "to": {"/teams"}} }
	if status, page := b.do("POST", "/signin", form("wrong-wrong-wrong-wrong-wrong")); status != http.StatusUnauthorized || strings.Contains(page, "wrong-wrong") || b.signedIn() {
		t.Errorf("a wrong token: %d", status)
	}
	if status, page := b.do("POST", "/signin", form(" "+paymentsToken+"\n")); status != http.StatusOK || !strings.Contains(page, ">payments<") || strings.Contains(page, "storefront") {
		t.Errorf("the right token: %d", status)
	}
	key := b.cookie()
	if key == "" {
		t.Fatal("no session cookie")
	}
	if status, _ := b.do("POST", "/signin", form(adminToken)); status != http.StatusOK || b.cookie() == key || h.sessions.Of(key) != nil {
		t.Errorf("%d: the key of the session before is still good", status)
	}
	if status, _ := b.do("POST", "/signin", form(paymentsToken), func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }); status != http.StatusForbidden {
		t.Errorf("another site signs a reader in: %d", status)
	}
	for name, target := range map[string]string{"another site": "//evil.example", "with a backslash": `/\evil.example`, "absolute": "https://evil.example", "a line break": "/x\r\nSet-Cookie: a=b"} {
		b.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			if "https://"+r.URL.Host != h.URL || r.URL.Path != "/" {
				t.Errorf("%s leads to %s", name, r.URL)
			}
			return http.ErrUseLastResponse
		}
		b.do("POST", "/signin", url.Values{"token": {adminToken}, "to": {target}})
	}
	b.CheckRedirect = nil
	thief := h.browser(t)
	for range 10 {
		thief.do("POST", "/signin", form("guess-guess-guess-guess-guess"))
	}
	if status, _ := thief.do("POST", "/signin", form(adminToken)); status != http.StatusTooManyRequests {
		t.Errorf("after eleven wrong tokens: %d", status)
	}
	h.at = h.at.Add(10 * time.Minute)
	if status, _ := thief.do("POST", "/signin", form(adminToken)); status != http.StatusOK {
		t.Errorf("ten minutes later: %d", status)
	}
}

func TestSignOut(t *testing.T) {
	h := newHouse(t)
	b := h.browser(t)
	b.do("POST", "/signin", url.Values{"token": {adminToken}})
	_, page := b.do("GET", "/", nil)
	form := regexp.MustCompile(`name="form" value="([^"]+)"`).FindStringSubmatch(page)
	if form == nil {
		t.Fatal("the page has no form to sign out with")
	}
	for name, try := range map[string]func(*http.Request){"no header": func(r *http.Request) { r.Header.Del("Sec-Fetch-Site") }, "another site": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"another origin": func(r *http.Request) {
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set("Origin", "https://evil.example")
		}, "origin null": func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", "null") }} {
		if status, _ := b.do("POST", "/signout", url.Values{"form": {form[1]}}, try); status != http.StatusForbidden || !b.signedIn() {
			t.Errorf("%s: %d", name, status)
		}
	}
	for _, wrong := range []string{"", "x", form[1] + "x"} {
		if status, _ := b.do("POST", "/signout", url.Values{"form": {wrong}}); status != http.StatusForbidden || !b.signedIn() {
			t.Errorf("with the form %q: %d", wrong, status)
		}
	}
	key := b.cookie()
	if status, page := b.do("POST", "/signout", url.Values{"form": {form[1]}}, func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", h.URL) }); status != http.StatusOK || !strings.Contains(page, "You are signed out") {
		t.Errorf("signing out: %d", status)
	}
	if b.signedIn() || h.sessions.Of(key) != nil {
		t.Error("still signed in")
	}
}

func TestCookies(t *testing.T) {
	h := newHouse(t)
	b := h.browser(t)
	b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.URL+"/signin", strings.NewReader(url.Values{"token": {adminToken}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // nothing in it
	c := resp.Cookies()[0]
	if c.Name != "__Host-grantwatch-session" || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || len(c.Value) < 40 {
		t.Errorf("the session's cookie is %+v", c)
	}
	if resp.Header.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS over TLS")
	}
	// A second cookie of the name, planted from a sibling host, must not choose whose session it is.
	if status, _ := h.browser(t).do("GET", "/teams", nil, func(r *http.Request) {
		r.Header.Set("Cookie", "__Host-grantwatch-session="+c.Value+"; __Host-grantwatch-session=x")
		r.Header.Set("Accept", "application/json")
	}); status != http.StatusUnauthorized {
		t.Errorf("two cookies of one name: %d", status)
	}
}

func TestNothingIsToldBeforeSignIn(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/", "/findings", "/findings.csv", "/findings.json", "/findings/" + h.view.Findings[0].Fingerprint, "/teams", "/teams/payments", "/feeds", "/identities", "/identities?q=a", "/identities/x", "/rules", "/reports/", "/reports/2026-W47.html", "/nope", "/signin", "/signin/callback", "/signin/callback?code=x&state=y", "/signout"} {
		for _, accept := range []string{"text/html", "*/*"} {
			b := h.browser(t)
			status, page := b.do("GET", path, nil, func(r *http.Request) { r.Header.Set("Accept", accept) })
			for _, secret := range []string{"payments", "storefront", "W47", "⟦", "Evaluated 2026", "Needs attention"} {
				if path != "/teams/payments" && strings.Contains(page, secret) && !strings.Contains(path, secret) {
					t.Errorf("%s (%s) tells %q: %d", path, accept, secret, status)
				}
			}
		}
	}
	if n := len(h.evidence.asked); n > 0 {
		t.Errorf("the evidence was asked %d times for nobody", n)
	}
}

func TestAppearance(t *testing.T) {
	h := serve(viewtest.One())
	post := func(theme, back string, cookie string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/theme", strings.NewReader(url.Values{"theme": {theme}, "back": {back}}.Encode()))
		r.Host = "localhost:8080"
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	w := post("dark", "/findings?q=x", "")
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/findings?q=x" {
		t.Fatalf("%d to %s", w.Code, w.Header().Get("Location"))
	}
	cookies := w.Result().Cookies()
	if len(cookies) != 1 || cookies[0].Value != "dark" || !cookies[0].HttpOnly {
		t.Fatalf("%v", cookies)
	}
	page := ask(t, h, http.MethodGet, "/", func(r *http.Request) { r.AddCookie(cookies[0]) }).Body.String()
	if !strings.Contains(page, `<html lang="en" data-theme="dark">`) {
		t.Error("the choice is forgotten")
	}
	for _, bad := range []string{`"><script>`, "blue", ""} {
		if s := ask(t, h, http.MethodGet, "/", func(r *http.Request) { r.AddCookie(&http.Cookie{Name: themeCookie, Value: url.QueryEscape(bad)}) }).Body.String(); strings.Contains(s, "data-theme") {
			t.Errorf("the theme %q is taken", bad)
		}
	}
	if w := post("", "//evil.example", ""); w.Header().Get("Location") != "/" || w.Result().Cookies()[0].MaxAge >= 0 {
		t.Errorf("back to the system's: %v", w.Header())
	}
	css := string(assetData[assetNames["page.css"]].data)
	for _, want := range []string{"html[data-theme=dark] {", "html[data-theme=light] {"} {
		_, rest, ok := strings.Cut(css, want)
		block, _, _ := strings.Cut(rest, "}")
		if !ok || strings.Count(block, "--") < 30 {
			t.Errorf("%s has %d colours", want, strings.Count(block, "--"))
		}
	}
}

func TestLocalAddresses(t *testing.T) {
	for in, want := range map[string]string{"/a?b=c": "/a?b=c", "": "/", "//x": "/", "/\\x": "/", "http://x": "/", "/a\nb": "/", "x": "/", "/" + strings.Repeat("a", 3000): "/"} {
		if got := local(in); got != want {
			t.Errorf("local(%.20q) = %q", in, got)
		}
	}
	if slices.Contains(changing, "/findings") {
		t.Error(fmt.Sprint("findings are read only: ", changing))
	}
}

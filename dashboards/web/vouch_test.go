package web

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/web/signin"
	"github.com/grantwatch/grantwatch/dashboards/web/signin/providertest"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// inFolder lets a house keep its sessions in a folder, ask its provider every hour, and sign out there.
func (h *house) inFolder(t *testing.T, dir string) {
	t.Helper()
	folder, err := signin.NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return h.at }
	h.sessions = &signin.Sessions{Idle: 8 * time.Hour, Absolute: 24 * time.Hour, Now: now, Folder: folder}
	h.groups = map[string][]string{"payments-owners": {"payments"}, "shop": {"storefront", "logistics"}}
	oidc := signin.NewOIDC(signin.OIDCConfig{Issuer: h.provider.URL, ClientID: h.provider.ClientID, ClientSecret: func() (string, error) { return h.provider.Secret, nil }, RedirectURL: h.provider.Redirect,
		Groups: h.groups, Admins: []string{"soc"}, Board: []string{"governors"}, Now: now, Folder: folder, SignedOut: h.URL + "/signout"})
	h.Config.Handler = New(Config{View: func() *ledger.View { return h.view }, Evidence: h.evidence, Reports: reportFiles(), Way: signin.Way{TLS: true},
		SignIn: &SignIn{OIDC: oidc, Tokens: h.tokens, Sessions: h.sessions, Secure: true, Recheck: time.Hour}})
}

func TestSessionsOutliveTheProcess(t *testing.T) {
	h := newHouse(t)
	dir := filepath.Join(t.TempDir(), "sessions")
	h.inFolder(t, dir)
	h.provider.Is("u-1", providertest.Groups("payments-owners"))
	byProvider, byToken := h.browser(t), h.browser(t)
	byProvider.do("GET", "/signin/oidc", nil)
	byToken.do("POST", "/signin", url.Values{"token": {adminToken}})
	h.inFolder(t, dir) // a new process, and one beside the old
	if !byProvider.signedIn() || !byToken.signedIn() {
		t.Fatal("a restart signs readers out")
	}
	if _, page := byProvider.do("GET", "/teams", nil); !strings.Contains(page, ">payments<") || strings.Contains(page, "storefront") {
		t.Error("after a restart a reader sees something else")
	}
	old := h.Config.Handler
	h.inFolder(t, dir)
	_, page := byToken.do("GET", "/", nil)
	form := regexp.MustCompile(`name="form" value="([^"]+)"`).FindStringSubmatch(page)
	if status, _ := byToken.do("POST", "/signout", url.Values{"form": {form[1]}}); status != http.StatusOK {
		t.Errorf("signing out: %d", status)
	}
	h.Config.Handler = old
	if byToken.signedIn() {
		t.Error("whoever signed out in one process is signed in in the other")
	}
	// What lies in the folder is no key to anything, and says nobody's name.
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if info, _ := f.Info(); info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", f.Name(), info.Mode().Perm())
		}
		for _, word := range []string{"payments", "u-1", "rt-", "ops", byProvider.cookie()} {
			if strings.Contains(string(data), word) || strings.Contains(f.Name(), word) {
				t.Errorf("%s holds %q", f.Name(), word)
			}
		}
		thief := h.browser(t)
		if status, _ := thief.do("GET", "/teams", nil, func(r *http.Request) {
			r.Header.Set("Cookie", "__Host-grantwatch-session="+f.Name())
			r.Header.Set("Accept", "application/json")
		}); status != http.StatusUnauthorized {
			t.Errorf("the name of a file opens a session: %d", status)
		}
	}
}

func TestASignInMayBeFinishedByAnotherProcessAndOnce(t *testing.T) {
	h := newHouse(t)
	dir := filepath.Join(t.TempDir(), "sessions")
	h.inFolder(t, dir)
	h.provider.Is("u-1", providertest.Groups("soc"))
	b := h.browser(t)
	var callback string
	b.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/signin/callback" {
			callback = r.URL.RequestURI()
			return http.ErrUseLastResponse
		}
		return nil
	}
	b.do("GET", "/signin/oidc", nil)
	b.CheckRedirect = nil
	u, _ := url.Parse(h.URL)
	begun := b.Jar.Cookies(u)
	h.inFolder(t, dir)
	h.at = h.at.Add(5 * time.Second)
	if b.do("GET", callback, nil); !b.signedIn() {
		t.Fatal("another process cannot finish what the first began")
	}
	h.inFolder(t, dir)
	again := h.browser(t)
	again.Jar.SetCookies(u, begun)
	if again.do("GET", callback, nil); again.signedIn() {
		t.Error("a third process finishes it once more")
	}
}

func TestTheFileOfTokensAndTheMapDecideAtEveryRequest(t *testing.T) {
	h := newHouse(t)
	dir := filepath.Join(t.TempDir(), "sessions")
	h.inFolder(t, dir)
	b := h.browser(t)
	b.do("POST", "/signin", url.Values{"token": {paymentsToken}})
	sum := sha256.Sum256([]byte(paymentsToken))
	line := "ana sha256:" + hex.EncodeToString(sum[:])
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(h.tokenFile, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		h.at = h.at.Add(2 * time.Second)
	}
	write(line + " teams=storefront\n")
	if _, page := b.do("GET", "/teams", nil); !strings.Contains(page, "storefront") || strings.Contains(page, ">payments<") {
		t.Error("the file gives another team, and the session does not")
	}
	write("broken\n")
	if b.signedIn() {
		t.Error("a file that cannot be read lets somebody in")
	}
	write(line + " teams=storefront # again\n")
	write(line + " teams=storefront\n")
	if !b.signedIn() {
		t.Error("a session ended because the file was broken for a moment")
	}
	write("somebody sha256:" + strings.Repeat("ab", 32) + " teams=*\n")
	if b.signedIn() {
		t.Error("a token that was taken out of the file still reads")
	}
	h.provider.Is("u-1", providertest.Groups("shop"))
	c := h.browser(t)
	c.do("GET", "/signin/oidc", nil)
	h.inFolder(t, dir)
	h.groups["shop"] = []string{"logistics"} // the operator changed the configuration and started again
	if _, page := c.do("GET", "/teams", nil); strings.Contains(page, "storefront") || !strings.Contains(page, "logistics") {
		t.Error("a session shows what its group may not see any more")
	}
}

func TestTheProviderIsAskedAgain(t *testing.T) {
	sign := func(t *testing.T, quiet ...string) (*house, *browser) {
		h := newHouse(t)
		h.inFolder(t, filepath.Join(t.TempDir(), "sessions"))
		h.provider.Quiet(quiet...)
		h.provider.Is("u-1", providertest.Groups("soc"))
		b := h.browser(t)
		b.do("GET", "/signin/oidc", nil)
		if !b.signedIn() {
			t.Fatal("nobody is signed in")
		}
		return h, b
	}
	narrowed := func(t *testing.T, b *browser) {
		t.Helper()
		if _, page := b.do("GET", "/teams", nil); strings.Contains(page, "storefront") || !strings.Contains(page, ">payments<") {
			t.Error("the groups changed, and what is seen did not")
		}
	}
	t.Run("groups change", func(t *testing.T) {
		h, b := sign(t)
		h.provider.Is("u-1", providertest.Groups("payments-owners"))
		h.at = h.at.Add(59 * time.Minute)
		if _, page := b.do("GET", "/teams", nil); !strings.Contains(page, "storefront") || h.provider.Asked() != 0 {
			t.Error("it was asked before its time")
		}
		h.at = h.at.Add(time.Minute)
		narrowed(t, b)
		h.at = h.at.Add(61 * time.Minute)
		h.provider.Is("u-1", providertest.Groups("strangers"))
		if b.signedIn() {
			t.Error("who is in no group any more still reads")
		}
	})
	t.Run("without a new id token", func(t *testing.T) {
		h, b := sign(t)
		h.provider.Quiet("idToken")
		h.provider.Is("u-1", providertest.Groups("payments-owners"))
		h.at = h.at.Add(time.Hour)
		narrowed(t, b)
	})
	t.Run("account disabled", func(t *testing.T) {
		h, b := sign(t)
		h.provider.Quiet("disabled")
		h.at = h.at.Add(time.Hour)
		if b.signedIn() {
			t.Error("a disabled account still reads")
		}
	})
	t.Run("somebody else's token", func(t *testing.T) {
		for name, lie := range map[string]func(map[string]any){
			"subject": func(c map[string]any) { c["sub"] = "u-2" }, "audience": func(c map[string]any) { c["aud"] = "another" }, "issuer": func(c map[string]any) { c["iss"] = "https://login.evil.example" },
			"expired": func(c map[string]any) { c["exp"] = 1 }, "another client's": func(c map[string]any) { c["azp"] = "another" },
		} {
			h, b := sign(t)
			h.provider.Lie(lie, nil)
			h.at = h.at.Add(time.Hour)
			if b.signedIn() {
				t.Errorf("%s: still signed in", name)
			}
		}
		h, b := sign(t)
		h.provider.Quiet("idToken")
		h.provider.Lie(func(c map[string]any) { c["sub"] = "u-2" }, nil)
		h.at = h.at.Add(time.Hour)
		if b.signedIn() {
			t.Error("the information of somebody else is taken")
		}
	})
	t.Run("many requests ask once", func(t *testing.T) {
		h, b := sign(t)
		h.at = h.at.Add(time.Hour)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if status, _ := b.do("GET", "/teams", nil); status != http.StatusOK {
					t.Errorf("status %d", status)
				}
			})
		}
		all.Wait()
		if !b.signedIn() || h.provider.Asked() != 1 {
			t.Errorf("asked %d times", h.provider.Asked())
		}
	})
	t.Run("it does not answer", func(t *testing.T) {
		h, b := sign(t)
		h.provider.Quiet("down")
		h.at = h.at.Add(time.Hour)
		if !b.signedIn() {
			t.Error("an outage of the provider signs readers out at once")
		}
		h.at = h.at.Add(59 * time.Minute)
		if !b.signedIn() {
			t.Error("and before the grace has ended")
		}
		h.at = h.at.Add(time.Minute)
		if b.signedIn() {
			t.Error("nobody has vouched for this reader for two hours")
		}
		h, b = sign(t)
		h.provider.Quiet("down")
		h.at = h.at.Add(time.Hour)
		b.signedIn()
		h.provider.Quiet()
		h.provider.Is("u-1", providertest.Groups("payments-owners"))
		h.at = h.at.Add(2 * time.Minute)
		narrowed(t, b)
	})
	t.Run("without refresh tokens the browser goes there", func(t *testing.T) {
		h, b := sign(t, "refresh")
		key := b.cookie()
		h.provider.Is("u-1", providertest.Groups("payments-owners"))
		h.at = h.at.Add(time.Hour)
		narrowed(t, b) // by way of the provider, which still knows the browser
		if b.cookie() == key {
			t.Error("the session goes on under the old key")
		}
		h.at = h.at.Add(time.Hour)
		if status, _ := b.do("GET", "/findings.json", nil, func(r *http.Request) { r.Header.Set("Accept", "application/json") }); status != http.StatusUnauthorized {
			t.Errorf("a program is sent to the provider: %d", status)
		}
	})
}

func TestSigningOutAtTheProvider(t *testing.T) {
	h := newHouse(t)
	h.inFolder(t, filepath.Join(t.TempDir(), "sessions"))
	out := func(b *browser) (*http.Response, string) {
		t.Helper()
		_, page := b.do("GET", "/", nil)
		form := regexp.MustCompile(`name="form" value="([^"]+)"`).FindStringSubmatch(page)
		if form == nil {
			t.Fatal("nobody is signed in")
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.URL+"/signout", strings.NewReader(url.Values{"form": {form[1]}}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		resp, err := b.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return resp, body(t, resp)
	}
	h.provider.Is("u-1", providertest.Groups("soc"))
	b := h.browser(t)
	b.do("GET", "/signin/oidc", nil)
	resp, page := out(b)
	there, ok := strings.CutPrefix(resp.Header.Get("Refresh"), "0; url=")
	if !ok || !strings.HasPrefix(there, h.provider.URL+"/logout?") || !strings.Contains(html.UnescapeString(page), there) {
		t.Fatalf("the browser is not sent to the provider: %q\n%s", resp.Header.Get("Refresh"), page)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, there, nil)
	if err != nil {
		t.Fatal(err)
	}
	back, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if page := body(t, back); back.Request.URL.Path != "/signout" || !strings.Contains(page, "You are signed out") || back.Header.Get("Refresh") != "" {
		t.Errorf("the provider sends back to %s: %s", back.Request.URL, page)
	}
	if gone := h.provider.SignedOut(); len(gone) != 1 || gone[0] != "u-1" || b.signedIn() {
		t.Errorf("signed out there: %v", gone)
	}
	// A reader by token has nobody to be signed out at; a provider that publishes no way is asked nothing.
	b.do("POST", "/signin", url.Values{"token": {adminToken}})
	if resp, _ := out(b); resp.Header.Get("Refresh") != "" {
		t.Error("a reader by token is sent to the provider")
	}
	h.provider.Quiet("endless")
	h.inFolder(t, filepath.Join(t.TempDir(), "others"))
	b.do("GET", "/signin/oidc", nil)
	if resp, page := out(b); resp.Header.Get("Refresh") != "" || !strings.Contains(page, "you may still be signed in") {
		t.Error("sent to an address that the provider does not publish")
	}
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return string(data)
}

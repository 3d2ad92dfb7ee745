//go:build browser

package browser

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/grantwatch/grantwatch/dashboards/report/viewtest"
	"github.com/grantwatch/grantwatch/dashboards/web"
	"github.com/grantwatch/grantwatch/dashboards/web/signin"
	"github.com/grantwatch/grantwatch/dashboards/web/signin/providertest"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// kept are the pages whose pictures the documentation shows, by the file that each is kept as.
var kept = map[string]string{"overview": "page", "findings": "findings", "finding-blind": "finding", "identity": "identity", "coverage": "feeds", "teams": "teams"}

// TestEveryPage looks at every page in light and dark, wide and narrow, and on paper: nothing for axe to say, no complaint
// of the browser, nothing that the content policy had to refuse, nothing that stands out.
func TestEveryPage(t *testing.T) {
	d := serve(t)
	b := open(t)
	for _, l := range d.pages(t) {
		t.Run(l.name, func(t *testing.T) {
			b.t = t
			for _, scheme := range []string{"light", "dark"} {
				b.look(1280, 1000, scheme, "")
				b.to(d.url + l.path)
				b.accessible(l.path + " " + scheme)
				if w := b.wide(); len(w) > 0 {
					t.Errorf("%s stands out: %v", l.path, w)
				}
				b.keep(l.name, scheme, "")
			}
			b.look(400, 800, "light", "")
			b.to(d.url + l.path)
			b.accessible(l.path + " narrow")
			if w := b.wide(); len(w) > 0 {
				t.Errorf("%s stands out at 400 px: %v", l.path, w)
			}
			b.keep(l.name, "light", "narrow")
			b.look(718, 1000, "dark", "print") // the width of A4 within its margins
			if w := b.wide(); len(w) > 0 {
				t.Errorf("%s stands out on paper: %v", l.path, w)
			}
			if bg := ask[string](b, `getComputedStyle(document.documentElement).backgroundColor`); bg != "rgb(255, 255, 255)" {
				t.Errorf("%s prints on %s", l.path, bg)
			}
			b.keep(l.name, "light", "print")
			if pdf := b.pdf(); !bytes.HasPrefix(pdf, []byte("%PDF")) || len(pdf) < 5000 {
				t.Errorf("%s prints as %d bytes", l.path, len(pdf))
			}
			b.quiet(l.path)
		})
	}
}

// keep keeps a picture: of some pages for the documentation, of all of them where GRANTWATCH_LOOK names a folder.
func (b *tab) keep(name, scheme, form string) {
	b.t.Helper()
	if all := os.Getenv("GRANTWATCH_LOOK"); all != "" {
		b.picture(filepath.Join(all, strings.Join([]string{name, scheme, form}, "-")+".png"), true)
	}
	file := kept[name]
	if *pictures == "" || file == "" || form == "print" {
		return
	}
	switch {
	case form == "narrow" && name == "overview":
		file += "-narrow"
	case form == "narrow", scheme == "dark" && name != "overview" && name != "identity":
		return
	case scheme == "dark":
		file += "-dark"
	}
	b.picture(filepath.Join(*pictures, file+".png"), false)
}

// TestWhatIsHardToDraw does the same for pages with no data, one row, hostile rows and very many.
func TestWhatIsHardToDraw(t *testing.T) {
	b := open(t)
	for name, v := range map[string]*ledger.View{"none": nil, "empty": viewtest.Empty(), "one": viewtest.One(), "hostile": viewtest.Hostile(), "many": viewtest.Organisation(20_000)} {
		srv := httptest.NewServer(web.New(web.Config{View: func() *ledger.View { return v }, Title: "Harbour " + viewtest.Script}))
		defer srv.Close()
		paths := []string{"/", "/findings", "/teams", "/feeds", "/rules", "/identities", "/reports/"}
		if v != nil && len(v.Findings) > 0 {
			paths = append(paths, "/findings/"+v.Findings[0].Fingerprint, "/findings/"+v.Findings[len(v.Findings)-1].Fingerprint)
		}
		for _, p := range paths {
			t.Run(name+p, func(t *testing.T) {
				b.t = t
				for _, width := range []int64{1280, 400} {
					b.look(width, 900, "dark", "")
					b.to(srv.URL + p)
					b.accessible(name + p)
					if w := b.wide(); len(w) > 0 {
						t.Errorf("stands out at %d px: %v", width, w)
					}
				}
				if ask[bool](b, `typeof gw !== "undefined"`) {
					t.Error("something hostile ran")
				}
				b.quiet(name + p)
			})
		}
	}
}

// TestSignIn looks at the page that comes before all others, signs in by token, and out again.
func TestSignIn(t *testing.T) {
	const token = "token-of-the-browser-test-0123456789"
	sum := sha256.Sum256([]byte(token))
	file := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(file, []byte("ana sha256:"+hex.EncodeToString(sum[:])+" teams=payments\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tokens, err := signin.NewTokens(file, func(string) bool { return true }, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	v := viewtest.Organisation(80)
	oidc := signin.NewOIDC(signin.OIDCConfig{Issuer: "https://login.example", ClientID: "x", Now: time.Now})
	srv := httptest.NewServer(web.New(web.Config{View: func() *ledger.View { return v }, SignIn: &web.SignIn{OIDC: oidc, Tokens: tokens, Sessions: &signin.Sessions{Idle: time.Hour, Absolute: time.Hour, Now: time.Now}}}))
	defer srv.Close()
	b := open(t)
	for _, scheme := range []string{"light", "dark"} {
		b.look(1280, 900, scheme, "")
		b.to(srv.URL + "/teams")
		b.accessible("/signin " + scheme)
		b.keep("signin", scheme, "")
		if scheme == "light" && *pictures != "" {
			b.picture(filepath.Join(*pictures, "signin.png"), false)
		}
	}
	b.run(chromedp.Click("details summary"), chromedp.SendKeys("#token", "not the token\r"), chromedp.WaitVisible(".problem"))
	b.accessible("/signin after a wrong token")
	b.run(chromedp.SendKeys("#token", token+"\r"), chromedp.WaitVisible(".who-am-i"))
	if text := ask[string](b, `location.pathname + document.body.innerText`); !strings.HasPrefix(text, "/teams") || !strings.Contains(text, "payments") || strings.Contains(text, "storefront") {
		t.Error("not the page of payments")
	}
	b.accessible("signed in")
	b.run(chromedp.Click(".who-am-i button"), chromedp.WaitVisible(".door"))
	if text := ask[string](b, `document.body.innerText`); !strings.Contains(text, "You are signed out") {
		t.Errorf("after signing out: %s", text)
	}
	b.quiet("signing in")
}

// TestSignOutAtTheProvider signs in and out at an identity provider, as a browser that holds to the page's policy lets it.
func TestSignOutAtTheProvider(t *testing.T) {
	provider := providertest.New(time.Now)
	defer provider.Close()
	v := viewtest.Organisation(80)
	srv := httptest.NewUnstartedServer(nil)
	srv.Start()
	defer srv.Close()
	provider.Redirect = srv.URL + "/signin/callback"
	provider.Is("u-1", providertest.Groups("payments-owners"))
	oidc := signin.NewOIDC(signin.OIDCConfig{Issuer: provider.URL, ClientID: provider.ClientID, ClientSecret: func() (string, error) { return provider.Secret, nil }, RedirectURL: provider.Redirect,
		Groups: map[string][]string{"payments-owners": {"payments"}}, SignedOut: srv.URL + "/signout", Now: time.Now})
	folder, err := signin.NewFolder(filepath.Join(t.TempDir(), "sessions"))
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = web.New(web.Config{View: func() *ledger.View { return v }, SignIn: &web.SignIn{OIDC: oidc, Recheck: time.Hour, Sessions: &signin.Sessions{Idle: time.Hour, Absolute: time.Hour, Now: time.Now, Folder: folder}}})
	b := open(t)
	b.look(1280, 900, "light", "")
	b.to(srv.URL + "/teams")
	b.run(chromedp.Click("a.button"), chromedp.WaitVisible(".who-am-i"))
	if text := ask[string](b, `location.pathname + document.body.innerText`); !strings.HasPrefix(text, "/teams") || strings.Contains(text, "storefront") {
		t.Error("not the page of payments")
	}
	// The page that says so leads to the provider at once, and the provider back.
	b.run(chromedp.Click(".who-am-i button"))
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for len(provider.SignedOut()) == 0 {
		select {
		case <-b.Done():
			t.Fatal("nobody is signed out at the provider")
		case <-tick.C:
		}
	}
	b.run(chromedp.WaitVisible(".door p:last-of-type .button"))
	if text := ask[string](b, `document.body.innerText`); !strings.Contains(text, "You are signed out") {
		t.Errorf("after signing out: %s", text)
	}
	if gone := provider.SignedOut(); len(gone) != 1 || gone[0] != "u-1" {
		t.Errorf("signed out at the provider: %v", gone)
	}
	b.accessible("signed out")
	b.quiet("signing out at the provider")
}

// TestKeyboard walks the page without a mouse.
func TestKeyboard(t *testing.T) {
	d := serve(t)
	b := open(t)
	b.look(1280, 900, "light", "")
	b.to(d.url + "/findings")
	b.key("\t")
	if f := b.focus(); f != "A.skip" {
		t.Errorf("the first stop is %s", f)
	}
	b.key("\r")
	if f := b.focus(); f != "MAIN#main" {
		t.Errorf("the skip link leads to %s", f)
	}
	b.key("j", "j")
	second := ask[string](b, `document.activeElement.getAttribute("href")`)
	b.key("k", "j")
	if again := ask[string](b, `document.activeElement.getAttribute("href")`); again != second || !strings.HasPrefix(second, "/findings/") {
		t.Errorf("j and k lead to %s and %s", second, again)
	}
	if visible := ask[bool](b, `(r => r.top >= 0 && r.bottom <= innerHeight)(document.activeElement.getBoundingClientRect())`); !visible {
		t.Error("the row that has the focus is out of sight")
	}
	b.key("/")
	if f := b.focus(); f != "INPUT#q" {
		t.Errorf("/ leads to %s", f)
	}
	b.key("j", "/")
	if q := ask[string](b, `document.getElementById("q").value`); q != "j/" {
		t.Errorf("in the search, keys write %q", q)
	}
	b.key("\x1b", "g")
	if f := b.focus(); f != "MAIN#main" {
		t.Errorf("g leads to %s", f)
	}
	b.key("j", "\r")
	b.run(chromedp.WaitVisible("#why"))
	// Everything that can be clicked can be reached with Tab, and shows that it has the focus.
	want := ask[int](b, `[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary, [tabindex='0']")].filter(e => e.offsetParent !== null || e.className === "skip").length`)
	b.run(chromedp.Evaluate(`document.activeElement.blur(); window.scrollTo(0, 0); window.seen = new Set(); true`, nil))
	b.to(d.url + ask[string](b, `location.pathname`))
	b.run(chromedp.Evaluate(`window.seen = new Set(); true`, nil))
	for range want + 5 {
		b.key("\t")
		if !ask[bool](b, `(e => { if (e === document.body || e === document.documentElement) return true; window.seen.add(e); const s = getComputedStyle(e); return s.outlineStyle !== "none" || s.boxShadow !== "none" || e.tagName === "INPUT"; })(document.activeElement)`) {
			t.Errorf("%s does not show that it has the focus", b.focus())
		}
	}
	if got := ask[int](b, `window.seen.size`); got < want {
		t.Errorf("%d of %d stops are reached with Tab", got, want)
	}
	b.quiet("keyboard")
}

// TestWithoutScripts does with scripts turned off what the page is for.
func TestWithoutScripts(t *testing.T) {
	d := serve(t)
	b := open(t)
	b.look(1280, 900, "light", "")
	b.run(emulation.SetScriptExecutionDisabled(true))
	b.to(d.url + "/findings")
	b.run(chromedp.SendKeys(".filter input[name=q]", "unused\r"), chromedp.WaitVisible(".rows"))
	var address string
	b.run(chromedp.Location(&address))
	if !strings.Contains(address, "q=unused") {
		t.Errorf("the filter leads to %s", address)
	}
	b.run(chromedp.Click(".rows a.what"), chromedp.WaitVisible("#why"))
	b.run(chromedp.Click(`.theme button[value=dark]`), chromedp.WaitVisible(`html[data-theme=dark] #why`))
	var colour string
	b.run(chromedp.Evaluate(`getComputedStyle(document.documentElement).backgroundColor`, &colour))
	if colour == "rgb(246, 247, 248)" {
		t.Error("dark was chosen and the page is light")
	}
	b.to(d.url + "/teams")
	b.run(chromedp.WaitVisible(`html[data-theme=dark] .rows`), chromedp.Click(`.theme button[value=""]`), chromedp.WaitVisible(`html:not([data-theme]) .rows`))
	b.quiet("without scripts")
}

// TestAppearanceHolds chooses dark on a light system and light on a dark one, and looks at the contrast of both.
func TestAppearanceHolds(t *testing.T) {
	d := serve(t)
	b := open(t)
	for choice, system := range map[string]string{"dark": "light", "light": "dark"} {
		b.look(1280, 900, system, "")
		b.to(d.url + "/")
		b.run(chromedp.Click(`.theme button[value=`+choice+`]`), chromedp.WaitVisible(`html[data-theme=`+choice+`]`))
		b.accessible("/ " + choice + " on a " + system + " system")
		b.to(d.url + "/feeds")
		b.accessible("/feeds " + choice + " on a " + system + " system")
		if pressed := ask[string](b, `document.querySelector(".theme [aria-pressed=true]").value`); pressed != choice {
			t.Errorf("%s was chosen, %q is pressed", choice, pressed)
		}
	}
	b.quiet("appearance")
}

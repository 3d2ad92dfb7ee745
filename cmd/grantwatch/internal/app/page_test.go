package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/dashboards/web"
	"github.com/grantwatch/grantwatch/dashboards/web/signin"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/ingest/policy"
)

// pageOf evaluates the quickstart organisation and serves its page to readers with tokens.
func pageOf(t *testing.T) (*App, http.Handler, *ledger.View) {
	t.Helper()
	cfg, err := config.Load("../../../../examples/quickstart/grantwatch.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	tokens := filepath.Join(t.TempDir(), "tokens")
	lines := ""
	for _, team := range []string{"payments", "platform", "people", "*"} {
		sum := sha256.Sum256([]byte(tokenOf(team)))
		lines += "reader-" + team + " sha256:" + hex.EncodeToString(sum[:]) + " teams=" + team + "\n"
	}
	if err := os.WriteFile(tokens, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.Page.TokenFile, cfg.Page.Title = tokens, "Quickstart"
	now := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	a, err := Open(t.Context(), Options{Config: cfg, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	_, v, err := a.Once(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	c, err := a.PageConfig("127.0.0.1:0", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	c.View = func() *ledger.View { return v }
	return a, web.New(c), v
}

func tokenOf(team string) string { return "quickstart-token-of-" + team + "-0123456789" }

// reader signs in by token and gives what pages say.
func reader(t *testing.T, h http.Handler, team string) func(path string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/signin", strings.NewReader(url.Values{"token": {tokenOf(team)}}.Encode()))
	r.Host = "localhost"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	cookies := w.Result().Cookies()
	if w.Code != http.StatusSeeOther || len(cookies) != 1 {
		t.Fatalf("signing in as %s: %d %s", team, w.Code, w.Body)
	}
	return func(path string) (int, string) {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = "localhost"
		r.Header.Set("Accept", "text/html")
		r.AddCookie(cookies[0])
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
}

// TestThePageOfARealOrganisation goes the whole way: files, engine, evaluation, store, page. Every identity opens for who
// sees everything, with its grants, acts and findings; and for a team it shows no grant, act or finding of another.
func TestThePageOfARealOrganisation(t *testing.T) {
	a, h, v := pageOf(t)
	all := reader(t, h, "*")
	known, total := a.Evidence().Roster().Search(ledger.Everything.Sees, "", 1000)
	if total < 10 {
		t.Fatalf("%d identities", total)
	}
	grants, events, issued := 0, 0, 0
	for _, k := range known {
		code, page := all("/identities/" + url.PathEscape(k.UID))
		if code != http.StatusOK || strings.Contains(page, "did not answer") {
			t.Errorf("%s: %d", k.UID, code)
		}
		life, err := a.Evidence().Life(t.Context(), ledger.Everything, k)
		if err != nil {
			t.Fatal(err)
		}
		grants, events = grants+len(life.Grants), events+len(life.Events)
		for _, n := range k.Names {
			if n.IssuedBy != "" {
				issued++
			}
		}
		for i := 1; i < len(life.Events); i++ {
			if life.Events[i].Event.Time.After(life.Events[i-1].Event.Time) {
				t.Errorf("%s: events are not newest first", k.UID)
			}
		}
		for _, team := range []string{"payments", "platform", "people"} {
			s := ledger.TeamScope(team)
			life, err := a.Evidence().Life(t.Context(), s, k)
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range life.Grants {
				if g.Team != team {
					t.Errorf("%s is shown a grant of %s", team, g.Team)
				}
			}
			for _, e := range life.Events {
				if e.Team != team {
					t.Errorf("%s is shown an event of %s", team, e.Team)
				}
			}
			if slices.ContainsFunc(life.Uses, func(u access.Usage) bool { return u.Team != team }) {
				t.Errorf("%s is shown uses of another team", team)
			}
		}
	}
	if grants < 10 || events < 10 {
		t.Errorf("%d grants and %d events on %d pages: too few were shown for this to prove anything", grants, events, total)
	}
	t.Logf("%d identities, %d grants, %d events, %d names with an issuer", total, grants, events, issued)
	for _, team := range []string{"payments", "platform", "people"} {
		see := reader(t, h, team)
		for i := range v.Findings {
			f := &v.Findings[i]
			code, page := see("/findings/" + f.Fingerprint)
			if want := map[bool]int{true: http.StatusOK, false: http.StatusNotFound}[f.Team == team]; code != want {
				t.Errorf("%s asks for a finding of %q: %d, want %d", team, f.Team, code, want)
			}
			if code == http.StatusOK && !strings.Contains(page, `<ol class="steps">`) {
				t.Errorf("the history of %s is not shown", f.Fingerprint)
			}
		}
	}
}

func TestThePageNeedsSignInBeyondLoopback(t *testing.T) {
	a := &App{Cfg: &config.Config{}}
	if _, err := a.PageConfig("0.0.0.0:8420", time.Now); err == nil || !strings.Contains(err.Error(), "not a loopback address") {
		t.Errorf("%v", err)
	}
	if c, err := a.PageConfig("127.0.0.1:8420", time.Now); err != nil || c.SignIn != nil {
		t.Errorf("%+v, %v", c.SignIn, err)
	}
}

// certificate writes one for localhost, and gives its serial number.
func certificate(t *testing.T, dir string, serial int64, at time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(serial), NotBefore: at.Add(-time.Hour), NotAfter: at.Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: raw}} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCertificatesAreRenewedWithoutRestart(t *testing.T) {
	dir, at := t.TempDir(), time.Now().Truncate(time.Second)
	certificate(t, dir, 1, at)
	said := 0
	a := &App{Cfg: &config.Config{Dir: dir, Page: config.Page{TLS: &config.PageTLS{CertFile: "cert.pem", KeyFile: "key.pem"}}}, Notice: func(string, ...any) { said++ }}
	tc, err := a.PageTLS()
	if err != nil {
		t.Fatal(err)
	}
	serial := func() int64 {
		c, err := tc.GetCertificate(&tls.ClientHelloInfo{})
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(c.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return leaf.SerialNumber.Int64()
	}
	if n := serial(); n != 1 {
		t.Errorf("certificate %d", n)
	}
	certificate(t, dir, 2, at.Add(time.Second))
	if n := serial(); n != 2 {
		t.Errorf("after renewal, certificate %d", n)
	}
	if err := os.WriteFile(filepath.Join(dir, "cert.pem"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := serial(); n != 2 || serial() != 2 || said != 1 {
		t.Errorf("with a broken certificate %d is used, said %d times", n, said)
	}
}

// TestWhereSessionsLie signs a reader in at one process of a folder and looks for them in the next.
func TestWhereSessionsLie(t *testing.T) {
	sum := sha256.Sum256([]byte(tokenOf("*")))
	tokens := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(tokens, []byte("ops sha256:"+hex.EncodeToString(sum[:])+" teams=*\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		sessions, data string
		kept           bool
	}{"named": {sessions: "mine", kept: true}, "beside the engine's data": {data: "engine", kept: true}, "a server and no folder": {}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			open := func() web.Config {
				a := &App{Cfg: &config.Config{Dir: dir, Page: config.Page{TokenFile: tokens, Sessions: c.sessions, Idle: policy.Duration(time.Hour), Absolute: policy.Duration(time.Hour)}}}
				if c.data != "" {
					a.dataDir = filepath.Join(dir, c.data)
				}
				got, err := a.PageConfig("127.0.0.1:0", now)
				if err != nil {
					t.Fatal(err)
				}
				return got
			}
			key := open().SignIn.Sessions.Begin(signin.Reader{Name: "ops"}, time.Time{})
			if ses := open().SignIn.Sessions.Of(key); (ses != nil) != c.kept {
				t.Errorf("the next process has %+v", ses)
			}
		})
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "open"), 0o755); err != nil {
		t.Fatal(err)
	}
	a := &App{Cfg: &config.Config{Dir: dir, Page: config.Page{TokenFile: tokens, Sessions: "open"}}}
	if _, err := a.PageConfig("127.0.0.1:0", now); err == nil || !strings.Contains(err.Error(), "page.sessions") || !strings.Contains(err.Error(), "chmod 700") {
		t.Errorf("a folder that everybody may enter: %v", err)
	}
}

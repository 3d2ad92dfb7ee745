package app

import (
	"crypto/tls"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/dashboards/web"
	"github.com/grantwatch/grantwatch/dashboards/web/signin"
)

// PageConfig is what the configuration says of the page: its name, who may read it, and how it is reached at
// an address.
func (a *App) PageConfig(listen string, now func() time.Time) (web.Config, error) {
	p := &a.Cfg.Page
	proxies, err := p.Proxies()
	if err != nil {
		return web.Config{}, err
	}
	c := web.Config{Title: p.Title, Hosts: slices.Clone(p.Hosts), Way: signin.Way{TLS: p.TLS != nil, Proxies: proxies}, Evidence: a.Evidence()}
	if u, err := url.Parse(p.URL); err == nil && u.Hostname() != "" {
		c.Hosts = append(c.Hosts, u.Hostname())
	}
	if !p.SignIn() {
		if !config.Loopback(listen) {
			return c, fmt.Errorf("%s is not a loopback address, and nothing says who may read the page", listen)
		}
		return c, nil
	}
	folder, err := a.sessionFolder()
	if err != nil {
		return c, fmt.Errorf("page.sessions: %w", err)
	}
	c.SignIn = &web.SignIn{Secure: c.Way.Secure(), Recheck: time.Duration(p.Recheck), Sessions: &signin.Sessions{Idle: time.Duration(p.Idle), Absolute: time.Duration(p.Absolute), Now: now, Folder: folder}}
	if p.TokenFile != "" {
		if c.SignIn.Tokens, err = signin.NewTokens(a.path(p.TokenFile), func(t string) bool { return slices.Contains(a.teamNames(), t) }, now); err != nil {
			return c, fmt.Errorf("page.token_file: %w", err)
		}
	}
	if o := p.OIDC; o != nil {
		oc := signin.OIDCConfig{Issuer: o.Issuer, ClientID: o.ClientID, RedirectURL: strings.TrimSuffix(p.URL, "/") + "/signin/callback", Scopes: o.Scopes, GroupsClaim: o.GroupsClaim, Groups: o.Groups, Admins: o.Admins, Board: o.Board, Now: now, Folder: folder}
		if o.SignOut != "here" {
			oc.SignedOut = strings.TrimSuffix(p.URL, "/") + "/signout"
		}
		if o.ClientSecretFile != "" {
			oc.ClientSecret = func() (string, error) {
				b, err := fs.ReadFile(a.FS, o.ClientSecretFile)
				if err != nil {
					return "", fmt.Errorf("page.oidc.client_secret_file: %w", err)
				}
				return trimSpace(b), nil
			}
		}
		c.SignIn.OIDC = signin.NewOIDC(oc)
	}
	return c, nil
}

// sessionFolder is where sessions outlive this process: the folder that is named, else one beside the embedded engine's data.
// Nil, with a server and nothing named: sessions end with the process.
func (a *App) sessionFolder() (*signin.Folder, error) {
	switch dir := a.Cfg.Page.Sessions; {
	case dir != "":
		return signin.NewFolder(a.path(dir))
	case a.dataDir != "":
		return signin.NewFolder(filepath.Join(a.dataDir, "page-sessions"))
	}
	return nil, nil
}

func (a *App) path(file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(a.Cfg.Dir, file)
}

// PageTLS is the page's certificate; nil without one. It is read again when its file changes, so that renewing it needs no
// restart; a new one that is broken leaves the old one in use, and is said.
func (a *App) PageTLS() (*tls.Config, error) {
	t := a.Cfg.Page.TLS
	if t == nil {
		return nil, nil
	}
	k := &keyPair{cert: a.path(t.CertFile), key: a.path(t.KeyFile), notice: a.Notice}
	if err := k.load(); err != nil {
		return nil, fmt.Errorf("page.tls: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: k.current, NextProtos: []string{"h2", "http/1.1"}}, nil
}

type keyPair struct {
	cert, key string
	notice    func(format string, args ...any)

	mu   sync.Mutex
	pair *tls.Certificate
	mark [2]time.Time
	said string
}

func (k *keyPair) marks() (m [2]time.Time) {
	for i, f := range []string{k.cert, k.key} {
		if st, err := os.Stat(f); err == nil {
			m[i] = st.ModTime()
		}
	}
	return m
}

func (k *keyPair) load() error {
	m := k.marks()
	pair, err := tls.LoadX509KeyPair(k.cert, k.key)
	if err != nil {
		return err
	}
	k.pair, k.mark, k.said = &pair, m, ""
	return nil
}

func (k *keyPair) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.marks() != k.mark {
		if err := k.load(); err != nil && err.Error() != k.said {
			k.said = err.Error()
			k.notice("page.tls: the new certificate is not used: %v", err)
		}
	}
	return k.pair, nil
}

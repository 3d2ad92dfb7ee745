package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Loopback reports whether an address is reached from this machine only.
func Loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// SignIn reports whether readers of the page must say who they are.
func (p *Page) SignIn() bool { return p.TokenFile != "" || p.OIDC != nil }

// Proxies are the networks of the proxies before the page.
func (p *Page) Proxies() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range p.TrustedProxies {
		if a, err := netip.ParseAddr(s); err == nil {
			out = append(out, netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
			continue
		}
		n, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("%q is no address and no network such as 10.0.0.0/8", s)
		}
		if n.Bits() == 0 {
			return nil, fmt.Errorf("%q is everybody; name the proxies", s)
		}
		out = append(out, n.Masked())
	}
	return out, nil
}

// page refuses a page that other machines reach without sign-in or without TLS.
func (k *checker) page(teams map[string]bool) {
	c, p := k.c, &k.c.Page
	if c.Listen != "" {
		if _, _, err := net.SplitHostPort(c.Listen); err != nil {
			k.fail("$.listen", "%q is no address such as 127.0.0.1:8420", c.Listen)
			return
		}
		if !Loopback(c.Listen) {
			switch {
			case !p.SignIn():
				k.fail("$.listen", "%q is not a loopback address, so readers must sign in: set page.oidc or page.token_file", c.Listen)
			case p.TLS == nil && !p.BehindProxy:
				k.fail("$.listen", "%q is not a loopback address, so the page needs TLS: set page.tls, or page.behind_proxy with page.trusted_proxies", c.Listen)
			}
		}
	}
	if p.TokenFile != "" {
		k.exist("$.page.token_file", p.TokenFile)
	}
	if p.URL != "" {
		if u, err := url.Parse(p.URL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.User != nil {
			k.fail("$.page.url", "%q is not the page's own address, such as https://grantwatch.corp.example", p.URL)
		}
	}
	for i, h := range p.Hosts {
		if h == "" || strings.ContainsAny(h, "/:* ") {
			k.fail(fmt.Sprintf("$.page.hosts[%d]", i), "%q is no host name", h)
		}
	}
	if t := p.TLS; t != nil {
		k.exist("$.page.tls.cert_file", t.CertFile)
		k.exist("$.page.tls.key_file", t.KeyFile)
	}
	k.pageProxy(p)
	k.pageOIDC(p, teams)
	if p.Idle < 0 || p.Absolute < 0 || p.Idle > 0 && time.Duration(p.Idle) < time.Minute {
		k.fail("$.page.idle", "a session lives for a minute at least")
	}
	if p.Recheck < 0 || p.Recheck > 0 && time.Duration(p.Recheck) < time.Minute {
		k.fail("$.page.recheck", "the identity provider is asked again after a minute at least")
	}
}

func (k *checker) pageProxy(p *Page) {
	switch _, err := p.Proxies(); {
	case err != nil:
		k.fail("$.page.trusted_proxies", "%v", err)
	case p.BehindProxy && len(p.TrustedProxies) == 0:
		k.fail("$.page.behind_proxy", "behind_proxy needs trusted_proxies: nobody else is answered, and where a request comes from is believed of them alone")
	case !p.BehindProxy && len(p.TrustedProxies) > 0:
		k.fail("$.page.trusted_proxies", "trusted_proxies goes with behind_proxy: true")
	case p.BehindProxy && p.TLS != nil:
		k.fail("$.page.behind_proxy", "either the proxy speaks TLS or the page does: behind_proxy and tls exclude each other")
	}
}

func (k *checker) pageOIDC(p *Page, teams map[string]bool) {
	o := p.OIDC
	if o == nil {
		return
	}
	u, err := url.Parse(o.Issuer)
	switch {
	case err != nil || u.Host == "":
		k.fail("$.page.oidc.issuer", "%q is no issuer such as https://login.corp.example", o.Issuer)
	case u.Scheme != "https" && !(u.Scheme == "http" && Loopback(net.JoinHostPort(u.Hostname(), "80"))):
		k.fail("$.page.oidc.issuer", "the issuer must be reached over https")
	case o.ClientID == "":
		k.fail("$.page.oidc.client_id", "oidc needs client_id")
	case p.URL == "":
		k.fail("$.page.oidc", "oidc needs page.url: the provider sends browsers back to it, at /signin/callback")
	case len(o.Groups)+len(o.Admins)+len(o.Board) == 0:
		k.fail("$.page.oidc", "nobody could see anything: map groups to teams under groups, or name admins")
	}
	if o.SignOut != "" && o.SignOut != "provider" && o.SignOut != "here" {
		k.fail("$.page.oidc.sign_out", "%q is not known; sign_out is provider (also there, when it publishes how) or here", o.SignOut)
	}
	if o.ClientSecretFile != "" {
		k.exist("$.page.oidc.client_secret_file", o.ClientSecretFile)
	}
	for group, list := range o.Groups {
		for _, t := range list {
			if !teams[t] {
				k.fail("$.page.oidc.groups", "group %q: team %q is not defined under teams", group, t)
			}
		}
	}
}

package signin

import (
	"net/http"
	"net/netip"
	"strings"
)

// Way is how requests reach the page.
type Way struct {
	TLS     bool           // the page speaks TLS itself
	Proxies []netip.Prefix // proxies that speak TLS before it; with any, nobody else is answered
}

// Secure reports whether browsers reach the page over TLS, so that cookies can be held to it.
func (w Way) Secure() bool { return w.TLS || len(w.Proxies) > 0 }

func peer(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}

func (w Way) trusted(ip netip.Addr) bool {
	for _, p := range w.Proxies {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// From says where a request comes from: the peer, or, behind a proxy, the last address in X-Forwarded-For that is no
// proxy of ours; what stands before that, anybody may have written. ok is false when the request may not be answered: it
// has come past the proxy, or the proxy says that it took it without TLS.
func (w Way) From(r *http.Request) (ip netip.Addr, ok bool) {
	ip = peer(r)
	if len(w.Proxies) == 0 {
		return ip, true
	}
	if !w.trusted(ip) {
		return ip, false
	}
	if proto := r.Header.Values("X-Forwarded-Proto"); len(proto) > 0 && !strings.EqualFold(strings.TrimSpace(lastOf(proto)), "https") {
		return ip, false
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		if ip = hop.Unmap(); !w.trusted(ip) {
			break
		}
	}
	return ip, true
}

func lastOf(values []string) string {
	list := strings.Split(values[len(values)-1], ",")
	return list[len(list)-1]
}

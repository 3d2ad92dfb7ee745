// Package outbound makes HTTP transports that reach the public internet and nothing else, unless a network is allowed.
//
// An address that came from outside, or that somebody typed into a configuration, must not turn Grantwatch into a way into
// the network that it stands in. Names are no help against that: they resolve to what their owner likes, and to something
// else a second later. So the check is made on the address that is about to be connected to, after resolution, for every
// connection, and therefore for redirects too.
package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// ErrRefused is wrapped by the error of a connection that was not made.
var ErrRefused = errors.New("address is not public")

// refused are ranges that are not the public internet, with the registry's word for each.
var refused = []struct {
	prefix netip.Prefix
	why    string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "this network"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "shared by carriers"},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.0.0.0/24"), "protocol assignments"},
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation"},
	{netip.MustParsePrefix("192.88.99.0/24"), "6to4 relays"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmarking"},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved or broadcast"},
	{netip.MustParsePrefix("::/128"), "unspecified"},
	{netip.MustParsePrefix("::1/128"), "loopback"},
	{netip.MustParsePrefix("100::/64"), "discard"},
	{netip.MustParsePrefix("2001::/23"), "protocol assignments"}, // Teredo, ORCHID and the like
	{netip.MustParsePrefix("2001:db8::/32"), "documentation"},
	{netip.MustParsePrefix("3fff::/20"), "documentation"},
	{netip.MustParsePrefix("5f00::/16"), "segment routing"},
	{netip.MustParsePrefix("fc00::/7"), "unique local"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("fec0::/10"), "site-local"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
}

// carriers are IPv6 ranges that carry an IPv4 address, and the byte at which it begins.
var carriers = []struct {
	prefix netip.Prefix
	at     int
}{
	{netip.MustParsePrefix("64:ff9b::/96"), 12},   // NAT64
	{netip.MustParsePrefix("64:ff9b:1::/48"), 12}, // NAT64 of one's own network, in its usual form
	{netip.MustParsePrefix("2002::/16"), 2},       // 6to4
	{netip.MustParsePrefix("::ffff:0:0:0/96"), 12},
	{netip.MustParsePrefix("::/96"), 12}, // IPv4-compatible, deprecated
}

// Check says why an address must not be connected to; nil when it may. An address that carries another is judged by both.
func Check(a netip.Addr, allow []netip.Prefix) error {
	if !a.IsValid() {
		return fmt.Errorf("%w: no address", ErrRefused)
	}
	zoned := a.Zone() != ""
	a = a.WithZone("").Unmap() // ::ffff:127.0.0.1 is 127.0.0.1
	if slices.ContainsFunc(allow, func(p netip.Prefix) bool { return p.Contains(a) }) {
		return nil
	}
	if zoned {
		return fmt.Errorf("%w: %s names an interface", ErrRefused, a)
	}
	for _, r := range refused {
		if r.prefix.Contains(a) {
			return fmt.Errorf("%w: %s is %s (%s)", ErrRefused, a, r.why, r.prefix)
		}
	}
	for _, c := range carriers {
		if c.prefix.Contains(a) {
			b := a.As16()
			inner := netip.AddrFrom4([4]byte(b[c.at : c.at+4]))
			if err := Check(inner, nil); err != nil {
				return fmt.Errorf("%s carries %w", a, err)
			}
		}
	}
	return nil
}

// Control is for net.Dialer.Control: it sees the address after resolution, when the connection is about to be made.
func Control(allow []netip.Prefix) func(network, address string, c syscall.RawConn) error {
	allow = slices.Clone(allow)
	return func(network, address string, _ syscall.RawConn) error {
		if network != "tcp4" && network != "tcp6" {
			return fmt.Errorf("%w: network %q", ErrRefused, network)
		}
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%w: %q is not an address", ErrRefused, address)
		}
		return Check(ap.Addr(), allow)
	}
}

// Dialer connects to public addresses and to those in allow.
func Dialer(allow []netip.Prefix) *net.Dialer {
	return &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second, Control: Control(allow)}
}

// New makes a transport that connects to public addresses and to those in allow. It uses no proxy: a proxy would connect
// to whatever it is told, and its own address is usually a private one. Whoever needs one allows nothing else by name.
func New(allow []netip.Prefix) *http.Transport {
	d := Dialer(allow)
	return &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return d.DialContext(ctx, network, addr)
		},
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           16,
		IdleConnTimeout:        60 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  20 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

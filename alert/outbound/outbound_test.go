package outbound_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/alert/outbound"
)

func TestCheck(t *testing.T) {
	for _, s := range []string{
		"0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.9.9.9", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.168.1.1", "192.0.0.8",
		"192.0.2.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::1", "2002:a00:1::",
		"fe80::1", "fe80::1%eth0", "2606:4700::1%eth0", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1", "2001::1", "100::1", "::ffff:0:127.0.0.1", "5f00::1", "3fff::1",
	} {
		if err := outbound.Check(netip.MustParseAddr(s), nil); !errors.Is(err, outbound.ErrRefused) {
			t.Errorf("%s: %v", s, err)
		}
	}
	for _, s := range []string{"1.1.1.1", "8.8.8.8", "52.1.2.3", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "2606:4700:4700::1111", "64:ff9b::808:808", "2002:808:808::1", "::ffff:8.8.8.8"} {
		if err := outbound.Check(netip.MustParseAddr(s), nil); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	allow := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/16")}
	for s, ok := range map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.0.1": false, "fd00::7": true, "fd01::7": false, "64:ff9b::a01:203": false, "127.0.0.1": false} {
		if err := outbound.Check(netip.MustParseAddr(s), allow); (err == nil) != ok {
			t.Errorf("%s with 10.1.0.0/16 and fd00::/16 allowed: %v", s, err)
		}
	}
	if outbound.Check(netip.Addr{}, nil) == nil {
		t.Error("no address passes")
	}
}

// TestWhatGoCallsPrivateIsRefused holds the list against the standard library's own words.
func TestWhatGoCallsPrivateIsRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a netip.Addr
		if rapid.Bool().Draw(t, "v4") {
			a = netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "bytes")))
		} else {
			a = netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes")))
		}
		bad := a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified()
		if bad && outbound.Check(a, nil) == nil {
			t.Fatalf("%s passes", a)
		}
	})
}

func get(t *testing.T, c *http.Client, url string) error {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	return err
}

func client(t *testing.T, allow ...string) *http.Client {
	var ps []netip.Prefix
	for _, a := range allow {
		ps = append(ps, netip.MustParsePrefix(a))
	}
	tr := outbound.New(ps)
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 5 * time.Second}
}

// TestNotReached: nothing arrives at a server on loopback, whatever its address is written like, unless it is allowed.
func TestNotReached(t *testing.T) {
	var hits atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer srv.Close()
	_, port, err := net.SplitHostPort(srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]", "127.1.2.3"} {
		if err := get(t, client(t), "http://"+host+":"+port+"/"); err == nil || !errors.Is(err, outbound.ErrRefused) {
			t.Errorf("%s: %v", host, err)
		}
	}
	if hits.Load() != 0 {
		t.Fatalf("%d requests arrived", hits.Load())
	}
	if err := get(t, client(t, "127.0.0.0/8"), srv.URL); err != nil || hits.Load() != 1 {
		t.Errorf("allowed, but %v, %d arrived", err, hits.Load())
	}
}

// TestRedirectIsChecked: a server that may be reached sends the client to one that may not.
func TestRedirectIsChecked(t *testing.T) {
	var hits atomic.Int64
	inner := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }), ReadHeaderTimeout: time.Second}
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = inner.Serve(l) }()
	defer func() { _ = inner.Close() }()
	outer := httptest.NewServer(http.RedirectHandler("http://"+l.Addr().String()+"/latest/meta-data", http.StatusFound))
	defer outer.Close()
	if err := get(t, client(t, "127.0.0.1/32"), outer.URL); !errors.Is(err, outbound.ErrRefused) || hits.Load() != 0 {
		t.Errorf("%v, %d arrived", err, hits.Load())
	}
}

// TestRebinding: a name that is public when somebody looks and private when somebody connects. The name server answers
// each question with another address; no answer leads to a connection.
func TestRebinding(t *testing.T) {
	var hits, asked atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer srv.Close()
	_, port, _ := strings.Cut(srv.Listener.Addr().String(), ":")
	dns := nameServer(t, func() [4]byte {
		if asked.Add(1) == 1 {
			return [4]byte{203, 0, 113, 1}
		}
		return [4]byte{127, 0, 0, 1}
	})
	d := outbound.Dialer(nil)
	d.Timeout = time.Second
	d.Resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var nd net.Dialer
		return nd.DialContext(ctx, "udp", dns)
	}}
	c := &http.Client{Transport: &http.Transport{DialContext: d.DialContext, DisableKeepAlives: true}, Timeout: 3 * time.Second}
	for range 4 {
		if err := get(t, c, "http://rebinding.example.:"+port+"/"); !errors.Is(err, outbound.ErrRefused) {
			t.Errorf("%v", err)
		}
	}
	if hits.Load() != 0 || asked.Load() < 4 {
		t.Errorf("%d arrived, %d questions", hits.Load(), asked.Load())
	}
}

// nameServer answers every question for an IPv4 address with the next one.
func nameServer(t *testing.T, next func() [4]byte) string {
	t.Helper()
	var lc net.ListenConfig
	pc, err := lc.ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			if n < 17 {
				continue
			}
			// The question comes back with an answer behind it: header, the question as it was, a pointer to its name.
			end := 12
			for end < n && buf[end] != 0 {
				end += int(buf[end]) + 1
			}
			end += 5
			if end > n {
				continue
			}
			out := append([]byte{buf[0], buf[1], 0x84, 0x00, 0, 1, 0, 0, 0, 0, 0, 0}, buf[12:end]...)
			if buf[end-3] == 1 { // a question for an IPv4 address
				ip := next()
				out[7] = 1
				out = append(out, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ip[0], ip[1], ip[2], ip[3])
			}
			_, _ = pc.WriteTo(out, from) // a lost answer is asked for again
		}
	}()
	return pc.LocalAddr().String()
}

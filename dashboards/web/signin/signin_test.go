package signin

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/detect/ledger"
)

type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newClock() *clock { return &clock{time.Date(2026, 11, 23, 6, 30, 0, 0, time.UTC)} }

func TestSessionsEnd(t *testing.T) { onBothShelves(t, sessionsEnd) }

func sessionsEnd(t *testing.T, s *Sessions, c *clock) {
	a, b := s.Begin(Reader{Name: "a"}, time.Time{}), s.Begin(Reader{Name: "b"}, c.t.Add(90*time.Minute))
	for range 3 { // a goes on reading, b too
		c.t = c.t.Add(45 * time.Minute)
		if ses := s.Of(a); ses == nil || ses.Reader.Name != "a" {
			t.Fatalf("after %v a's session is %+v", c.t, ses)
		}
		s.Of(b)
	}
	if s.Of(b) != nil {
		t.Error("a session outlives the token that it was begun with")
	}
	c.t = c.t.Add(45 * time.Minute)
	if s.Of(a) != nil {
		t.Error("a session outlives its absolute end")
	}
	d := s.Begin(Reader{}, time.Time{})
	c.t = c.t.Add(time.Hour)
	if s.Of(d) != nil {
		t.Error("an idle session goes on")
	}
	e := s.Begin(Reader{}, time.Time{})
	s.End(e)
	if s.Of(e) != nil || s.Of("") != nil {
		t.Error("a session that was ended goes on, or nothing is a session")
	}
	f := s.Begin(Reader{}, time.Time{})
	c.t = c.t.Add(-time.Minute)
	if s.Of(f) != nil {
		t.Error("a session from the future holds: the clock was set back")
	}
}

func TestSessionsAreBounded(t *testing.T) {
	c := newClock()
	s := &Sessions{Idle: time.Hour, Absolute: time.Hour, Now: c.now}
	first := s.Begin(Reader{}, time.Time{})
	for range maxSessions {
		c.t = c.t.Add(time.Microsecond)
		s.Begin(Reader{}, time.Time{})
	}
	if n := s.Count(); n > maxSessions || s.Of(first) != nil {
		t.Errorf("%d sessions, the oldest is %v", n, s.Of(first))
	}
}

func TestForgedKeysOpenNothing(t *testing.T) {
	s := &Sessions{Idle: time.Hour, Absolute: time.Hour, Now: newClock().now}
	key := s.Begin(Reader{Name: "ana"}, time.Time{})
	rapid.Check(t, func(t *rapid.T) {
		forged := rapid.OneOf(rapid.String(), rapid.Map(rapid.IntRange(0, len(key)-1), func(i int) string { return key[:i] + "A" + key[i+1:] + "" }), rapid.StringMatching(`[A-Za-z0-9_-]{43}`)).Draw(t, "key")
		if forged != key && s.Of(forged) != nil {
			t.Fatalf("%q opens a session", forged)
		}
	})
	if h := sha256.Sum256([]byte(key)); s.Of(hex.EncodeToString(h[:])) != nil {
		t.Error("the hash of a key opens its session")
	}
}

func hashOf(token string) string {
	h := sha256.Sum256([]byte(token))
	return "sha256:" + hex.EncodeToString(h[:])
}

func known(team string) bool { return team == "payments" || team == "platform" }

const good = "correct-horse-battery-staple-0123456789"

func TestTokenFiles(t *testing.T) {
	hash := hashOf(good)
	for text, want := range map[string]string{
		"ana " + hash + " teams=payments\n":                 "",
		"# who\n\n ana  " + hash + "  teams=*  # no":        `"#" is not known`,
		"ana " + hash + " teams=* board expires=2027-01-31": "",
		"ana " + hash + " teams=payments,payment":           `team "payment" is not defined`,
		"ana " + hash:                                                    "a line is NAME",
		"ana " + hash + " expires=2027-01-31":                            "may see nothing",
		"ana " + hash + " teams=* expires=soon":                          "is no date",
		"ana " + good + " teams=*":                                       "never stands in this file",
		"ana sha256:12 teams=*":                                          "64 hexadecimal digits",
		"ana " + hash + " teams=*\nbo " + hash + " teams=*":              "there twice",
		"ana " + hash + " teams=*\nana " + hashOf(good+"x") + " teams=*": "used twice",
		"": "no token",
		"ana " + hash + " teams=" + strings.Repeat("x", 70_000) + "":        "token too long",
		"ana " + hash + " teams=payments,platform admin":                    `"admin" is not known`,
		"ana " + strings.ToUpper(hash[:7]) + hash[7:] + " teams=payments\n": "the second word",
	} {
		list, err := parseTokens("tokens", []byte(text), known)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %d tokens, %v; want %q", text, len(list), err, want)
		}
		if err != nil && strings.Contains(err.Error(), good) {
			t.Errorf("%v tells a token", err)
		}
	}
}

func TestTokens(t *testing.T) {
	c := newClock()
	file := filepath.Join(t.TempDir(), "tokens")
	save := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c.t = c.t.Add(2 * time.Second)
		if err := os.Chtimes(file, c.t, c.t); err != nil {
			t.Fatal(err)
		}
	}
	save("ana " + hashOf(good) + " teams=payments expires=2026-11-23\nbo " + hashOf("short") + " teams=*\n")
	tk, err := NewTokens(file, known, c.now)
	if err != nil {
		t.Fatal(err)
	}
	from := netip.MustParseAddr("192.0.2.1")
	r, until, ok, err := tk.Check(from, good)
	if !ok || err != nil || r.Name != "ana" || !r.Scope.Sees("payments") || r.Scope.Sees("platform") || !until.Equal(time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v until %v, %v, %v", r, until, ok, err)
	}
	for _, wrong := range []string{"", "short", good + " ", good[:len(good)-1], strings.ToUpper(good), hashOf(good)} {
		if _, _, ok, _ := tk.Check(from, wrong); ok {
			t.Errorf("%q is taken", wrong)
		}
	}
	c.t = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	if _, _, ok, _ := tk.Check(from, good); ok {
		t.Error("an expired token is taken")
	}
	save("ana " + hashOf(good) + " teams=platform\n")
	if r, _, ok, _ := tk.Check(from, good); !ok || !r.Scope.Sees("platform") {
		t.Error("a changed file is not read again")
	}
	save("ana nonsense\n")
	if _, _, ok, err := tk.Check(from, good); ok || err == nil {
		t.Error("a broken file lets somebody in, or is not said")
	}
	if _, err := NewTokens(file+"x", known, c.now); err == nil {
		t.Error("a file that is not there is taken")
	}
}

func TestTriesAreBounded(t *testing.T) {
	now := newClock().t
	var tr tries
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for range triesEach {
		if tr.wait(a, now) > 0 {
			t.Fatal("held too early")
		}
		tr.wrong(a, now)
	}
	if w := tr.wait(a, now); w != triesOver {
		t.Errorf("after %d wrong tries the wait is %v", triesEach, w)
	}
	if tr.wait(netip.MustParseAddr("::ffff:192.0.2.1"), now) == 0 {
		t.Error("the same address written in another way is another")
	}
	if tr.wait(b, now) > 0 {
		t.Error("one address holds another")
	}
	if tr.wait(a, now.Add(triesOver)) > 0 {
		t.Error("it is held for ever")
	}
	var six tries
	for i := range triesEach {
		six.wrong(netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", i)), now)
	}
	if six.wait(netip.MustParseAddr("2001:db8::ffff"), now) == 0 {
		t.Error("an IPv6 network has as many tries as addresses")
	}
	var many tries
	for i := range triesAll {
		many.wrong(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), now)
	}
	if many.wait(b, now) == 0 {
		t.Error("a thousand addresses together are not held")
	}
}

func TestWhereARequestComesFrom(t *testing.T) {
	w := Way{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}}
	for _, c := range []struct {
		peer, forwarded, proto string
		from                   string
		ok                     bool
	}{
		{"10.1.1.1:5", "192.0.2.7", "https", "192.0.2.7", true},
		{"10.1.1.1:5", "8.8.8.8, 192.0.2.7", "https", "192.0.2.7", true}, // what stands before is the client's own word
		{"10.1.1.1:5", "192.0.2.7, 10.2.2.2", "", "192.0.2.7", true},
		{"10.1.1.1:5", "", "https", "10.1.1.1", true},
		{"10.1.1.1:5", "192.0.2.7, nonsense", "https", "10.1.1.1", true},
		{"10.1.1.1:5", "192.0.2.7", "http", "10.1.1.1", false},
		{"10.1.1.1:5", "192.0.2.7", "https, http", "10.1.1.1", false},
		{"192.0.2.9:5", "10.1.1.1", "https", "192.0.2.9", false},
		{"[2001:db8::1]:5", "192.0.2.7", "https", "192.0.2.7", true},
		{"@", "192.0.2.7", "https", "invalid IP", false},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{}}
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if c.proto != "" {
			r.Header.Set("X-Forwarded-Proto", c.proto)
		}
		if from, ok := w.From(r); from.String() != c.from || ok != c.ok {
			t.Errorf("%+v: %s %v", c, from, ok)
		}
	}
	r := &http.Request{RemoteAddr: "192.0.2.9:5", Header: http.Header{"X-Forwarded-For": {"127.0.0.1"}}}
	if from, ok := (Way{}).From(r); from.String() != "192.0.2.9" || !ok {
		t.Error("without a proxy the header is believed")
	}
}

func TestReaders(t *testing.T) {
	for _, c := range []struct {
		r            Reader
		may, reports bool
	}{
		{Reader{}, false, false}, {Reader{Scope: ledger.TeamScope("a")}, true, false}, {Reader{Board: true}, true, true}, {Reader{Scope: ledger.Everything}, true, true}, {Reader{Scope: ledger.TeamScope("")}, false, false},
	} {
		if c.r.May() != c.may || c.r.Reports() != c.reports {
			t.Errorf("%+v may %v, reports %v", c.r, c.r.May(), c.r.Reports())
		}
	}
}

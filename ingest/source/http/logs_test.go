package push

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func gzipped(tb testing.TB, in []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(in); err != nil {
		tb.Fatal(err)
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func zstded(tb testing.TB, in []byte) []byte {
	tb.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		tb.Fatal(err)
	}
	defer z.Close()
	return z.EncodeAll(in, nil)
}

func TestShapes(t *testing.T) {
	comma := strings.TrimSuffix(strings.ReplaceAll(string(lines(0, 3)), "\n", ","), ",")
	big := lines(0, 6000) // more than is kept decompressed
	cases := []struct {
		name   string
		body   []byte
		header []string
		want   int
	}{
		{"lines", lines(0, 3), nil, 3},
		{"array", []byte("[" + comma + "]"), []string{"Content-Type", "application/json; charset=utf-8"}, 3},
		{"wrapper", []byte(`{"Records":[` + comma + `]}`), []string{"Content-Type", "application/json"}, 3},
		{"gzip", gzipped(t, lines(0, 3)), []string{"Content-Encoding", "gzip"}, 3},
		{"zstd", zstded(t, lines(0, 3)), []string{"Content-Encoding", "zstd"}, 3},
		{"gzip that is not told", gzipped(t, lines(0, 3)), []string{"Content-Type", "application/gzip"}, 3},
		{"long gzip", gzipped(t, big), []string{"Content-Encoding", "gzip"}, 6000},
		{"long zstd", zstded(t, big), []string{"Content-Encoding", "zstd"}, 6000},
		{"curl", lines(0, 1), []string{"Content-Type", "application/x-www-form-urlencoded"}, 1},
		{"nothing", nil, nil, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, nil)
			a := r.send(t, "/v1/logs/pay", "Bearer "+payToken, c.body, c.header...)
			if a.status != 200 || a.json.Received != int64(c.want) || a.json.Stored != int64(c.want) || a.json.Rejected != 0 {
				t.Fatalf("%d %s", a.status, a.raw)
			}
			if n, twice, dead, _ := r.sink.counts(); n != c.want || twice != 0 || dead != 0 {
				t.Fatalf("stored %d, %d twice, %d dead", n, twice, dead)
			}
		})
	}
}

// What does not say how long it is, is read too, and held to the same limit.
func TestChunked(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Limits.Body = 3 << 20 })
	for n, want := range map[int]int{1: 200, 2000: 200, 3000: 413} {
		req, err := http.NewRequest(http.MethodPost, r.url+"/v1/logs/pay", io.MultiReader(bytes.NewReader(lines(n*1000, n))))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+payToken)
		if a := r.do(t, req); a.status != want || want == 200 && a.json.Stored != int64(n) {
			t.Errorf("%d records: %d %s", n, a.status, a.raw)
		}
	}
}

// A bomb within the limits takes time, not memory: the server here has less than it unpacks to.
func TestBombIsBounded(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Limits = Limits{Body: 1 << 20, Envelope: 1 << 20, InFlight: 6 << 20, Team: 6 << 20} })
	bomb := append(lines(0, 1), make([]byte, 200<<20)...)
	for _, c := range []struct {
		enc  string
		body []byte
	}{{"gzip", gzipped(t, bomb)}, {"zstd", zstded(t, bomb[:len(bomb)-1])}} {
		if len(c.body) > 1<<20 {
			t.Fatalf("%s: the bomb has %d bytes", c.enc, len(c.body))
		}
		a := r.send(t, "/v1/logs/pay", "Bearer "+payToken, c.body, "Content-Encoding", c.enc)
		if a.status != 200 || a.json.Stored != 1 || a.json.Rejected != 1 {
			t.Errorf("%s: %d %s", c.enc, a.status, a.raw)
		}
		a = r.send(t, "/services/collector/event", "Splunk "+payToken, c.body, "Content-Encoding", c.enc)
		if a.status != 413 || a.json.Code != hecTooLarge {
			t.Errorf("HEC %s: %d %s", c.enc, a.status, a.raw)
		}
	}
}

func TestBadRecordsAreCounted(t *testing.T) {
	r := newRig(t, nil)
	body := append(lines(0, 2), "not json\n{\"eventTime\":7}\n"...)
	body = append(append(body, lines(0, 1)...), `{"a":"`+strings.Repeat("x", 11<<20)+`"}`...)
	a := r.send(t, "/v1/logs/pay", "Bearer "+payToken, body)
	if a.status != 200 || a.json.Received != 6 || a.json.Stored != 2 || a.json.Filtered != 1 || a.json.Rejected != 3 {
		t.Fatalf("%d %s", a.status, a.raw)
	}
	again := r.send(t, "/v1/logs/pay", "Bearer "+payToken, body)
	if again.status != 200 || !again.json.Replayed || again.json.Stored != 0 || again.json.Rejected != 3 || again.json.Filtered != 3 {
		t.Fatalf("again: %d %s", again.status, again.raw)
	}
	if n, twice, dead, batches := r.sink.counts(); n != 2 || twice != 0 || dead != 3 || batches != 1 {
		t.Fatalf("%d events, %d twice, %d dead, %d batches", n, twice, dead, batches)
	}
}

func TestRefusals(t *testing.T) {
	bomb := make([]byte, 64<<20)
	gz := gzipped(t, lines(0, 50))
	cases := []struct {
		name, path, auth string
		body             []byte
		header           []string
		status           int
		reason           string
	}{
		{"no token", "/v1/logs/pay", "", lines(0, 1), nil, 401, "unauthorised"},
		{"wrong token", "/v1/logs/pay", "Bearer payments-token-000", lines(0, 1), nil, 401, "unauthorised"},
		{"empty token", "/v1/logs/pay", "Bearer ", lines(0, 1), nil, 401, "unauthorised"},
		{"other scheme", "/v1/logs/pay", "Digest " + payToken, lines(0, 1), nil, 401, "unauthorised"},
		{"other team's feed", "/v1/logs/plat", "Bearer " + payToken, lines(0, 1), nil, 404, "unknown_feed"},
		{"unknown feed", "/v1/logs/nowhere", "Bearer " + payToken, lines(0, 1), nil, 404, "unknown_feed"},
		{"unknown path", "/v2/logs", "Bearer " + payToken, lines(0, 1), nil, 404, "unknown_path"},
		{"type", "/v1/logs/pay", "Bearer " + payToken, lines(0, 1), []string{"Content-Type", "image/png"}, 415, "unsupported_type"},
		{"encoding", "/v1/logs/pay", "Bearer " + payToken, lines(0, 1), []string{"Content-Encoding", "br"}, 415, "unsupported_encoding"},
		{"two encodings", "/v1/logs/pay", "Bearer " + payToken, lines(0, 1), []string{"Content-Encoding", "gzip, gzip"}, 415, "unsupported_encoding"},
		{"not gzip", "/v1/logs/pay", "Bearer " + payToken, lines(0, 1), []string{"Content-Encoding", "gzip"}, 400, "compression"},
		{"truncated gzip", "/v1/logs/pay", "Bearer " + payToken, gz[:len(gz)-9], []string{"Content-Encoding", "gzip"}, 400, "compression"},
		{"truncated zstd", "/v1/logs/pay", "Bearer " + payToken, zstded(t, lines(0, 50))[:200], []string{"Content-Encoding", "zstd"}, 400, "compression"},
		{"gzip in gzip", "/v1/logs/pay", "Bearer " + payToken, gzipped(t, gz), []string{"Content-Encoding", "gzip"}, 400, "compression"},
		{"gzip bomb", "/v1/logs/pay", "Bearer " + payToken, gzipped(t, bomb), []string{"Content-Encoding", "gzip"}, 413, "too_large"},
		{"zstd bomb", "/v1/logs/pay", "Bearer " + payToken, zstded(t, bomb), []string{"Content-Encoding", "zstd"}, 413, "too_large"},
		{"long gzip in gzip", "/v1/logs/pay", "Bearer " + payToken, gzipped(t, append(gzipped(t, lines(0, 5)), make([]byte, 6<<20)...)), []string{"Content-Encoding", "gzip"}, 400, "compression"},
		{"too large", "/v1/logs/pay", "Bearer " + payToken, make([]byte, 3<<20), nil, 413, "too_large"},
		{"OTLP", "/v1/logs", "Bearer wrong", []byte("{}"), []string{"Content-Type", "application/json"}, 401, "unauthorised"},
		{"OTLP type", "/v1/logs", "Bearer " + payToken, []byte("{}"), []string{"Content-Type", "text/plain"}, 415, "unsupported_type"},
		{"OTLP broken", "/v1/logs", "Bearer " + payToken, []byte(`{"resourceLogs":[}`), []string{"Content-Type", "application/json"}, 400, "envelope"},
		{"OTLP without a feed", "/v1/logs", "Bearer " + twoToken, []byte("{}"), []string{"Content-Type", "application/json"}, 400, "ambiguous_feed"},
	}
	r := newRig(t, func(c *Config) { c.Limits = Limits{Wait: time.Millisecond, Body: 2 << 20, Decoded: 32 << 20} })
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := r.send(t, c.path, c.auth, c.body, c.header...)
			if a.status != c.status || a.json.Reason != c.reason || a.json.Detail == "" {
				t.Fatalf("%d %s, want %d %s", a.status, a.raw, c.status, c.reason)
			}
			if strings.Contains(string(a.raw), "token-000") {
				t.Fatalf("the answer holds the token: %s", a.raw)
			}
		})
	}
	if n, _, dead, batches := r.sink.counts(); n != 0 || dead != 0 || batches != 0 {
		t.Fatalf("%d events, %d dead letters, %d batches were stored", n, dead, batches)
	}
	resp, err := r.http.Get(r.url + "/v1/logs/pay")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 405 || resp.Header.Get("Allow") != "POST" {
		t.Errorf("GET: %d", resp.StatusCode)
	}
}

func TestTeamsAreWalls(t *testing.T) {
	r := newRig(t, nil)
	for _, c := range []struct {
		path, auth, header string
		status             int
	}{
		{"/v1/logs/pay-eu", "Bearer " + payToken, "", 200}, // same team
		{"/v1/logs", "Bearer " + platToken, "pay", 404},
		{"/services/collector/raw", "Splunk " + platToken, "pay", 404},
		{"/services/collector/raw", "Splunk " + twoToken, "pay", 200},
	} {
		header := []string{"Content-Type", "application/json"}
		if c.header != "" {
			header = append(header, "Grantwatch-Feed", c.header)
		}
		if a := r.send(t, c.path, c.auth, lines(0, 1), header...); a.status != c.status {
			t.Errorf("%s: %d %s", c.path, a.status, a.raw)
		}
	}
	if len(r.sink.teams) != 2 || r.sink.teams["payments/pay"] != 1 || r.sink.teams["payments/pay-eu"] != 1 {
		t.Errorf("stored: %v", r.sink.teams)
	}
}

func TestTokenInTwoTeams(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Feeds = []Feed{feedOf("a", "one", "shared"), feedOf("b", "two", "shared")} })
	if a := r.send(t, "/v1/logs/a", "Bearer shared", lines(0, 1)); a.status != 401 {
		t.Errorf("%d %s", a.status, a.raw)
	}
}

func TestClientCertificate(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Feeds[2].ClientNames = []string{"shipper.platform.example"} })
	cert := &x509.Certificate{Subject: pkix.Name{CommonName: "shipper.platform.example"}}
	send := func(state *tls.ConnectionState) int {
		req := httptest.NewRequest(http.MethodPost, "/v1/logs/plat", bytes.NewReader(lines(0, 1)))
		req.TLS = state
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		return w.Code
	}
	if got := send(&tls.ConnectionState{PeerCertificates: []*x509.Certificate{cert}}); got != 401 {
		t.Errorf("not verified: %d", got)
	}
	if got := send(&tls.ConnectionState{PeerCertificates: []*x509.Certificate{cert}, VerifiedChains: [][]*x509.Certificate{{cert}}}); got != 200 {
		t.Errorf("verified: %d", got)
	}
}

func TestTokenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pay.token")
	now := testNow
	put := func(text string) {
		t.Helper()
		now = now.Add(2 * time.Second)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now, now); err != nil {
			t.Fatal(err)
		}
	}
	put("# the first\nfirst-token\r\n\n")
	f, err := NewTokenFile(path, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(c *Config) { c.Feeds[0].TokenHashes = f.Hashes })
	try := func(step string, want map[string]int) {
		t.Helper()
		for token, status := range want {
			if a := r.send(t, "/v1/logs/pay", "Bearer "+token, lines(0, 1)); a.status != status {
				t.Errorf("%s: %s is answered with %d", step, token, a.status)
			}
		}
	}
	try("one", map[string]int{"first-token": 200, "second-token": 401})
	put("first-token\nsecond-token\n")
	try("both", map[string]int{"first-token": 200, "second-token": 200})
	put("second-token\n")
	try("rotated", map[string]int{"first-token": 401, "second-token": 200})
	put("a token with blanks\n")
	try("broken", map[string]int{"second-token": 200})
	if f.Err() == nil || strings.Contains(f.Err().Error(), "blanks\n") {
		t.Errorf("the file is broken: %v", f.Err())
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * time.Second)
	try("gone", map[string]int{"second-token": 200})
	put("")
	try("emptied just now", map[string]int{"second-token": 200})
	now = now.Add(2 * time.Second)
	try("emptied", map[string]int{"second-token": 401})
	put("")
	if _, err := NewTokenFile(path, func() time.Time { return now }); err == nil {
		t.Error("an empty file is taken")
	}
}

func TestConfig(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"no way in":      func(c *Config) { c.Feeds[0].TokenHashes = nil },
		"twice":          func(c *Config) { c.Feeds[1].Name = c.Feeds[0].Name },
		"format":         func(c *Config) { c.Feeds[0].Format = "tea_leaves" },
		"no team":        func(c *Config) { c.Feeds[0].Team = "" },
		"no writer":      func(c *Config) { c.Write = nil },
		"negative":       func(c *Config) { c.Limits.Body = -1 },
		"team too small": func(c *Config) { c.Limits.Team = 1 << 20 },
		"rate":           func(c *Config) { c.Rate.Bytes = -1 },
	} {
		cfg := Config{Feeds: []Feed{feedOf("a", "one", "x"), feedOf("b", "one", "x")}, Now: time.Now, Write: newRig(t, nil).cfg.Write}
		change(&cfg)
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

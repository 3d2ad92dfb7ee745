package datasource_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

func TestHealthSaysWhatIsWrong(t *testing.T) {
	organisation(t, "well")
	database(t, "unjudged")
	old := database(t, "old")
	if _, err := old.Ask(t.Context(), "ALTER TABLE schema_migrations DELETE WHERE number > 3 SETTINGS mutations_sync = 2", nil); err != nil {
		t.Fatal(err)
	}
	newer := database(t, "newer")
	if _, err := newer.Ask(t.Context(), "INSERT INTO schema_migrations (number, name, checksum, at) VALUES (900, 'later', 'x', now())", nil); err != nil {
		t.Fatal(err)
	}
	bare := database(t, "bare")
	if _, err := bare.Ask(t.Context(), "DROP TABLE schema_migrations", nil); err != nil {
		t.Fatal(err)
	}
	closed, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	g := start(t)
	id := int64(0)
	check := func(name, database string, settings map[string]any, secrets map[string]string, status backend.HealthStatus, want string) {
		t.Helper()
		id++
		s := sourceOf(id, database, settings)
		if secrets != nil {
			s.secrets = secrets
		}
		got := g.health(t, s.as(nil))
		if got.Status != status || !strings.Contains(got.Message, want) {
			t.Errorf("%s: %v %s", name, got.Status, got.Message)
		}
	}
	bad, ok := backend.HealthStatusError, backend.HealthStatusOk
	check("well", "well", nil, nil, ok, "connected; last evaluation 2026-09-01T00:00:00Z")
	check("unjudged", "unjudged", nil, nil, ok, "no evaluation yet")
	check("nobody sees", "well", map[string]any{"defaultTeams": []string{}}, nil, ok, "nobody sees anything yet")
	check("wrong password", "well", nil, map[string]string{"password": "wrong-one"}, bad, "does not take the user or the password")
	check("no password", "well", nil, map[string]string{}, bad, "does not take the user or the password")
	check("unreachable", "", map[string]any{"server": "http://" + closed + "/x"}, nil, bad, "nobody answers")
	check("native to HTTP", "", map[string]any{"server": "clickhouse://" + closed + "/x"}, nil, bad, "nobody answers")
	check("no database", "nowhere", nil, nil, bad, "no such database")
	check("no tables", "bare", nil, nil, bad, "has no tables of Grantwatch")
	check("old", "old", nil, nil, bad, "older than this plugin (schema 3,")
	check("new", "newer", nil, nil, bad, "newer than this plugin")
	check("no address", "", map[string]any{"server": ""}, nil, bad, "address of the ClickHouse server is missing")
	check("password in the address", "", map[string]any{"server": "http://a:hunter2@host/x"}, nil, bad, "does not belong into the address")
	check("file", "", map[string]any{"server": "file:///etc/passwd"}, nil, bad, "server:")
	check("certificate", "", map[string]any{"server": "https://" + rig.addr + "/x", "tlsAuthWithCACert": true}, nil, bad, "tlsCACert: there is no certificate in it")
	check("rule of nobody", "well", map[string]any{"scopes": []any{map[string]any{"teams": []string{"*"}}}}, nil, bad, "rule 1 names neither")
	check("token without keys", "well", map[string]any{"forwardIdentity": true, "identityToken": map[string]any{"header": "X-Grafana-Id"}}, nil, bad, "jwksUrl")
	check("scopes are no list", "well", map[string]any{"scopes": "all"}, nil, bad, "the settings cannot be read")

	tls := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(tls.Close)
	check("unknown authority", "", map[string]any{"server": tls.URL + "/x"}, nil, bad, "certificate is not trusted")

	skewed := behind(t, func(body string) string { return strings.ReplaceAll(body, "now64(3, 'UTC')", "now64(3, 'UTC') + 3600") })
	check("clock", "", map[string]any{"server": skewed + "/well"}, nil, bad, "clocks of the server and of Grafana are 1h0m0s apart")
	for _, secret := range []string{password, "hunter2", "wrong-one"} {
		if strings.Contains(g.output.String(), secret) {
			t.Errorf("the log has a password in it")
		}
	}
}

// behind is an address that passes statements on to the engine, changed.
func behind(t *testing.T, change func(string) string) string {
	t.Helper()
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: rig.addr})
		body, err := io.ReadAll(r.Out.Body)
		if err != nil {
			return
		}
		text := change(string(body))
		r.Out.Body, r.Out.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	}}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return server.URL
}

// TestNoSecretInAnyAnswer asks with a password that must not come back, at servers that fail in several ways.
func TestNoSecretInAnyAnswer(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, secret, _ := r.BasicAuth()
		http.Error(w, user+" "+secret+" "+r.Header.Get("X-ClickHouse-Key")+" "+r.URL.String(), http.StatusInternalServerError)
	}))
	t.Cleanup(echo.Close)
	const canary = "canary-4711-secret"
	g := start(t)
	for id, server := range []string{"http://" + rig.addr + "/x", echo.URL + "/x", "http://" + silent.Addr().String() + "/x", "clickhouse://" + rig.addr + "/x"} {
		s := sourceOf(int64(id+1), "x", map[string]any{"server": server})
		s.secrets = map[string]string{"password": canary}
		got, err := g.query(t.Context(), s.as(nil), ask{query: "findings"})
		if err != nil {
			t.Fatal(err)
		}
		if got.Error == nil || got.ErrorSource != backend.ErrorSourceDownstream {
			t.Errorf("%s: %v %v", server, got.Error, got.ErrorSource)
		}
		health := g.health(t, s.as(nil))
		_, body := g.call(t, s.as(nil), "teams")
		for _, text := range []string{got.Error.Error(), health.Message, string(health.JSONDetails), body} {
			if strings.Contains(text, canary) {
				t.Errorf("%s: the password came back: %s", server, text)
			}
		}
	}
	if strings.Contains(g.output.String(), canary) {
		t.Error("the log has the password in it")
	}
}

func TestASlowQueryIsGivenUp(t *testing.T) {
	organisation(t, "slow")
	g := start(t)
	slow := behind(t, func(body string) string {
		return strings.Replace(body, "state != 'resolved'", "fingerprint IN (SELECT toString(sipHash64(number)) FROM numbers(100000000000) WHERE sipHash64(number) = 7)", 1)
	})
	pc := sourceOf(1, "slow", map[string]any{"server": slow + "/slow", "queryTimeoutSeconds": 1}).as(nil)
	begun := time.Now()
	got, err := g.query(t.Context(), pc, ask{query: "findings_by_kind"})
	if err != nil || got.Error == nil || got.Status != backend.StatusTimeout || !strings.Contains(got.Error.Error(), "timeout") {
		t.Errorf("%v %v %v", err, got.Error, got.Status)
	}
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}

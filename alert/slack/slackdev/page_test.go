package slackdev

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/grantwatch/grantwatch/alert/slack/slacktest"
)

func TestPageIsGuarded(t *testing.T) {
	s := slacktest.New(slacktest.Options{})
	s.AddUser(slacktest.User{ID: "U0ANA", Name: "ana", RealName: "Ana <b>Silva</b>"})
	c := s.AddChannel("C0ONE", "one")
	c.Messages = append(c.Messages, &slacktest.Message{TS: "1.000001", Text: "<!channel> *bold* `a*b` <script>alert(1)</script> &lt;b&gt;"})
	h := New(Config{Slack: s})
	ask := func(method, host, path, site string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
		r.Host = host
		if site != "" {
			r.Header.Set("Sec-Fetch-Site", site)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	got := ask(http.MethodGet, "127.0.0.1:8430", "/", "")
	body := got.Body.String()
	if got.Code != http.StatusOK || !strings.Contains(got.Header().Get("Content-Security-Policy"), "default-src 'none'") {
		t.Fatalf("%d %v", got.Code, got.Header())
	}
	for _, want := range []string{`<mark class="acts">!channel</mark>`, "<strong>bold</strong>", "<code>a*b</code>", "&lt;b&gt;", "Ana &lt;b&gt;Silva"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(body, "<script>alert") || strings.Contains(body, "style=") || strings.Contains(body, "onclick") {
		t.Error("something of a message is alive")
	}
	for _, bad := range []struct{ method, host, site string }{{http.MethodGet, "evil.example", ""}, {http.MethodPost, "127.0.0.1:8430", "cross-site"}, {http.MethodGet, "10.0.0.1:8430", ""}} {
		if got := ask(bad.method, bad.host, "/user", bad.site); got.Code != http.StatusForbidden && got.Code != http.StatusMethodNotAllowed {
			t.Errorf("%+v: %d", bad, got.Code)
		}
	}
}

func TestUsers(t *testing.T) {
	got, err := Users([]byte(`[{"id":"U1","name":"a","email":"a@corp.example"}]`))
	if err != nil || len(got) != 1 || got[0].Email != "a@corp.example" {
		t.Errorf("%v %v", got, err)
	}
	for _, bad := range []string{"", "{}", `[{"name":"a"}]`} {
		if _, err := Users([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

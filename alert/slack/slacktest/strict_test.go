package slacktest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

const goodBlocks = `[{"type":"section","text":{"type":"mrkdwn","text":"x","verbatim":true}}]`

func good(change map[string]string) url.Values {
	v := url.Values{"channel": {"C0ONE"}, "text": {"x"}, "blocks": {goodBlocks}, "parse": {"none"}, "unfurl_links": {"false"}, "unfurl_media": {"false"}, "metadata": {`{"event_type":"e","event_payload":{"fingerprint":"f","post":"p"}}`}}
	for k, x := range change {
		v.Set(k, x)
	}
	return v
}

// TestStrictness: each mistake is refused with Slack's own code, or complained of where Slack would let it through.
func TestStrictness(t *testing.T) {
	section := func(text string) string {
		return fmt.Sprintf(`{"type":"section","text":{"type":"mrkdwn","text":%q,"verbatim":true}}`, text)
	}
	button := `{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"b","emoji":false},"action_id":"a","value":%q}]}`
	for name, tc := range map[string]struct {
		change    map[string]string
		code      string
		complains bool
	}{
		"good":                {nil, "", false},
		"no such channel":     {map[string]string{"channel": "C0NONE"}, "channel_not_found", false},
		"archived":            {map[string]string{"channel": "C0OLD"}, "is_archived", false},
		"not a member":        {map[string]string{"channel": "C0OUT"}, "not_in_channel", false},
		"no text":             {map[string]string{"text": " "}, "no_text", false},
		"text too long":       {map[string]string{"text": strings.Repeat("é", 4001)}, "msg_too_long", false},
		"parse":               {map[string]string{"parse": "full"}, "invalid_arguments", true},
		"unknown argument":    {map[string]string{"as_user": "true"}, "", true},
		"unfurls":             {map[string]string{"unfurl_links": "true"}, "", true},
		"token in the form":   {map[string]string{"token": "x"}, "", true},
		"51 blocks":           {map[string]string{"blocks": "[" + strings.Repeat(section("x")+",", 50) + section("x") + "]"}, "invalid_blocks", true},
		"section too long":    {map[string]string{"blocks": "[" + section(strings.Repeat("x", 3001)) + "]"}, "invalid_blocks", true},
		"whole too long":      {map[string]string{"blocks": "[" + strings.Repeat(section(strings.Repeat("x", 2900))+",", 4) + section(strings.Repeat("x", 2900)) + "]"}, "msg_blocks_too_long", true},
		"not verbatim":        {map[string]string{"blocks": strings.Replace(goodBlocks, `,"verbatim":true`, "", 1)}, "invalid_blocks", true},
		"unknown field":       {map[string]string{"blocks": strings.Replace(goodBlocks, `"type":"section"`, `"type":"section","x":1`, 1)}, "invalid_blocks", true},
		"unknown block":       {map[string]string{"blocks": `[{"type":"video"}]`}, "invalid_blocks", true},
		"input in a message":  {map[string]string{"blocks": `[{"type":"input"}]`}, "invalid_blocks", true},
		"value too long":      {map[string]string{"blocks": "[" + fmt.Sprintf(button, strings.Repeat("v", 2001)) + "]"}, "invalid_blocks", true},
		"action id twice":     {map[string]string{"blocks": "[" + fmt.Sprintf(button, "1") + "," + fmt.Sprintf(button, "2") + "]"}, "invalid_blocks", true},
		"metadata is missing": {map[string]string{"metadata": ""}, "invalid_metadata_schema", true},
		"no such thread":      {map[string]string{"thread_ts": "1.000001"}, "thread_not_found", false},
	} {
		t.Run(name, func(t *testing.T) {
			complaints := 0
			s := New(Options{Complain: func(string, ...any) { complaints++ }})
			s.AddChannel("C0ONE", "one")
			s.AddChannel("C0OLD", "old").Archived = true
			s.AddChannel("C0OUT", "out").Member = false
			code := call(t, s, "chat.postMessage", good(tc.change), s.o.Token)
			if code != tc.code || (complaints > 0) != tc.complains {
				t.Errorf("%q with %d complaints, want %q, complains %v", code, complaints, tc.code, tc.complains)
			}
		})
	}
}

func call(t *testing.T, s *Server, method string, form url.Values, token string) string {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/"+method, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	_, rest, found := strings.Cut(w.Body.String(), `"error":"`)
	if !found {
		return ""
	}
	code, _, _ := strings.Cut(rest, `"`)
	return code
}

func TestTokensScopesAndPace(t *testing.T) {
	now := time.Unix(1000, 0)
	s := New(Options{Scopes: []string{"chat:write"}, Now: func() time.Time { return now }})
	s.AddChannel("C0ONE", "one")
	for _, step := range []struct {
		method, token, want string
		form                url.Values
		after               time.Duration
	}{
		{"chat.postMessage", "wrong", "invalid_auth", good(nil), 0},
		{"chat.postMessage", s.o.Token, "", good(nil), 0},
		{"chat.postMessage", s.o.Token, "ratelimited", good(nil), 999 * time.Millisecond},
		{"chat.postMessage", s.o.Token, "", good(nil), time.Millisecond},
		{"users.info", s.o.Token, "missing_scope", url.Values{"user": {"U0"}}, 0},
		{"no.such", s.o.Token, "unknown_method", url.Values{}, 0},
	} {
		now = now.Add(step.after)
		if got := call(t, s, step.method, step.form, step.token); got != step.want {
			t.Errorf("%s: %q, want %q", step.method, got, step.want)
		}
	}
}

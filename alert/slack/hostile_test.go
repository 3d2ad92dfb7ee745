package slack

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/alerttest"
	"github.com/grantwatch/grantwatch/alert/slack/slacktest"
)

// hostile are strings that an attacker may write into a log.
var hostile = alerttest.Hostile()

// poisoned is a message with a string in every place that a log can reach.
func poisoned(s string, findings int) *alert.Message {
	m := alerttest.Message(s, findings)
	return &m
}

// all is every kind of message that m can become, with its answers in the thread.
func all(m *alert.Message) (out []rendered) {
	for _, x := range alerttest.Shapes(*m) {
		out = append(out, render(&x, testSeal), renderReply(&x))
	}
	return out
}

func mustBeInert(t testing.TB, s string, r rendered) {
	t.Helper()
	markup, plain := texts(t, r)
	for _, text := range markup {
		if got := alive(text); len(got) > 0 {
			t.Errorf("%.60q: %.300q in %.400q", s, got, text)
		}
	}
	for _, text := range plain {
		if control.MatchString(text) || loud.MatchString(text) || outside["emoji"].MatchString(text) || outside["link"].MatchString(text) || strings.Contains(text, "\n") {
			t.Errorf("%.60q: header %q", s, text)
		}
	}
	mustBeAccepted(t, s, r)
}

func mustBeAccepted(t testing.TB, s string, r rendered) {
	t.Helper()
	raw, err := json.Marshal(r.blocks)
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"text": {r.text}, "blocks": {string(raw)}, "parse": {"none"}, "metadata": {`{"event_type":"grantwatch_alert","event_payload":{"fingerprint":"f","post":"p"}}`}}
	if code, err := slacktest.CheckMessage(form); code != "" {
		t.Errorf("%.60q: %s, %d blocks of %d bytes: %v", s, code, len(r.blocks), len(raw), err)
	}
}

func TestHostileStringsAreInert(t *testing.T) {
	if len(hostile) < 60 {
		t.Fatalf("only %d strings", len(hostile))
	}
	for i, s := range hostile {
		sizes := []int{1} // the contract has one finding of each too; the largest messages are made of some
		if i%24 == 0 {
			sizes = []int{20, 21}
		}
		for _, n := range sizes {
			for _, r := range all(poisoned(s, n)) {
				mustBeInert(t, s, r)
			}
		}
		mustBeInert(t, s, render(poisoned("a "+s+" b "+s, 1), testSeal))
	}
}

// TestCodeIsExact: what needs no change is shown as it is, so that it can be copied.
func TestCodeIsExact(t *testing.T) {
	for in, want := range map[string]string{
		"arn:aws:iam::111122223333:role/a_b*": "`arn:aws:iam::111122223333:role/a_b*`",
		"ana@corp.example":                    "`ana@corp.example`",
		"Zoë Müller 張":                        "`Zoë Müller 張`",
		"a<b":                                 "`a&lt;b`",
		"adm\u200bin":                         "`adm\uFFFDin`",
		"  a \n b ":                           "`a b`",
		"":                                    "",
		" \t":                                 "",
	} {
		if got := code(in, 200); got != want {
			t.Errorf("code(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"Used by ana@corp.example: 3 of 4 actions, 5 > 4, snake_case stays": "Used by ana@corp.example: 3 of 4 actions, 5 &gt; 4, snake_case stays",
		"s3:* on *": "s3∶∗ on ∗",
	} {
		if got := prose(in, 200); got != want {
			t.Errorf("prose(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestTwoNamesStayTwo: hidden characters are marked, not dropped, or "admin" and its impostor would look the same.
func TestTwoNamesStayTwo(t *testing.T) {
	for _, impostor := range []string{"adm\u200bin", "\u202eadmin", "admin\u3164", "adm\u00adin", "admin\x00"} {
		if code(impostor, 100) == code("admin", 100) || prose(impostor, 100) == prose("admin", 100) {
			t.Errorf("%q reads like admin", impostor)
		}
	}
}

func FuzzInert(f *testing.F) {
	for i, s := range hostile {
		if len(s) < 200 && i%10 == 0 {
			f.Add(s, 20)
		}
	}
	f.Fuzz(func(t *testing.T, s string, n int) {
		n = min(max(n, 0), 400)
		for _, got := range []string{code(s, n), prose(s, n)} {
			if found := alive(got); len(found) > 0 || len(got) > n+2 || !utf8.ValidString(got) {
				t.Errorf("%q to %q (%d bytes of %d): %q", s, got, len(got), n, found)
			}
		}
		if got := title(s, n); len(got) > n || control.MatchString(got) || loud.MatchString(got) {
			t.Errorf("title of %q: %q", s, got)
		}
		mustBeInert(t, s, render(poisoned(s, 1), testSeal))
	})
}

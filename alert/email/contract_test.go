package email

import (
	"fmt"
	"mime"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
	"golang.org/x/net/html"

	"github.com/grantwatch/grantwatch/alert/alerttest"
	"github.com/grantwatch/grantwatch/alert/inert"
)

const page = "https://grantwatch.example/finding/1" // of every message of the contract

// TestContract: mail passes what every notifier has to pass. Of mails with one Message-ID a mailbox shows one.
func TestContract(t *testing.T) {
	alerttest.Contract(t, func(t *testing.T) *alerttest.Rig {
		pipe := alerttest.NewPipe()
		s := serveOn(t, pipe, true)
		s.secret = password + alerttest.Canary
		n := notifier(t, s, func(c *Config) {
			c.Dial = pipe.DialContext
			c.Password = func() ([]byte, error) { return []byte(s.secret), nil }
		})
		set := func(f func()) func() { return func() { s.mu.Lock(); defer s.mu.Unlock(); f() } }
		return &alerttest.Rig{
			Notifier: n, Channel: "email:ana@corp.example", Quiet: true, Logs: func() string { return "" }, MaxText: 512 << 10,
			Refuse:  set(func() { s.faults = append(s.faults, &smtp.SMTPError{Code: 554, Message: alerttest.Canary}) }),
			Lose:    set(func() { s.faults = append(s.faults, &smtp.SMTPError{Code: 451, Message: alerttest.Canary}) }),
			Swallow: set(func() { s.cut++ }), Blind: func() {}, // a mail server is never asked
			Block: set(func() {
				hang := make(chan struct{})
				s.hang = hang
				t.Cleanup(func() { close(hang) })
			}),
			Heal: set(func() { s.faults, s.cut, s.hang = nil, 0, nil }),
			Arrived: func() (out []alerttest.Arrived) {
				shown := map[string]bool{}
				for _, m := range s.got() {
					id := m.head.Get("Message-Id")
					if shown[id] {
						continue
					}
					shown[id] = true
					subject, err := new(mime.WordDecoder).DecodeHeader(m.head.Get("Subject"))
					if err != nil {
						t.Error(err)
					}
					out = append(out, alerttest.Arrived{ID: id, Texts: []string{subject, m.plain, m.html}, Closed: strings.Contains(subject, ": over: ")})
				}
				return out
			},
			Inert: alive,
		}
	})
}

// tags are the elements that our own mail is made of.
var tags = map[string]bool{"html": true, "head": true, "meta": true, "title": true, "body": true, "div": true, "p": true, "h1": true, "strong": true, "table": true, "tbody": true, "tr": true, "td": true, "ul": true, "li": true, "a": true, "br": true}

// alive lists what acts in a mail: hidden characters, elements and attributes that are not ours, a link to elsewhere.
func alive(a alerttest.Arrived) (out []string) {
	for i, text := range a.Texts {
		for _, c := range text {
			if c != '\n' && c != '\r' && c != '\uFFFD' && inert.Hidden(c) {
				return []string{fmt.Sprintf("%U in part %d", c, i)}
			}
		}
	}
	if strings.ContainsAny(a.Texts[0], "\r\n") {
		out = append(out, "subject of several lines")
	}
	doc, err := html.Parse(strings.NewReader(a.Texts[2]))
	if err != nil {
		return append(out, err.Error())
	}
	for n := range doc.Descendants() {
		if n.Type == html.CommentNode || n.Type == html.ElementNode && !tags[n.Data] {
			out = append(out, "<"+n.Data+">")
		}
		for _, at := range n.Attr {
			switch {
			case at.Key == "href" && at.Val != page, strings.HasPrefix(at.Key, "on"), at.Key == "src", at.Key == "style" && strings.Contains(at.Val, "url("):
				out = append(out, at.Key+"="+at.Val)
			}
		}
	}
	return out
}

package email

import (
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"go.uber.org/goleak"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var t0 = time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)

func notifier(t *testing.T, s *server, edits ...func(*Config)) *Notifier {
	t.Helper()
	c := Config{Server: s.addr, Roots: s.roots, From: "Grantwatch <alerts@corp.example>", User: "grantwatch", Password: func() ([]byte, error) { return []byte(password + "\n"), nil }}
	for _, e := range edits {
		e(&c)
	}
	n, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func message(reason alert.Reason, digest string) alert.Message {
	full := 1.0
	return alert.Message{
		Key: alert.Key{Channel: "email:ana@corp.example", Fingerprint: "f"}, Reason: reason, Team: "payments", Kind: "UNUSED_GRANT", Cause: "unused-grant", Title: "Nobody uses this grant",
		Severity: access.SeverityHigh, AsOf: t0, At: t0, Digest: digest, Record: alert.Record{Post: "post-1"}, Link: "https://grantwatch.corp.example/findings/1",
		Findings: []access.Finding{{
			Fingerprint: "1", Kind: "UNUSED_GRANT", Severity: access.SeverityHigh, Verdict: access.VerdictUnused, Team: "payments", Title: "Nobody uses this grant", Why: "It was not used in 90 days.",
			Identity: &access.FindingIdentity{UID: "AIDA1", Name: "deploy-bot", Kind: access.Service, Owner: "ana"}, Grant: &access.FindingGrant{ID: "g", Provider: "aws", Account: "111122223333", Permission: "s3:*", Resource: "arn:aws:s3:::invoices/*"},
			Window: &access.Interval{From: t0.AddDate(0, 0, -90), To: t0}, Coverage: &full, CoverageGrade: "C2", FirstSeen: t0.AddDate(0, 0, -3), Proposal: "Detach the policy.", Controls: []string{"PR.AA-05"}, OWASP: []string{"NHI5"},
		}},
	}
}

func TestThread(t *testing.T) {
	s := serve(t, true)
	n := notifier(t, s)
	var prev *alert.Delivery
	for i, m := range []alert.Message{message(alert.ReasonFirst, "a"), message(alert.ReasonChanged, "b"), message(alert.ReasonWorse, "c"), message(alert.ReasonReminder, "c"), message(alert.ReasonResolved, "resolved")} {
		m.At = t0.Add(time.Duration(i) * time.Hour)
		d, err := n.Send(t.Context(), m, prev)
		if err != nil || d.TS == "" || d.Digest != m.Digest {
			t.Fatalf("%s: %+v %v", m.Reason, d, err)
		}
		prev = &d
	}
	mails := s.got()
	if len(mails) != 4 {
		t.Fatalf("%d mails; a change that makes nothing worse needs none", len(mails))
	}
	root := mails[0].head.Get("Message-Id")
	ids := map[string]bool{}
	for i, m := range mails {
		ids[m.head.Get("Message-Id")] = true
		if m.to != "ana@corp.example" || m.from != "alerts@corp.example" || m.head.Get("Auto-Submitted") != "auto-generated" {
			t.Errorf("mail %d from %s to %s: %v", i, m.from, m.to, m.head)
		}
		if want := map[bool]string{true: "", false: root}[i == 0]; m.head.Get("In-Reply-To") != want || m.head.Get("References") != want {
			t.Errorf("mail %d answers %q, want %q", i, m.head.Get("In-Reply-To"), want)
		}
	}
	if len(ids) != 4 {
		t.Errorf("ids %v", ids)
	}
	first := mails[0]
	for _, part := range []string{"HIGH", "payments", "deploy-bot", "s3:* on arn:aws:s3:::invoices/* in aws 111122223333", "It was not used in 90 days.", "100 % of 90 days, grade C2", "Detach the policy.", "NHI5, PR.AA-05", "https://grantwatch.corp.example/findings/1"} {
		if !strings.Contains(first.plain, part) || !strings.Contains(first.html, part) {
			t.Errorf("a part of the mail lacks %q:\n%s\n%s", part, first.plain, first.html)
		}
	}
	if got := first.head.Get("Subject"); got != "[Grantwatch] HIGH payments: Nobody uses this grant (1)" {
		t.Errorf("subject %q", got)
	}
}

func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		set    func(*server, *Config)
		err    string
		perm   bool
		unsure bool
		mails  int
	}{
		"wrong password": {func(_ *server, c *Config) { c.Password = func() ([]byte, error) { return []byte("CANARY-wrong"), nil } }, "smtp_535", true, false, 0},
		"no such mailbox": {func(s *server, _ *Config) {
			s.refuse["ana@corp.example"] = &smtp.SMTPError{Code: 550, Message: "CANARY"}
		}, "smtp_550", true, false, 0},
		"greylisted": {func(s *server, _ *Config) {
			s.refuse["ana@corp.example"] = &smtp.SMTPError{Code: 451, Message: "CANARY"}
		}, "says 451", false, false, 0},
		"full":                {func(s *server, _ *Config) { s.faults = []error{&smtp.SMTPError{Code: 552, Message: "CANARY"}} }, "mailbox is full", true, false, 0},
		"taken, answer lost":  {func(s *server, _ *Config) { s.cut = 1 }, "no answer", false, true, 1},
		"down":                {func(_ *server, c *Config) { c.Server = "127.0.0.1:1" }, "no session with", false, false, 0},
		"certificate unknown": {func(_ *server, c *Config) { c.Roots = nil }, "certificate", false, false, 0},
		"password unreadable": {func(_ *server, c *Config) {
			c.Password = func() ([]byte, error) { return nil, errors.New("no such file") }
		}, "no such file", false, false, 0},
		"TLS before it begins": {func(_ *server, c *Config) { c.TLS = Implicit }, "no session with", false, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, true)
			n := notifier(t, s, func(conf *Config) { c.set(s, conf) })
			_, err := n.Send(t.Context(), message(alert.ReasonFirst, "a"), nil)
			var perm *PermanentError
			if err == nil || !strings.Contains(err.Error(), c.err) || errors.As(err, &perm) != c.perm || errors.Is(err, alert.ErrUnsure) != c.unsure {
				t.Errorf("%v, want %q, permanent %v, unsure %v", err, c.err, c.perm, c.unsure)
			}
			if strings.Contains(fmt.Sprint(err), "CANARY") {
				t.Errorf("the error tells a secret or a stranger's words: %v", err)
			}
			if got := len(s.got()); got != c.mails {
				t.Errorf("%d mails, want %d", got, c.mails)
			}
		})
	}
}

// TestAgainIsTheSameMail: what is sent again after an attempt with an unknown outcome has the same Message-ID.
func TestAgainIsTheSameMail(t *testing.T) {
	s := serve(t, true)
	s.cut = 1
	m := message(alert.ReasonFirst, "a")
	if _, err := notifier(t, s).Send(t.Context(), m, nil); !errors.Is(err, alert.ErrUnsure) {
		t.Fatal(err)
	}
	pending := m.Delivery("", alert.StatusPending)
	if _, err := notifier(t, s).Send(t.Context(), m, &pending); err != nil {
		t.Fatal(err)
	}
	if got := s.got(); len(got) != 2 || got[0].head.Get("Message-Id") != got[1].head.Get("Message-Id") {
		t.Errorf("%d mails with %q", len(got), got[len(got)-1].head.Get("Message-Id"))
	}
}

// TestNoTLSNoMail: a server that offers no TLS gets neither password nor mail.
func TestNoTLSNoMail(t *testing.T) {
	s := serve(t, false)
	if _, err := notifier(t, s).Send(t.Context(), message(alert.ReasonFirst, "a"), nil); err == nil || len(s.got()) != 0 {
		t.Errorf("%v, %d mails", err, len(s.got()))
	}
	relay := notifier(t, s, func(c *Config) { c.TLS, c.User, c.Password = None, "", nil })
	if _, err := relay.Send(t.Context(), message(alert.ReasonFirst, "a"), nil); err != nil || len(s.got()) != 1 {
		t.Errorf("a relay on this machine: %v, %d mails", err, len(s.got()))
	}
}

// TestImplicit: TLS from the first byte.
func TestImplicit(t *testing.T) {
	cert, roots := certificate(t)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	s := serveOn(t, l, false)
	s.roots = roots
	if _, err := notifier(t, s, func(c *Config) { c.TLS = Implicit }).Send(t.Context(), message(alert.ReasonFirst, "a"), nil); err != nil || len(s.got()) != 1 {
		t.Errorf("%v, %d mails", err, len(s.got()))
	}
}

func TestConfig(t *testing.T) {
	secret := func() ([]byte, error) { return nil, nil }
	for want, c := range map[string]Config{
		"no host:port":               {Server: "mail", From: "a@b.example"},
		"no address":                 {Server: "mail:25", From: "nobody"},
		"none of starttls":           {Server: "mail:25", From: "a@b.example", TLS: "maybe"},
		"connection without TLS":     {Server: "mail:25", From: "a@b.example", TLS: None, User: "u", Password: secret},
		"a user needs a password":    {Server: "mail:25", From: "a@b.example", User: "u"},
		`"mail:xyz" is no host:port`: {Server: "mail:xyz", From: "a@b.example"},
	} {
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", c, err, want)
		}
	}
}

// TestHeadersHold: what a log says can end no header and begin none.
func TestHeadersHold(t *testing.T) {
	s := serve(t, true)
	m := message(alert.ReasonFirst, "a")
	m.Title = "x\r\nBcc: evil@evil.example\r\n\r\n<script>alert(1)</script>\u202e"
	m.Findings[0].Title, m.Findings[0].Why = m.Title, "\r\n.\r\nQUIT\r\n<img src=https://evil.example/>"
	if _, err := notifier(t, s).Send(t.Context(), m, nil); err != nil {
		t.Fatal(err)
	}
	got := s.got()
	if len(got) != 1 || got[0].head.Get("Bcc") != "" || strings.Contains(got[0].html, "<script") || strings.Contains(got[0].html, "<img") {
		t.Fatalf("%d mails, %v", len(got), got[0].head)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(got[0].head.Get("Subject"))
	if err != nil || strings.ContainsAny(subject, "\r\n\u202e") {
		t.Errorf("subject %q %v", subject, err)
	}
	for _, channel := range []string{"email:", "email:ana", "email:ana@corp.example, eve@evil.example", "email:Ana <ana@corp.example>", "email:ana@corp.example\r\nBcc: eve@evil.example", "ana@corp.example"} {
		if _, err := Address(channel); err == nil {
			t.Errorf("%q counts as an address", channel)
		}
	}
}

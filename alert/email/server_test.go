package email

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

const password = "CANARY-password"

// server is a mail server: go-smtp's, which is strict about the protocol, with mailboxes and faults.
type server struct {
	t     testing.TB
	addr  string
	roots *tls.Config

	secret string // the password that is right

	mu     sync.Mutex
	faults []error       // one a mail, at its end; nil takes it
	hang   chan struct{} // no answer to a mail before it is closed
	cut    int           // so many mails are taken, and the connection breaks before the answer
	refuse map[string]error
	mails  []letter
	conns  []net.Conn
}

// letter is a mail as a reader's program sees it.
type letter struct {
	from, to    string
	head        mail.Header
	plain, html string
	raw         string
}

type listener struct {
	net.Listener
	s *server
}

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.s.mu.Lock()
		l.s.conns = append(l.s.conns, c)
		l.s.mu.Unlock()
	}
	return c, err
}

// serve starts a server with STARTTLS, or without any TLS.
func serve(t testing.TB, withTLS bool) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, l, withTLS)
}

func serveOn(t testing.TB, l net.Listener, withTLS bool) *server {
	t.Helper()
	s := &server{t: t, refuse: map[string]error{}, secret: password, addr: l.Addr().String()}
	srv := smtp.NewServer(s)
	srv.ErrorLog = log.New(io.Discard, "", 0) // cut connections are meant
	srv.Domain, srv.AllowInsecureAuth, srv.ReadTimeout, srv.WriteTimeout, srv.MaxMessageBytes = "mail.corp.example", false, 10*time.Second, 10*time.Second, 1<<20
	if withTLS {
		cert, roots := certificate(t)
		srv.TLSConfig, s.roots = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, roots
	}
	done := make(chan struct{})
	go func() { _ = srv.Serve(listener{l, s}); close(done) }()
	t.Cleanup(func() { _, _ = srv.Close(), l.Close(); <-done }) // a server that has not begun to serve does not know its listener
	return s
}

func certificate(t testing.TB) (tls.Certificate, *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

func (s *server) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{s: s}, nil }

type session struct {
	s        *server
	from, to string
}

func (x *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (x *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, pass string) error {
		if user != "grantwatch" || pass != x.s.secret {
			return &smtp.SMTPError{Code: 535, Message: "no " + pass}
		}
		return nil
	}), nil
}

func (x *session) Reset()        {}
func (x *session) Logout() error { return nil }

func (x *session) Mail(from string, _ *smtp.MailOptions) error { x.from = from; return nil }

func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.to = to
	return x.s.refuse[to]
}

func (x *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	x.s.mu.Lock()
	hang := x.s.hang
	x.s.mu.Unlock()
	if hang != nil {
		<-hang
		return errors.New("too late")
	}
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	if len(x.s.faults) > 0 {
		fault := x.s.faults[0]
		x.s.faults = x.s.faults[1:]
		if fault != nil {
			return fault
		}
	}
	x.s.mails = append(x.s.mails, read(x.s.t, x.from, x.to, string(raw)))
	if x.s.cut > 0 {
		x.s.cut--
		for _, c := range x.s.conns {
			_ = c.Close()
		}
		return errors.New("cut")
	}
	return nil
}

// read takes a mail apart the way a mailbox does, with the standard library's parsers.
func read(t testing.TB, from, to, raw string) letter {
	out := letter{from: from, to: to, raw: raw}
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Errorf("no mail: %v\n%s", err, raw)
		return out
	}
	out.head = m.Header
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Errorf("content type %q: %v", kind, err)
		return out
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Errorf("part: %v", err)
			return out
		}
		if enc := p.Header.Get("Content-Transfer-Encoding"); enc != "quoted-printable" {
			t.Errorf("encoding %q", enc)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Error(err)
		}
		switch kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type")); kind {
		case "text/plain":
			out.plain = string(body)
		case "text/html":
			out.html = string(body)
		default:
			t.Errorf("a part of type %q", kind)
		}
	}
}

// got are the mails so far.
func (s *server) got() []letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]letter{}, s.mails...)
}

// Package email sends alerts by SMTP. A mail cannot be edited, so that what Slack shows as a change of one message is here a
// thread: the first mail, and answers to it when it gets worse, is reminded of, escalated or over. A change that makes
// nothing worse sends no mail of its own; the next mail tells it.
package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/document"
)

// Prefix begins the channels that are told by e-mail: email:ana@corp.example.
const Prefix = "email:"

const timeout = 30 * time.Second

// The ways to protect the connection.
const (
	STARTTLS = "starttls" // the connection begins in the clear and must be upgraded
	Implicit = "implicit" // TLS from the first byte
	None     = "none"     // for a relay on this machine
)

// Config is what a Notifier needs.
type Config struct {
	Server   string                 // host:port
	TLS      string                 // STARTTLS when empty
	Roots    *tls.Config            // nil means the system's authorities
	From     string                 // address, or "Name <address>"
	User     string                 // no sign-in when empty
	Password func() ([]byte, error) // read at each mail, so that it can be exchanged
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
}

// Notifier sends mail. It is safe for concurrent use.
type Notifier struct {
	Config
	host   string
	port   int
	from   *mail.Address
	domain string // right side of our message ids
}

var _ alert.Notifier = (*Notifier)(nil)

// New makes a Notifier. It connects to nothing yet.
func New(c Config) (*Notifier, error) {
	host, service, err := net.SplitHostPort(c.Server)
	if err != nil || host == "" {
		return nil, fmt.Errorf("email: the server %q is no host:port", c.Server)
	}
	port, err := net.LookupPort("tcp", service)
	if err != nil {
		return nil, fmt.Errorf("email: the server %q is no host:port", c.Server)
	}
	from, err := mail.ParseAddress(c.From)
	if err != nil {
		return nil, fmt.Errorf("email: from %q is no address", c.From)
	}
	switch c.TLS {
	case "":
		c.TLS = STARTTLS
	case STARTTLS, Implicit, None:
	default:
		return nil, fmt.Errorf("email: tls %q is none of starttls, implicit, none", c.TLS)
	}
	if c.TLS == None && c.User != "" {
		return nil, errors.New("email: a password is not sent over a connection without TLS")
	}
	if (c.User == "") != (c.Password == nil) {
		return nil, errors.New("email: a user needs a password, and a password a user")
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	return &Notifier{Config: c, host: host, port: port, from: from, domain: domain}, nil
}

// Address is the address behind a channel; an error when it is none.
func Address(channel string) (*mail.Address, error) {
	rest, ok := strings.CutPrefix(channel, Prefix)
	a, err := mail.ParseAddress(rest)
	if !ok || err != nil || a.Address != rest {
		return nil, fmt.Errorf("email: %q is no address after %s", channel, Prefix)
	}
	return a, nil
}

// Send mails what the message says now. Mail servers are not asked what they have: a mail that is sent again has the
// Message-ID of the first attempt, by which mailboxes show it once.
func (n *Notifier) Send(ctx context.Context, m alert.Message, prev *alert.Delivery) (alert.Delivery, error) {
	to, err := Address(m.Channel)
	if err != nil {
		return alert.Delivery{}, &PermanentError{"address", "write it as email:ana@corp.example"}
	}
	d := document.Of(&m, prev)
	status := alert.StatusSent
	if m.Reason == alert.ReasonResolved {
		status = alert.StatusResolved
	}
	if m.Reason == alert.ReasonChanged && prev != nil && prev.TS != "" {
		return m.Delivery(d.Thread, status), nil
	}
	msg, err := n.letter(to, d, prev != nil && prev.TS != "")
	if err != nil {
		return alert.Delivery{}, err
	}
	if err := n.deliver(ctx, msg); err != nil {
		return alert.Delivery{}, err
	}
	return m.Delivery(d.Thread, status), nil
}

// letter writes the mail; answer puts it into the thread of the first.
func (n *Notifier) letter(to *mail.Address, d *document.Document, answer bool) (*gomail.Msg, error) {
	plain, html, err := render(d)
	if err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(n.from)
	msg.ToMailAddress(to)
	msg.SetDateWithValue(d.At)
	first := "thread." + d.Thread + "@" + n.domain
	if answer {
		msg.SetMessageIDWithValue("event." + d.ID + "@" + n.domain)
		msg.SetGenHeader(gomail.HeaderInReplyTo, "<"+first+">")
		msg.SetGenHeader(gomail.HeaderReferences, "<"+first+">")
	} else {
		msg.SetMessageIDWithValue(first)
	}
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office note answers it
	msg.Subject(subject(d))
	msg.SetBodyString(gomail.TypeTextPlain, plain)
	msg.AddAlternativeString(gomail.TypeTextHTML, html)
	return msg, nil
}

// client makes the client of one mail; connected hears of its connection.
func (n *Notifier) client(connected func(net.Conn)) (*gomail.Client, error) {
	opts := []gomail.Option{gomail.WithPort(n.port), gomail.WithTimeout(timeout), gomail.WithoutNoop(), gomail.WithoutRset()}
	conf := n.Roots
	if conf == nil {
		conf = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if conf.ServerName == "" {
		conf = conf.Clone()
		conf.ServerName = n.host
	}
	opts = append(opts, gomail.WithTLSConfig(conf))
	switch n.TLS {
	case Implicit:
		opts = append(opts, gomail.WithSSL())
	case None:
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	opts = append(opts, gomail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := n.dial(ctx, network, address, conf)
		if err == nil {
			connected(c)
		}
		return c, err
	}))
	if n.User != "" {
		password, err := n.Password()
		if err != nil {
			return nil, fmt.Errorf("email: the password cannot be read: %w", err)
		}
		// Always inside TLS; the library would not know so of a connection that it did not dial itself.
		opts = append(opts, gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256PLUS, gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin), gomail.WithUsername(n.User), gomail.WithPassword(strings.TrimSpace(string(password))))
	}
	return gomail.NewClient(n.host, opts...)
}

func (n *Notifier) dial(ctx context.Context, network, address string, conf *tls.Config) (net.Conn, error) {
	dial := n.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: timeout}).DialContext
	}
	c, err := dial(ctx, network, address)
	if err != nil || n.TLS != Implicit {
		return c, err
	}
	return tls.Client(c, conf), nil // the handshake is made with the first byte that is read
}

func (n *Notifier) deliver(ctx context.Context, msg *gomail.Msg) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("email: %w", err)
	}
	var line net.Conn
	c, err := n.client(func(c net.Conn) { line = c })
	if err != nil {
		return err
	}
	conn, err := c.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return n.judge(ctx, err, false)
	}
	// The library waits for the server as long as its own timeout, whoever has given up meanwhile.
	stop := context.AfterFunc(ctx, func() { _ = line.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	err = c.SendWithSMTPClient(conn, msg)
	// What the server has taken stays taken, whatever comes of the good-bye.
	_ = c.CloseWithSMTPClient(conn)
	if err != nil {
		return n.judge(ctx, err, true)
	}
	return nil
}

var _ alert.Undeliverable = (*PermanentError)(nil)

// PermanentError is a refusal that repeating does not change.
type PermanentError struct {
	Code string // such as smtp_550
	Hint string
}

func (e *PermanentError) Error() string { return "email: " + e.Code + ": " + e.Hint }

// Undeliverable says what whoever runs Grantwatch should do.
func (e *PermanentError) Undeliverable() (code, hint string) { return e.Code, e.Hint }

// judge tells for good from for now, and what was not taken from what may have been. The server's own words are left out:
// they could say anything.
func (n *Notifier) judge(ctx context.Context, err error, connected bool) error {
	var sent *gomail.SendError
	var answer *textproto.Error
	code := 0
	switch {
	case errors.As(err, &sent):
		code = sent.ErrorCode()
	case errors.As(err, &answer):
		code = answer.Code
	}
	switch {
	case code >= 500:
		return &PermanentError{fmt.Sprintf("smtp_%d", code), hint(code)}
	case code >= 400:
		return fmt.Errorf("email: the server says %d and will take it later", code)
	case connected && sent != nil && (sent.Reason == gomail.ErrSMTPDataClose || sent.Reason == gomail.ErrWriteContent):
		return fmt.Errorf("%w: email: no answer to the mail's end", alert.ErrUnsure)
	case ctx.Err() != nil:
		return fmt.Errorf("email: %w", ctx.Err())
	case connected:
		return fmt.Errorf("email: the connection broke before the mail was handed over")
	}
	return fmt.Errorf("email: no session with %s (%s): %w", n.Server, n.TLS, err)
}

func hint(code int) string {
	switch code {
	case 530, 534, 535, 538:
		return "the server does not accept the sign-in; check user and password"
	case 550, 551, 553, 554:
		return "the server refuses the recipient or the sender; check the address and what the server may relay"
	case 552:
		return "the mailbox is full or the mail too large"
	}
	return "the server refuses it; its own log says why"
}

package kafka

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// The mechanisms of SASL.
const (
	Plain       = "plain"
	SCRAM256    = "scram-sha-256"
	SCRAM512    = "scram-sha-512"
	OAuthBearer = "oauthbearer"
)

// SASL says how to sign in. Secrets are files and are read at each sign-in, so that they can be exchanged at any time.
type SASL struct {
	Mechanism    string
	User         string
	PasswordFile string
	TokenFile    string // oauthbearer
}

// TLS says how to encrypt. The client's certificate is read at each handshake.
type TLS struct {
	CAFile     string // the system's authorities when empty
	CertFile   string // with KeyFile: the client's own certificate
	KeyFile    string
	ServerName string
}

func (s *SASL) validate(t *TLS) error {
	if t != nil && (t.CertFile == "") != (t.KeyFile == "") {
		return errors.New("kafka: a certificate needs its key, and a key its certificate")
	}
	if s == nil {
		return nil
	}
	switch s.Mechanism {
	case Plain, SCRAM256, SCRAM512:
		if s.User == "" || s.PasswordFile == "" {
			return fmt.Errorf("kafka: %s needs a user and a password file", s.Mechanism)
		}
	case OAuthBearer:
		if s.TokenFile == "" {
			return errors.New("kafka: oauthbearer needs a token file")
		}
	default:
		return fmt.Errorf("kafka: SASL mechanism %q is none of plain, scram-sha-256, scram-sha-512, oauthbearer", s.Mechanism)
	}
	return nil
}

// secret reads a secret's file. Its content is in no error.
func secret(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("kafka: %w", err)
	}
	if b = bytes.TrimSpace(b); len(b) == 0 {
		return "", fmt.Errorf("kafka: %s is empty", file)
	}
	return string(b), nil
}

func (s *SASL) mechanism() sasl.Mechanism {
	login := func(context.Context) (scram.Auth, error) {
		pass, err := secret(s.PasswordFile)
		return scram.Auth{User: s.User, Pass: pass}, err
	}
	switch s.Mechanism {
	case SCRAM256:
		return scram.Sha256(login)
	case SCRAM512:
		return scram.Sha512(login)
	case OAuthBearer:
		return oauth.Oauth(func(context.Context) (oauth.Auth, error) {
			token, err := secret(s.TokenFile)
			return oauth.Auth{Token: token}, err
		})
	}
	return plain.Plain(func(context.Context) (plain.Auth, error) {
		pass, err := secret(s.PasswordFile)
		return plain.Auth{User: s.User, Pass: pass}, err
	})
}

// Security are the options of a client that signs in and encrypts as this configuration says.
func (c *Config) Security() ([]kgo.Opt, error) {
	if err := c.SASL.validate(c.TLS); err != nil {
		return nil, err
	}
	return c.security()
}

// security makes the client's options. Files that are wrong are said at once and not at the first connection.
func (c *Config) security() ([]kgo.Opt, error) {
	var opts []kgo.Opt
	if c.TLS != nil {
		conf, err := c.TLS.config()
		if err != nil {
			return nil, err
		}
		opts = append(opts, kgo.DialTLSConfig(conf))
	}
	if c.SASL != nil {
		file := c.SASL.PasswordFile
		if c.SASL.Mechanism == OAuthBearer {
			file = c.SASL.TokenFile
		}
		if _, err := secret(file); err != nil {
			return nil, err
		}
		opts = append(opts, kgo.SASL(c.SASL.mechanism()))
	}
	return opts, nil
}

func (t *TLS) config() (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("kafka: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("kafka: %s holds no certificate", t.CAFile)
		}
	}
	if t.CertFile != "" {
		load := func() (*tls.Certificate, error) {
			cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
			if err != nil {
				return nil, fmt.Errorf("kafka: certificate %s and key %s: %w", t.CertFile, t.KeyFile, err)
			}
			return &cert, nil
		}
		if _, err := load(); err != nil {
			return nil, err
		}
		conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return load() }
	}
	return conf, nil
}

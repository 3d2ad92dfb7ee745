package datasource

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/grantwatch/grantwatch/store"
)

// Settings are those of one data source, as Grafana keeps them.
type Settings struct {
	// Server is clickhouse://host:9000/database, or http(s)://host:8123/database, without a password.
	Server   string `json:"server"`
	Username string `json:"username"`
	// ForwardIdentity makes whoever looks decide what is seen, by Scopes. Without it everybody sees DefaultTeams.
	ForwardIdentity bool        `json:"forwardIdentity"`
	Scopes          []ScopeRule `json:"scopes"`
	// DefaultTeams are what is seen by those whom no rule names, and by alert rules. None, unless said; "*" is every team.
	DefaultTeams []string `json:"defaultTeams"`
	// IdentityToken takes the user from a signed token instead of Grafana's word.
	IdentityToken *TokenSettings `json:"identityToken"`

	TLSSkipVerify     bool   `json:"tlsSkipVerify"`
	TLSAuth           bool   `json:"tlsAuth"`
	TLSAuthWithCACert bool   `json:"tlsAuthWithCACert"`
	ServerName        string `json:"serverName"`

	QueryTimeoutSeconds int `json:"queryTimeoutSeconds"` // 10 when zero
	PollSeconds         int `json:"pollSeconds"`         // of streams; 5 when zero

	password string
	tls      *tls.Config
}

// ScopeRule gives teams to users, by login or e-mail address, and to roles of the organisation.
type ScopeRule struct {
	Users []string `json:"users"`
	Roles []string `json:"roles"`
	Teams []string `json:"teams"`
}

// TokenSettings say which header has a token that names the user, and who must have signed it.
type TokenSettings struct {
	Header   string `json:"header"` // X-Grafana-Id or Authorization
	JWKSURL  string `json:"jwksUrl"`
	Issuer   string `json:"issuer"`
	Audience string `json:"audience"`
}

// readSettings checks what Grafana keeps. Its errors name keys and never values that are secret.
func readSettings(in backend.DataSourceInstanceSettings) (*Settings, error) {
	s := &Settings{}
	if len(in.JSONData) > 0 {
		if err := json.Unmarshal(in.JSONData, s); err != nil {
			return nil, fmt.Errorf("the settings cannot be read: %w", err)
		}
	}
	s.password = in.DecryptedSecureJSONData["password"]
	if err := s.checkServer(); err != nil {
		return nil, err
	}
	for i, r := range s.Scopes {
		if len(r.Users) == 0 && len(r.Roles) == 0 {
			return nil, fmt.Errorf("scopes: rule %d names neither users nor roles", i+1)
		}
	}
	if t := s.IdentityToken; t != nil {
		if err := t.check(); err != nil {
			return nil, fmt.Errorf("identityToken: %w", err)
		}
		if !s.ForwardIdentity {
			return nil, errors.New("identityToken needs forwardIdentity: a token that decides nothing would only look safe")
		}
	}
	if s.QueryTimeoutSeconds < 0 || s.QueryTimeoutSeconds > 300 {
		return nil, errors.New("queryTimeoutSeconds: 1 to 300")
	}
	if s.PollSeconds < 0 || s.PollSeconds > 3600 {
		return nil, errors.New("pollSeconds: 1 to 3600")
	}
	if err := s.readTLS(in.DecryptedSecureJSONData); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Settings) checkServer() error {
	if strings.TrimSpace(s.Server) == "" {
		return errors.New("server: the address of the ClickHouse server is missing")
	}
	u, err := url.Parse(strings.TrimSpace(s.Server))
	if err != nil || u.Host == "" {
		return errors.New("server: it is no address such as clickhouse://host:9000/grantwatch or https://host:8443/grantwatch")
	}
	switch u.Scheme {
	case "clickhouse", "http", "https":
	default:
		return errors.New("server: clickhouse://, http:// and https:// are spoken here")
	}
	if _, has := u.User.Password(); has || u.Query().Has("password") {
		return errors.New("server: a password does not belong into the address, where everybody reads it: use the field for it")
	}
	return nil
}

func (s *Settings) readTLS(secrets map[string]string) error {
	if !s.TLSSkipVerify && !s.TLSAuth && !s.TLSAuthWithCACert && s.ServerName == "" {
		return nil
	}
	s.tls = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: s.ServerName, InsecureSkipVerify: s.TLSSkipVerify} //nolint:gosec // only where an administrator says so
	if s.TLSAuthWithCACert {
		s.tls.RootCAs = x509.NewCertPool()
		if !s.tls.RootCAs.AppendCertsFromPEM([]byte(secrets["tlsCACert"])) {
			return errors.New("tlsCACert: there is no certificate in it")
		}
	}
	if s.TLSAuth {
		pair, err := tls.X509KeyPair([]byte(secrets["tlsClientCert"]), []byte(secrets["tlsClientKey"]))
		if err != nil {
			return errors.New("tlsClientCert, tlsClientKey: they are no pair of certificate and key")
		}
		s.tls.Certificates = []tls.Certificate{pair}
	}
	return nil
}

func (t *TokenSettings) check() error {
	switch {
	case t.Header != "X-Grafana-Id" && t.Header != "Authorization":
		return errors.New("header: X-Grafana-Id or Authorization")
	case t.JWKSURL == "":
		return errors.New("jwksUrl: without keys nobody can tell a token from a forged one")
	case t.Issuer == "" && t.Audience == "":
		return errors.New("issuer, audience: one of them at least")
	}
	u, err := url.Parse(t.JWKSURL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return errors.New("jwksUrl: it is no https:// address")
	}
	return nil
}

// options are the store's. User and password travel in the DSN, which the store never prints.
func (s *Settings) options() store.Options {
	u, err := url.Parse(strings.TrimSpace(s.Server))
	if err != nil {
		return store.Options{} // checkServer has parsed it before
	}
	user := s.Username
	if user == "" && u.User != nil {
		user = u.User.Username()
	}
	u.User = nil
	if user != "" || s.password != "" {
		if user == "" {
			user = "default"
		}
		u.User = url.UserPassword(user, s.password)
	}
	return store.Options{DSN: u.String(), TLS: s.tls, LookOnly: true, MaxConns: 2, PanelConns: 4, Retry: store.Retry{Connect: 3 * time.Second}}
}

func (s *Settings) timeout() time.Duration {
	if s.QueryTimeoutSeconds == 0 {
		return 10 * time.Second
	}
	return time.Duration(s.QueryTimeoutSeconds) * time.Second
}

func (s *Settings) poll() time.Duration {
	if s.PollSeconds == 0 {
		return 5 * time.Second
	}
	return time.Duration(s.PollSeconds) * time.Second
}

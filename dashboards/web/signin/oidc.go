package signin

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/grantwatch/grantwatch/detect/ledger"
)

// OIDCConfig says who vouches for readers, and what their groups may see.
type OIDCConfig struct {
	Issuer       string
	ClientID     string
	ClientSecret func() (string, error) // read anew at each sign-in; nil for a public client, which has PKCE only
	RedirectURL  string
	Scopes       []string // besides openid
	GroupsClaim  string
	Groups       map[string][]string // group → teams
	Admins       []string            // groups that see everything
	Board        []string            // groups that read the board's reports
	HTTP         *http.Client
	Now          func() time.Time
	Folder       *Folder // shared with other processes behind the page's address; memory when nil
	// SignedOut is where the provider sends browsers back to after they were signed out there; empty signs nobody out there.
	SignedOut string
}

// algorithms are the signatures that are taken, whatever the provider offers: none that a client secret makes, and not none.
var algorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA}

// A sign-in that was begun may take this long.
const (
	beginFor  = 10 * time.Minute
	skew      = time.Minute
	exchanges = 15 * time.Second
)

// OIDC signs readers in with the authorization code flow, PKCE, state and nonce.
type OIDC struct {
	c     OIDCConfig
	begun *begun

	mu       sync.Mutex
	provider *oidc.Provider
}

// NewOIDC makes a sign-in; the provider is asked for its addresses at the first use, so that the page starts without it.
func NewOIDC(c OIDCConfig) *OIDC {
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: exchanges}
	}
	if c.GroupsClaim == "" {
		c.GroupsClaim = "groups"
	}
	if len(c.Scopes) == 0 {
		c.Scopes = []string{"profile", "email"}
	}
	o := &OIDC{c: c, begun: &begun{newMemory()}}
	if c.Folder != nil {
		o.begun.shelf = c.Folder
	}
	return o
}

// discover finds the provider's addresses and keys. The provider checks that the document speaks for this issuer.
func (o *OIDC) discover(ctx context.Context) (*oidc.Provider, error) {
	o.mu.Lock()
	p := o.provider
	o.mu.Unlock()
	if p != nil {
		return p, nil
	}
	// The provider keeps this context for fetching keys later: it must not end with the request.
	p, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), o.c.HTTP), o.c.Issuer)
	if err != nil {
		return nil, fmt.Errorf("the identity provider does not answer as %s: %w", o.c.Issuer, err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.provider = p
	return p, nil
}

func (o *OIDC) oauth(p *oidc.Provider) (*oauth2.Config, error) {
	oc := &oauth2.Config{ClientID: o.c.ClientID, Endpoint: p.Endpoint(), RedirectURL: o.c.RedirectURL, Scopes: append([]string{oidc.ScopeOpenID}, o.c.Scopes...)}
	if o.c.ClientSecret != nil {
		secret, err := o.c.ClientSecret()
		if err != nil {
			return nil, err
		}
		oc.ClientSecret = secret
	}
	// The library would try one way after the other. A code or a refresh token that is refused is not to be sent twice.
	var more struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := p.Claims(&more); err != nil {
		return nil, fmt.Errorf("the identity provider's document cannot be read: %w", err)
	}
	oc.Endpoint.AuthStyle = oauth2.AuthStyleInHeader // what holds where the document does not say
	if oc.ClientSecret == "" || len(more.Methods) > 0 && !slices.Contains(more.Methods, "client_secret_basic") && slices.Contains(more.Methods, "client_secret_post") {
		oc.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return oc, nil
}

// Begin gives the provider's address to send the browser to, and what the browser must keep as a cookie until it is back.
// to is where the reader wanted to go.
func (o *OIDC) Begin(ctx context.Context, to string) (address, kept string, err error) {
	p, err := o.discover(ctx)
	if err != nil {
		return "", "", err
	}
	oc, err := o.oauth(p)
	if err != nil {
		return "", "", err
	}
	a := attempt{State: random(), Verifier: oauth2.GenerateVerifier(), Nonce: random(), To: to, At: o.c.Now()}
	if kept, err = o.begun.keep(a); err != nil {
		return "", "", err
	}
	return oc.AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), kept, nil
}

// ErrNobody is the error of a reader who was vouched for and may see nothing.
var ErrNobody = errors.New("no team is mapped to your groups")

// Finish takes the browser back from the provider, with what it kept. Each sign-in can be finished once.
func (o *OIDC) Finish(ctx context.Context, r *http.Request, kept string) (Reader, Proof, string, error) {
	q := r.URL.Query()
	a, err := o.begun.take(kept, q.Get("state"), o.c.Now())
	if err != nil {
		return Reader{}, Proof{}, "", err
	}
	if iss := q.Get("iss"); iss != "" && iss != o.c.Issuer { // RFC 9207: the answer of another provider
		return Reader{}, Proof{}, "", errors.New("the answer comes from another identity provider")
	}
	if e := q.Get("error"); e != "" {
		return Reader{}, Proof{}, "", fmt.Errorf("the identity provider refused: %.60q", e)
	}
	proof, err := o.exchange(ctx, q.Get("code"), a)
	if err != nil {
		return Reader{}, Proof{}, "", err
	}
	if err := o.begun.finish(a.State, o.c.Now()); err != nil {
		return Reader{}, Proof{}, "", err
	}
	reader, err := o.ReaderOf(proof)
	return reader, proof, a.To, err
}

func (o *OIDC) exchange(ctx context.Context, code string, a attempt) (Proof, error) {
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, o.c.HTTP), exchanges)
	defer cancel()
	p, err := o.discover(ctx)
	if err != nil {
		return Proof{}, err
	}
	oc, err := o.oauth(p)
	if err != nil {
		return Proof{}, err
	}
	tok, err := oc.Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return Proof{}, errors.New("the identity provider does not take its own code") // what it answers may hold secrets
	}
	raw, _ := tok.Extra("id_token").(string)
	if raw == "" {
		return Proof{}, errors.New("the identity provider gave no id token")
	}
	id, err := o.verified(ctx, p, raw, tok)
	if err != nil {
		return Proof{}, err
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(a.Nonce)) != 1 {
		return Proof{}, errors.New("the id token was made for another sign-in")
	}
	proof, err := o.proof(id)
	proof.IDToken, proof.Refresh = raw, tok.RefreshToken
	return proof, err
}

// verified is an id token whose signature, issuer, audience and times hold.
func (o *OIDC) verified(ctx context.Context, p *oidc.Provider, raw string, tok *oauth2.Token) (*oidc.IDToken, error) {
	id, err := p.Verifier(&oidc.Config{ClientID: o.c.ClientID, SupportedSigningAlgs: algorithms, Now: o.c.Now}).Verify(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("the id token does not hold: %w", err)
	}
	return id, o.soundToken(id, tok)
}

// soundToken checks what the library leaves to its caller.
func (o *OIDC) soundToken(id *oidc.IDToken, tok *oauth2.Token) error {
	if id.IssuedAt.After(o.c.Now().Add(skew)) {
		return errors.New("the id token comes from the future: compare the clocks")
	}
	if id.Subject == "" {
		return errors.New("the id token names nobody")
	}
	var more struct {
		AZP string `json:"azp"`
	}
	if err := id.Claims(&more); err != nil {
		return fmt.Errorf("the id token cannot be read: %w", err)
	}
	if (len(id.Audience) > 1 || more.AZP != "") && more.AZP != o.c.ClientID {
		return errors.New("the id token was made for another client")
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(tok.AccessToken); err != nil {
			return errors.New("the id token belongs to another access token")
		}
	}
	return nil
}

// proof is what claims say of a reader.
func (o *OIDC) proof(id *oidc.IDToken) (Proof, error) {
	var claims map[string]any
	if err := id.Claims(&claims); err != nil {
		return Proof{}, fmt.Errorf("the id token cannot be read: %w", err)
	}
	p := Proof{Issuer: id.Issuer, Subject: id.Subject, Checked: o.c.Now()}
	o.read(&p, claims)
	return p, nil
}

// read takes name and groups from claims.
func (o *OIDC) read(p *Proof, claims map[string]any) {
	p.Name = p.Subject
	for _, k := range []string{"email", "preferred_username", "name"} {
		if s, ok := claims[k].(string); ok && s != "" {
			p.Name = s
			break
		}
	}
	p.Groups = nil
	switch g := claims[o.c.GroupsClaim].(type) {
	case string:
		p.Groups = []string{g}
	case []any:
		for _, v := range g {
			if s, ok := v.(string); ok {
				p.Groups = append(p.Groups, s)
			}
		}
	}
}

// ReaderOf is what somebody may see by the groups that the provider named, as the configuration is now.
func (o *OIDC) ReaderOf(p Proof) (Reader, error) {
	r := Reader{Name: p.Name, ID: p.Issuer + " " + p.Subject}
	if p.Issuer != o.c.Issuer {
		return r, errors.New("another identity provider vouched for this reader")
	}
	var teams []string
	for _, g := range p.Groups {
		teams = append(teams, o.c.Groups[g]...)
		if slices.Contains(o.c.Admins, g) {
			r.Scope.All = true
		}
		if slices.Contains(o.c.Board, g) {
			r.Board = true
		}
	}
	if r.Scope.All {
		r.Scope = ledger.Everything
	} else {
		r.Scope = ledger.TeamScope(teams...)
	}
	if !r.May() {
		return r, ErrNobody
	}
	return r, nil
}

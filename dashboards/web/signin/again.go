package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// ErrRefused is the error of a reader for whom the provider does not vouch any more.
var ErrRefused = errors.New("the identity provider does not vouch for this reader any more")

// asking again is done while a reader waits.
const againFor = 5 * time.Second

// Again asks the provider whether it still vouches for a reader, and with which groups. The refresh token that it is asked
// with may be good for one use: the caller holds the session meanwhile and keeps the proof that comes back.
func (o *OIDC) Again(ctx context.Context, old Proof) (Proof, error) {
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, o.c.HTTP), againFor)
	defer cancel()
	p, err := o.discover(ctx)
	if err != nil {
		return old, err
	}
	oc, err := o.oauth(p)
	if err != nil {
		return old, err
	}
	tok, err := oc.TokenSource(ctx, &oauth2.Token{RefreshToken: old.Refresh}).Token()
	if refused := (*oauth2.RetrieveError)(nil); errors.As(err, &refused) && (refused.ErrorCode == "invalid_grant" || refused.ErrorCode == "interaction_required" || refused.ErrorCode == "login_required") {
		return old, ErrRefused
	}
	if err != nil {
		return old, errors.New("the identity provider does not answer for a reader") // what it answers may hold secrets
	}
	next := old
	if tok.RefreshToken != "" {
		next.Refresh = tok.RefreshToken
	}
	raw, _ := tok.Extra("id_token").(string)
	if raw == "" {
		return o.byUserInfo(ctx, p, tok, next)
	}
	id, err := o.verified(ctx, p, raw, tok)
	switch {
	case err != nil:
		return next, fmt.Errorf("%w: %w", ErrRefused, err)
	case id.Subject != old.Subject: // OpenID Connect Core 12.2
		return next, fmt.Errorf("%w: the new id token names somebody else", ErrRefused)
	}
	fresh, err := o.proof(id)
	if err != nil {
		return next, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	fresh.Refresh, fresh.IDToken = next.Refresh, raw
	return fresh, nil
}

// byUserInfo is for providers that give no id token with a new access token.
func (o *OIDC) byUserInfo(ctx context.Context, p *oidc.Provider, tok *oauth2.Token, next Proof) (Proof, error) {
	info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(tok))
	if err != nil {
		return next, errors.New("the identity provider says nothing of a reader")
	}
	if info.Subject != next.Subject {
		return next, fmt.Errorf("%w: it names somebody else", ErrRefused)
	}
	var claims map[string]any
	if err := info.Claims(&claims); err != nil {
		return next, fmt.Errorf("%w: what it says cannot be read", ErrRefused)
	}
	o.read(&next, claims)
	next.Checked = o.c.Now()
	return next, nil
}

// longestHint is how long an id token may be to travel in an address.
const longestHint = 4000

// EndSession is the provider's address at which a reader is signed out there too, by OpenID Connect RP-Initiated Logout;
// empty when the provider publishes none.
func (o *OIDC) EndSession(ctx context.Context, proof Proof) string {
	if o.c.SignedOut == "" {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, againFor)
	defer cancel()
	p, err := o.discover(ctx)
	if err != nil {
		return ""
	}
	var more struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := p.Claims(&more); err != nil {
		return ""
	}
	u, err := url.Parse(more.EndSession)
	issuer, _ := url.Parse(o.c.Issuer) // it was discovered by it
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != issuer.Scheme {
		return ""
	}
	q := u.Query()
	q.Set("client_id", o.c.ClientID)
	q.Set("post_logout_redirect_uri", o.c.SignedOut)
	if proof.IDToken != "" && len(proof.IDToken) <= longestHint {
		q.Set("id_token_hint", proof.IDToken)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// size of a proof in a record: a provider that puts thousands of groups into a token must not fill the disk.
const longestProof = 64 << 10

// Fits reports whether a proof is small enough to be kept.
func (p Proof) Fits() bool {
	b, err := json.Marshal(p)
	return err == nil && len(b) <= longestProof
}

// Package providertest is an OpenID Connect provider for tests. It speaks the protocol strictly (discovery, authorization,
// token endpoint with PKCE and client authentication, keys that rotate) and can be told to lie in every way that a client
// must notice.
package providertest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Provider is one identity provider with one client.
type Provider struct {
	*httptest.Server
	ClientID, Secret string
	Redirect         string
	Now              func() time.Time

	mu      sync.Mutex
	subject string
	claims  map[string]any
	lie     func(claims map[string]any)
	sign    func(payload []byte) string
	issuer  string // that the discovery document states, when it lies
	keys    []signingKey
	codes   map[string]grant
	fetched int // how often the keys were asked for
}

type signingKey struct {
	id  string
	key *ecdsa.PrivateKey
}

type grant struct {
	redirect, nonce, challenge string
	at                         time.Time
}

// New starts a provider. The test's end stops it when its caller closes it.
func New(now func() time.Time) *Provider {
	p := &Provider{ClientID: "grantwatch", Secret: "s3cret & + é", Now: now, codes: map[string]grant{}, subject: "u-1", claims: map[string]any{}}
	p.Rotate(false)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.jwks)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewServer(mux)
	return p
}

// Is says who signs in next, and with which claims besides the standard ones.
func (p *Provider) Is(subject string, claims map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.subject, p.claims, p.lie, p.sign = subject, claims, nil, nil
}

// Lie changes the claims of the tokens that follow; sign, when not nil, signs them in its own way.
func (p *Provider) Lie(change func(claims map[string]any), sign func(payload []byte) string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lie, p.sign = change, sign
}

// Pose makes the discovery document speak for another issuer.
func (p *Provider) Pose(issuer string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.issuer = issuer
}

// Rotate makes a new signing key; keep leaves the old ones published, so that what they signed still holds.
func (p *Provider) Rotate(keep bool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !keep {
		p.keys = nil
	}
	p.keys = append(p.keys, signingKey{fmt.Sprintf("k%d", time.Now().UnixNano()), key})
}

// Key is the key that signs now.
func (p *Provider) Key() (id string, key *ecdsa.PrivateKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.keys[len(p.keys)-1]
	return k.id, k.key
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client has gone when this fails
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	issuer := p.issuer
	p.mu.Unlock()
	if issuer == "" {
		issuer = p.URL
	}
	reply(w, http.StatusOK, map[string]any{
		"issuer": issuer, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "code_challenge_methods_supported": []string{"S256"},
		"id_token_signing_alg_values_supported": []string{"ES256", "HS256", "none"}, // a client must not take what it is offered
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic"}, "authorization_response_iss_parameter_supported": true,
	})
}

func (p *Provider) jwks(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fetched++
	var set jose.JSONWebKeySet
	for _, k := range p.keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.key.Public(), KeyID: k.id, Algorithm: "ES256", Use: "sig"})
	}
	reply(w, http.StatusOK, set)
}

// authorize checks everything that the client has to send, signs whoever is set in at once and sends the browser back.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	for key, want := range map[string]string{"response_type": "code", "client_id": p.ClientID, "redirect_uri": p.Redirect, "code_challenge_method": "S256"} {
		if q.Get(key) != want {
			http.Error(w, fmt.Sprintf("%s is %q, want %q", key, q.Get(key), want), http.StatusBadRequest)
			return
		}
	}
	if len(q.Get("state")) < 32 || len(q.Get("nonce")) < 32 || len(q.Get("code_challenge")) != 43 {
		http.Error(w, "state, nonce or code_challenge is missing or short", http.StatusBadRequest)
		return
	}
	if q.Get("state") == q.Get("nonce") {
		http.Error(w, "state and nonce are one", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	p.mu.Lock()
	p.codes[code] = grant{q.Get("redirect_uri"), q.Get("nonce"), q.Get("code_challenge"), p.Now()}
	p.mu.Unlock()
	http.Redirect(w, r, p.Redirect+"?"+url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {p.URL}}.Encode(), http.StatusFound)
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	fail := func(e string) { reply(w, http.StatusBadRequest, map[string]string{"error": e}) }
	id, secret, ok := r.BasicAuth()
	id, _ = url.QueryUnescape(id)
	secret, _ = url.QueryUnescape(secret)
	if !ok || id != p.ClientID || secret != p.Secret {
		fail("invalid_client")
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	g, known := p.codes[r.PostFormValue("code")]
	delete(p.codes, r.PostFormValue("code")) // a code is used once
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	switch {
	case r.PostFormValue("grant_type") != "authorization_code":
		fail("unsupported_grant_type")
	case !known || p.Now().Sub(g.at) > time.Minute || r.PostFormValue("redirect_uri") != g.redirect || base64.RawURLEncoding.EncodeToString(sum[:]) != g.challenge:
		fail("invalid_grant")
	default:
		reply(w, http.StatusOK, map[string]any{"access_token": "at-" + g.nonce, "token_type": "Bearer", "expires_in": 300, "id_token": p.idToken(g)})
	}
}

func (p *Provider) idToken(g grant) string {
	now := p.Now()
	half := sha256.Sum256([]byte("at-" + g.nonce))
	claims := map[string]any{"iss": p.URL, "sub": p.subject, "aud": p.ClientID, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "nonce": g.nonce, "at_hash": base64.RawURLEncoding.EncodeToString(half[:16])}
	maps.Copy(claims, p.claims)
	if p.lie != nil {
		p.lie(claims)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err) // plain values
	}
	if p.sign != nil {
		return p.sign(payload)
	}
	k := p.keys[len(p.keys)-1]
	return Sign(jose.ES256, k.key, k.id, payload)
}

// Sign makes a token.
func Sign(alg jose.SignatureAlgorithm, key any, id string, payload []byte) string {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: id}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		panic(err) // the caller's key fits its algorithm
	}
	sig, err := s.Sign(payload)
	if err != nil {
		panic(err)
	}
	out, err := sig.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return out
}

// Unsigned makes a token that claims to need no signature.
func Unsigned(payload []byte) string {
	e := base64.RawURLEncoding
	return e.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + e.EncodeToString(payload) + "."
}

// ByPublicKey signs with HMAC and the bytes of the published key as the secret: the classic confusion.
func (p *Provider) ByPublicKey(payload []byte) string {
	k := p.keys[len(p.keys)-1]
	raw, err := k.key.PublicKey.ECDH()
	if err != nil {
		panic(err)
	}
	return Sign(jose.HS256, raw.Bytes(), k.id, payload)
}

// Stranger signs with a key that the provider never published, under the id of one that it did.
func (p *Provider) Stranger(payload []byte) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return Sign(jose.ES256, crypto.Signer(key), p.keys[len(p.keys)-1].id, payload)
}

// Groups are group claims as providers write them.
func Groups(names ...string) map[string]any { return map[string]any{"groups": slices.Clone(names)} }

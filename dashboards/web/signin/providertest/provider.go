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
	"strings"
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

	refresh   map[string]string // refresh token → subject; each is good for one use
	spent     map[string]bool   // those that were used: seen again, all of their family are void
	taken     int               // refresh tokens
	signedOut []string          // subjects
	quiet     quiet
}

// quiet is what the provider leaves out or refuses.
type quiet struct {
	refresh  bool // no refresh tokens
	idToken  bool // none with a refreshed access token: the client has to ask for the user's information
	down     bool // the token endpoint does not answer
	disabled bool // the account is, so that nothing is refreshed
	endless  bool // no way to sign out is published
}

// SignedOut are the subjects that were signed out here.
func (p *Provider) SignedOut() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.signedOut)
}

// Asked is how often a refresh token was taken.
func (p *Provider) Asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken
}

// Quiet changes what the provider leaves out: "refresh", "idToken", "down", "disabled", "endless". None is everything again.
func (p *Provider) Quiet(what ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	has := func(w string) bool { return slices.Contains(what, w) }
	p.quiet = quiet{has("refresh"), has("idToken"), has("down"), has("disabled"), has("endless")}
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
	mux.HandleFunc("GET /userinfo", p.userInfo)
	mux.HandleFunc("GET /logout", p.logout)
	p.refresh, p.spent = map[string]string{}, map[string]bool{}
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
	issuer, endless := p.issuer, p.quiet.endless
	p.mu.Unlock()
	if issuer == "" {
		issuer = p.URL
	}
	doc := map[string]any{
		"issuer": issuer, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "code_challenge_methods_supported": []string{"S256"},
		"id_token_signing_alg_values_supported": []string{"ES256", "HS256", "none"}, // a client must not take what it is offered
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic"}, "authorization_response_iss_parameter_supported": true,
		"userinfo_endpoint": p.URL + "/userinfo", "end_session_endpoint": p.URL + "/logout",
	}
	if endless {
		delete(doc, "end_session_endpoint")
	}
	reply(w, http.StatusOK, doc)
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
	if p.quiet.down {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if r.PostFormValue("grant_type") == "refresh_token" {
		p.refreshed(w, r.PostFormValue("refresh_token"))
		return
	}
	g, known := p.codes[r.PostFormValue("code")]
	delete(p.codes, r.PostFormValue("code")) // a code is used once
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	switch {
	case r.PostFormValue("grant_type") != "authorization_code":
		fail("unsupported_grant_type")
	case !known || p.Now().Sub(g.at) > time.Minute || r.PostFormValue("redirect_uri") != g.redirect || base64.RawURLEncoding.EncodeToString(sum[:]) != g.challenge:
		fail("invalid_grant")
	default:
		out := map[string]any{"access_token": "at-" + g.nonce, "token_type": "Bearer", "expires_in": 300, "id_token": p.idToken(g)}
		if !p.quiet.refresh {
			out["refresh_token"] = p.newRefresh(p.subject)
		}
		reply(w, http.StatusOK, out)
	}
}

func (p *Provider) newRefresh(subject string) string {
	token := "rt-" + rand.Text()
	p.refresh[token] = subject
	return token
}

// refreshed takes a refresh token, which is good for one use. One that comes again was stolen, or a client asked twice: all
// refresh tokens of the subject are void then, as RFC 9700 wants it.
func (p *Provider) refreshed(w http.ResponseWriter, token string) {
	subject, known := p.refresh[token]
	if p.spent[token] {
		for t, s := range p.refresh {
			if s == subject {
				delete(p.refresh, t)
			}
		}
	}
	if !known || p.spent[token] || p.quiet.disabled {
		reply(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	p.spent[token] = true
	p.taken++
	next := p.newRefresh(subject)
	access := "rat-" + next
	out := map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 300, "refresh_token": next}
	if !p.quiet.idToken {
		now := p.Now()
		claims := map[string]any{"iss": p.URL, "sub": subject, "aud": p.ClientID, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()}
		maps.Copy(claims, p.claims)
		if p.lie != nil {
			p.lie(claims)
		}
		payload, err := json.Marshal(claims)
		if err != nil {
			panic(err) // plain values
		}
		k := p.keys[len(p.keys)-1]
		out["id_token"] = Sign(jose.ES256, k.key, k.id, payload)
	}
	reply(w, http.StatusOK, out)
}

// userInfo answers for whoever has a refreshed access token.
func (p *Provider) userInfo(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer rat-")
	subject, known := p.refresh[token]
	if !ok || !known {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	claims := map[string]any{"sub": subject}
	maps.Copy(claims, p.claims)
	if p.lie != nil {
		p.lie(claims)
	}
	reply(w, http.StatusOK, claims)
}

// logout is OpenID Connect RP-Initiated Logout: it believes a hint that it signed itself, and sends nobody to an address that
// is not registered.
func (p *Provider) logout(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p.mu.Lock()
	defer p.mu.Unlock()
	back := strings.TrimSuffix(p.Redirect, "/signin/callback") + "/signout"
	if q.Get("post_logout_redirect_uri") != back || q.Get("client_id") != p.ClientID {
		http.Error(w, "not registered", http.StatusBadRequest)
		return
	}
	signed, err := jose.ParseSignedCompact(q.Get("id_token_hint"), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, k := range p.keys {
		if payload, err := signed.Verify(k.key.Public()); err == nil {
			var claims struct{ Sub string }
			if json.Unmarshal(payload, &claims) == nil {
				p.signedOut = append(p.signedOut, claims.Sub)
				http.Redirect(w, r, back, http.StatusFound)
				return
			}
		}
	}
	http.Error(w, "this hint is not ours", http.StatusBadRequest)
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

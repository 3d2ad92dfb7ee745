package datasource

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// tokens verify who somebody is by a signed token.
type tokens struct {
	header   string
	verifier *oidc.IDTokenVerifier
}

func newTokens(t *TokenSettings) *tokens {
	if t == nil {
		return nil
	}
	// The keys are fetched when they are needed, and again when a token names one that is not known.
	ctx := oidc.ClientContext(context.Background(), &http.Client{Timeout: 5 * time.Second})
	config := &oidc.Config{
		ClientID: t.Audience, SkipClientIDCheck: t.Audience == "", SkipIssuerCheck: t.Issuer == "",
		SupportedSigningAlgs: []string{oidc.ES256, oidc.ES384, oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.EdDSA},
	}
	return &tokens{t.Header, oidc.NewVerifier(t.Issuer, oidc.NewRemoteKeySet(ctx, t.JWKSURL), config)}
}

// user is the user of whom Grafana speaks, as far as the token confirms it.
func (t *tokens) user(ctx context.Context, value string, said *backend.User) (*backend.User, error) {
	raw := strings.TrimSpace(value)
	if len(raw) > 7 && strings.EqualFold(raw[:7], "bearer ") {
		raw = strings.TrimSpace(raw[7:])
	}
	if raw == "" {
		return nil, fmt.Errorf("there is no token in %s: who you are cannot be known", t.header)
	}
	token, err := t.verifier.Verify(ctx, raw)
	if err != nil {
		return nil, errors.New("the token was refused: it is not signed by whom it should be, is for somebody else, or has expired")
	}
	var claims struct {
		Email     string `json:"email"`
		Verified  *bool  `json:"email_verified"`
		Username  string `json:"username"`
		Preferred string `json:"preferred_username"`
		Login     string `json:"login"`
	}
	if err := token.Claims(&claims); err != nil {
		return nil, errors.New("the token has no claims that can be read")
	}
	email, login := claims.Email, firstOf(claims.Username, claims.Login, claims.Preferred)
	if claims.Verified != nil && !*claims.Verified {
		email = ""
	}
	return confirm(said, login, email)
}

// confirm keeps of what Grafana says of a user that which the token says too. E-mail addresses go before logins, which
// an identity provider and Grafana may have two of; where neither is in both, the token is another's.
func confirm(said *backend.User, login, email string) (*backend.User, error) {
	same := func(a, b string) bool { return a != "" && fold(a) == fold(b) }
	u := &backend.User{Name: said.Name, Role: said.Role} // roles are of the organisation, which only Grafana knows
	if same(said.Email, email) {
		u.Email = said.Email
	}
	if same(said.Login, login) {
		u.Login = said.Login
	}
	if u.Email == "" && (u.Login == "" || email != "" && said.Email != "") {
		return nil, errors.New("the token is another user's than the one who is signed in")
	}
	return u, nil
}

func firstOf(v ...string) string {
	for _, s := range v {
		if s != "" {
			return s
		}
	}
	return ""
}

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

// user is whom the token names. Grafana's own word must agree where both say something, so that a token of one user is
// not taken for another's.
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
	u := &backend.User{Email: claims.Email, Login: firstOf(claims.Username, claims.Login, claims.Preferred)}
	if claims.Verified != nil && !*claims.Verified {
		u.Email = ""
	}
	if u.Login == "" && u.Email == "" {
		return nil, errors.New("the token names neither a login nor an e-mail address")
	}
	if said == nil {
		return u, nil
	}
	if u.Email != "" && said.Email != "" && fold(u.Email) != fold(said.Email) || u.Email == "" && fold(u.Login) != fold(said.Login) {
		return nil, errors.New("the token is another user's than the one who is signed in")
	}
	u.Role = said.Role // roles are of the organisation, which only Grafana knows
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

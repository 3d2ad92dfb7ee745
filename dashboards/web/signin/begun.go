package signin

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"
)

// begun keeps sign-ins that were begun where they cannot pile up: sealed, in a cookie of the browser that began each. Only
// those that were finished are remembered, so that none is finished twice. Processes that share a folder share both, so
// that one may finish what another began.
type begun struct{ shelf shelf }

// attempt is one sign-in under way.
type attempt struct {
	State    string    `json:"s"`
	Verifier string    `json:"v"`
	Nonce    string    `json:"n"`
	To       string    `json:"t"`
	At       time.Time `json:"a"`
}

const aboutBegun = "grantwatch sign-in"

func (b *begun) keep(a attempt) (string, error) {
	plain, err := json.Marshal(a)
	if err != nil {
		return "", err
	}
	keys, err := b.shelf.keys(a.At)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(seal(aead(keys[0]), plain, aboutBegun)), nil
}

var errNotBegun = errors.New("this sign-in was not begun in this browser, or was finished already")

// take opens what a browser kept, if it belongs to the state that came back with it.
func (b *begun) take(kept, state string, now time.Time) (attempt, error) {
	var a attempt
	raw, err := base64.RawURLEncoding.DecodeString(kept)
	if err != nil {
		return a, errNotBegun
	}
	keys, err := b.shelf.keys(now)
	if err != nil {
		return a, err
	}
	var plain []byte
	for _, key := range keys {
		if plain, err = unseal(aead(key), raw, aboutBegun); err == nil {
			break
		}
	}
	if err != nil || json.Unmarshal(plain, &a) != nil || subtle.ConstantTimeCompare([]byte(a.State), []byte(state)) != 1 {
		return attempt{}, errNotBegun
	}
	if age := now.Sub(a.At); age >= beginFor || age < -skew {
		return attempt{}, errors.New("this sign-in took too long")
	}
	return a, nil
}

// finish marks a sign-in as used; an error when it was before.
func (b *begun) finish(state string, now time.Time) error {
	h := sha256.Sum256([]byte(state))
	switch first, err := b.shelf.once("state-"+hex.EncodeToString(h[:]), now); {
	case err != nil:
		return err
	case !first:
		return errNotBegun
	}
	return nil
}

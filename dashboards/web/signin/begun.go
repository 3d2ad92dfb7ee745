package signin

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"sync"
	"time"
)

// begun keeps sign-ins that were begun where they cannot pile up: sealed, in a cookie of the browser that began each. Only
// those that were finished are remembered here, so that none is finished twice.
type begun struct {
	seal cipher.AEAD

	mu   sync.Mutex
	done map[string]time.Time // by state
}

// attempt is one sign-in under way.
type attempt struct {
	State    string    `json:"s"`
	Verifier string    `json:"v"`
	Nonce    string    `json:"n"`
	To       string    `json:"t"`
	At       time.Time `json:"a"`
}

func newBegun() *begun {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the key has the right length
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the right block size
	}
	return &begun{seal: seal, done: map[string]time.Time{}}
}

func (b *begun) keep(a attempt) (string, error) {
	plain, err := json.Marshal(a)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, b.seal.NonceSize())
	_, _ = rand.Read(nonce)
	return base64.RawURLEncoding.EncodeToString(b.seal.Seal(nonce, nonce, plain, nil)), nil
}

var errNotBegun = errors.New("this sign-in was not begun in this browser, or was finished already")

// take opens what a browser kept, if it belongs to the state that came back with it, and uses it up.
func (b *begun) take(kept, state string, now time.Time) (attempt, error) {
	var a attempt
	raw, err := base64.RawURLEncoding.DecodeString(kept)
	if err != nil || len(raw) < b.seal.NonceSize() {
		return a, errNotBegun
	}
	n := b.seal.NonceSize()
	plain, err := b.seal.Open(nil, raw[:n], raw[n:], nil)
	if err != nil || json.Unmarshal(plain, &a) != nil || subtle.ConstantTimeCompare([]byte(a.State), []byte(state)) != 1 {
		return a, errNotBegun
	}
	if age := now.Sub(a.At); age >= beginFor || age < -skew {
		return a, errors.New("this sign-in took too long")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, used := b.done[state]; used {
		return a, errNotBegun
	}
	return a, nil
}

// finish marks a sign-in as used; false when it was meanwhile.
func (b *begun) finish(state string, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for s, at := range b.done {
		if now.Sub(at) > 2*beginFor {
			delete(b.done, s)
		}
	}
	if _, used := b.done[state]; used {
		return false
	}
	b.done[state] = now
	return true
}

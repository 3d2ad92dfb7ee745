package signin

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"sync"
	"time"
)

// maxSessions bounds what is kept; past it the session that was idle longest ends.
const maxSessions = 10_000

// sweepEvery is how often a sign-in clears away what has ended.
const sweepEvery = 10 * time.Minute

// Sessions are those who are signed in. A cookie holds nothing but a random key. From the key come the name of the session's
// record and the key that the record is sealed with, so that whoever copies all records has none of them. In a Folder
// they outlive the process and are shared; without one they live in memory, and a restart signs everybody out.
type Sessions struct {
	Idle, Absolute time.Duration
	Now            func() time.Time
	Folder         *Folder

	mu     sync.Mutex
	memory *memory
	swept  time.Time
}

// Session is one signed-in browser.
type Session struct {
	Reader Reader
	// Form is what every form that changes something must send back: another site cannot know it.
	Form  string
	Proof Proof
	Began time.Time
	Until time.Time // no later than this, whatever happens: a token's own end
}

// Proof is what a reader showed, so that what it allows is decided anew at every request and not once for all.
type Proof struct {
	Token string // hexadecimal hash of a local token

	Issuer, Subject, Name string    // who the identity provider says it is
	Groups                []string  // that it named
	Checked               time.Time // when it last said so
	Tried                 time.Time // when it was last asked in vain
	Refresh               string    // for asking it again
	IDToken               string    // for signing out there
}

func random() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func (s *Sessions) shelf() shelf {
	if s.Folder != nil {
		return s.Folder
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.memory == nil {
		s.memory = newMemory()
	}
	return s.memory
}

// nameOf is under which name the session of a key lies. It says nothing of the key.
func nameOf(key string) string {
	h := sha256.Sum256([]byte("grantwatch session\x00" + key))
	return hex.EncodeToString(h[:])
}

func sealOf(key string) cipher.AEAD {
	derived, err := hkdf.Key(sha256.New, []byte(key), nil, "grantwatch session seal", 32)
	if err != nil {
		panic(err) // the length is a constant
	}
	return aead([32]byte(derived))
}

func aead(key [32]byte) cipher.AEAD {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the key has the right length
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the right block size
	}
	return seal
}

func seal(with cipher.AEAD, plain []byte, about string) []byte {
	nonce := make([]byte, with.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return with.Seal(nonce, nonce, plain, []byte(about))
}

var errSealed = errors.New("it was sealed with another key")

func unseal(with cipher.AEAD, data []byte, about string) ([]byte, error) {
	n := with.NonceSize()
	if len(data) < n {
		return nil, errSealed
	}
	plain, err := with.Open(nil, data[:n], data[n:], []byte(about))
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}

// Begin opens a session under a new key for a reader who is not asked again. Whoever was signed in before in that browser
// must be ended by the caller.
func (s *Sessions) Begin(r Reader, until time.Time) (key string) {
	key, err := s.Open(Session{Reader: r, Until: until})
	if err != nil {
		slog.Error("sessions of the page", "error", err)
	}
	return key
}

// Open opens a session under a new key.
func (s *Sessions) Open(ses Session) (key string, err error) {
	key = random()
	now := s.Now()
	ses.Form, ses.Began = random(), now
	s.makeRoom(now)
	return key, s.write(key, &ses, now)
}

func (s *Sessions) write(key string, ses *Session, seen time.Time) error {
	plain, err := json.Marshal(ses)
	if err != nil {
		return err
	}
	id := nameOf(key)
	return s.shelf().put(id, seal(sealOf(key), plain, id), seen)
}

func (s *Sessions) load(key string) (*Session, time.Time, error) {
	id := nameOf(key)
	data, seen, err := s.shelf().get(id)
	if err != nil {
		return nil, seen, err
	}
	plain, err := unseal(sealOf(key), data, id)
	if err != nil {
		return nil, seen, err
	}
	ses := &Session{}
	return ses, seen, json.Unmarshal(plain, ses)
}

// makeRoom ends what was idle for too long and, if that is not enough, the session that was idle longest.
func (s *Sessions) makeRoom(now time.Time) {
	shelf := s.shelf()
	full := shelf.count() >= maxSessions
	s.mu.Lock()
	due := now.Sub(s.swept) >= sweepEvery || now.Before(s.swept)
	if due || full {
		s.swept = now
	}
	s.mu.Unlock()
	if !due && !full {
		return
	}
	var oldest string
	var at time.Time
	left := 0
	err := shelf.each(func(id string, seen time.Time) {
		if now.Sub(seen) >= s.Idle {
			_ = shelf.remove(id) // it is tried again at the next sweep, and opens nothing meanwhile
			return
		}
		left++
		if at.IsZero() || seen.Before(at) {
			oldest, at = id, seen
		}
	})
	if left >= maxSessions {
		err = errors.Join(err, shelf.remove(oldest))
	}
	if err = errors.Join(err, shelf.sweep(now)); err != nil {
		slog.Error("sessions of the page", "error", err)
	}
}

func (s *Sessions) expired(ses *Session, seen, now time.Time) bool {
	return now.Sub(seen) >= s.Idle || now.Sub(ses.Began) >= s.Absolute || !ses.Until.IsZero() && !now.Before(ses.Until) || now.Before(ses.Began)
}

// Of gives the session of a cookie's key; nil when there is none, or it has ended. What cannot be read is no session.
func (s *Sessions) Of(key string) *Session {
	if key == "" || len(key) > 100 {
		return nil
	}
	now := s.Now()
	ses, seen, err := s.load(key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		slog.Error("sessions of the page", "error", err)
		return nil
	case s.expired(ses, seen, now):
		s.End(key)
		return nil
	}
	if now.Sub(seen) >= s.Idle/60 { // a page with its pictures need not be written down ten times
		if err := s.shelf().touch(nameOf(key), now); err != nil && !errors.Is(err, fs.ErrNotExist) {
			slog.Error("sessions of the page", "error", err)
		}
	}
	return ses
}

// Renew changes a session while nobody else can, in this process or another. change is given the session as it is then, and
// says whether it is to be written. Nil when it has ended meanwhile.
func (s *Sessions) Renew(key string, change func(*Session) (write bool)) (*Session, error) {
	release, err := s.shelf().lock(nameOf(key))
	if err != nil {
		return nil, err
	}
	defer release()
	ses := s.Of(key)
	if ses == nil || !change(ses) {
		return ses, nil
	}
	return ses, s.write(key, ses, s.Now())
}

// End closes a session, for every process that shares it.
func (s *Sessions) End(key string) {
	if err := s.shelf().remove(nameOf(key)); err != nil {
		slog.Error("a session of the page cannot be ended", "error", err)
	}
}

// Count is how many are open.
func (s *Sessions) Count() int { return s.shelf().count() }

// Ours reports whether a form came from a page of this session.
func (s *Session) Ours(form string) bool {
	return form != "" && subtle.ConstantTimeCompare([]byte(form), []byte(s.Form)) == 1
}

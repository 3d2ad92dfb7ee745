package signin

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"sync"
	"time"
)

// maxSessions bounds what is remembered; past it the session that was idle longest ends.
const maxSessions = 10_000

// Sessions are those who are signed in. They live in memory: a restart signs everybody out. A cookie holds nothing but a
// random key, and only its hash is kept, so that a copy of the memory's index is no key.
type Sessions struct {
	Idle, Absolute time.Duration
	Now            func() time.Time

	mu   sync.Mutex
	open map[[32]byte]*Session
}

// Session is one signed-in browser.
type Session struct {
	Reader Reader
	// Form is what every form that changes something must send back: another site cannot know it.
	Form string

	began, seen time.Time
	until       time.Time // no later than this, whatever happens: a token's own end
}

func random() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Begin opens a session under a new key. Whoever was signed in before in that browser must be ended by the caller.
func (s *Sessions) Begin(r Reader, until time.Time) (key string) {
	key = random()
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[[32]byte]*Session{}
	}
	if len(s.open) >= maxSessions {
		s.makeRoom(now)
	}
	s.open[sha256.Sum256([]byte(key))] = &Session{Reader: r, Form: random(), began: now, seen: now, until: until}
	return key
}

// makeRoom ends what has expired and, if that is not enough, the session that was idle longest.
func (s *Sessions) makeRoom(now time.Time) {
	var oldest [32]byte
	var at time.Time
	for k, ses := range s.open {
		if s.expired(ses, now) {
			delete(s.open, k)
		} else if at.IsZero() || ses.seen.Before(at) {
			oldest, at = k, ses.seen
		}
	}
	if len(s.open) >= maxSessions {
		delete(s.open, oldest)
	}
}

func (s *Sessions) expired(ses *Session, now time.Time) bool {
	return now.Sub(ses.seen) >= s.Idle || now.Sub(ses.began) >= s.Absolute || !ses.until.IsZero() && !now.Before(ses.until) || now.Before(ses.began)
}

// Of gives the session of a cookie's key; nil when there is none, or it has ended.
func (s *Sessions) Of(key string) *Session {
	if key == "" {
		return nil
	}
	now, h := s.Now(), sha256.Sum256([]byte(key))
	s.mu.Lock()
	defer s.mu.Unlock()
	ses := s.open[h]
	if ses == nil {
		return nil
	}
	if s.expired(ses, now) {
		delete(s.open, h)
		return nil
	}
	ses.seen = now
	copied := *ses
	return &copied
}

// End closes a session.
func (s *Sessions) End(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, sha256.Sum256([]byte(key)))
}

// Count is how many are open.
func (s *Sessions) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// Ours reports whether a form came from a page of this session.
func (s *Session) Ours(form string) bool {
	return form != "" && subtle.ConstantTimeCompare([]byte(form), []byte(s.Form)) == 1
}

package push

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Hash is the SHA-256 of a token. Tokens themselves are not kept.
type Hash [sha256.Size]byte

// HashToken hashes a token as TokenFile does.
func HashToken(token string) Hash { return sha256.Sum256([]byte(token)) }

// How often a token file is looked at, and what it may hold.
const (
	lookEvery     = time.Second
	tokenFileSize = 64 << 10
	mostTokens    = 16
)

// TokenFile is a file of tokens, one a line, all of them in force: put the new one below the old one, move the senders
// over, take the old one out. The file is read again when it has changed. Empty lines and lines that begin with "# "
// are left out. A file that has been emptied revokes every token; one that cannot be read revokes none.
type TokenFile struct {
	path string
	now  func() time.Time

	mu     sync.Mutex
	hashes []Hash
	looked time.Time
	mark   mark
	empty  mark // what an empty file looked like when it was first seen: it may be one that is just being written
	err    error
}

type mark struct {
	size int64
	mod  time.Time
}

// NewTokenFile reads a file of tokens.
func NewTokenFile(path string, now func() time.Time) (*TokenFile, error) {
	t := &TokenFile{path: path, now: now, looked: now()}
	st, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("push: tokens: %w", err)
	}
	if t.hashes, err = readTokens(path); err != nil {
		return nil, err
	}
	if len(t.hashes) == 0 {
		return nil, fmt.Errorf("push: tokens: %s has none: write one a line", path)
	}
	t.mark = mark{st.Size(), st.ModTime()}
	return t, nil
}

// Hashes returns the hashes of the tokens in force. The file is looked at once a second at most, unless fresh asks for
// it: a token that is not known may be the one that was just added.
func (t *TokenFile) Hashes(fresh bool) []Hash {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := t.now(); fresh || now.Sub(t.looked) >= lookEvery || now.Before(t.looked) {
		t.look(now.Sub(t.looked) >= lookEvery)
		t.looked = now
	}
	return t.hashes
}

// Err is why the file could not be read the last time; nil when it could.
func (t *TokenFile) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

func (t *TokenFile) look(later bool) {
	st, err := os.Stat(t.path)
	if err != nil {
		t.err = fmt.Errorf("push: tokens: %w; the last good ones stay in force", err)
		return
	}
	m := mark{st.Size(), st.ModTime()}
	if m == t.mark {
		t.err = nil
		return
	}
	hashes, err := readTokens(t.path)
	if err != nil {
		t.err = fmt.Errorf("%w; the last good ones stay in force", err)
		return
	}
	if len(hashes) == 0 && (m != t.empty || !later) {
		t.empty = m
		return
	}
	t.hashes, t.mark, t.err = hashes, m, nil
}

func readTokens(path string) ([]Hash, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("push: tokens: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, tokenFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("push: tokens: %w", err)
	}
	if len(text) > tokenFileSize {
		return nil, fmt.Errorf("push: tokens: %s is longer than %d bytes", path, tokenFileSize)
	}
	hashes, err := hashTokens(text)
	clear(text)
	if err != nil {
		return nil, fmt.Errorf("push: tokens: %s: %w", path, err)
	}
	return hashes, nil
}

// hashTokens hashes the lines. No error of it holds any of the text.
func hashTokens(text []byte) ([]Hash, error) {
	var out []Hash
	n := 0
	for line := range bytes.Lines(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))) {
		n++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || bytes.Equal(line, []byte("#")) || bytes.HasPrefix(line, []byte("# ")) {
			continue
		}
		for _, c := range line {
			if c <= ' ' || c >= 0x7f {
				return nil, fmt.Errorf("line %d: a token is printable ASCII without blanks", n)
			}
		}
		if len(out) == mostTokens {
			return nil, errors.New("more than 16 tokens are in force: take old ones out")
		}
		out = append(out, sha256.Sum256(line))
	}
	return out, nil
}

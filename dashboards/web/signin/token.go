package signin

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/grantwatch/grantwatch/detect/ledger"
)

// Tokens are the local tokens of a file, one a line:
//
//	NAME sha256:HEX teams=payments,platform [board] [expires=2027-01-31]
//	NAME sha256:HEX teams=* …
//
// The file holds hashes only. A token is long and random, so that a plain hash of it tells nothing. The file is read again
// when it changes; while the new one is wrong, nobody gets in by token, and the reason is in the log.
type Tokens struct {
	file  string
	teams func(string) bool
	now   func() time.Time
	tries tries

	mu     sync.Mutex
	list   []token
	err    error
	size   int64
	mod    time.Time
	looked time.Time
}

type token struct {
	name    string
	hash    [32]byte
	reader  Reader
	expires time.Time
}

// minToken is the shortest token that is looked at: 128 bits as base64.
const minToken = 22

// lookEvery is how often the file is looked at.
const lookEvery = time.Second

// NewTokens reads a file of tokens. known says which teams there are.
func NewTokens(file string, known func(team string) bool, now func() time.Time) (*Tokens, error) {
	t := &Tokens{file: file, teams: known, now: now}
	t.look()
	return t, t.err
}

func (t *Tokens) look() {
	st, err := os.Stat(t.file)
	if err != nil {
		t.list, t.err, t.mod = nil, fmt.Errorf("page tokens: %w", err), time.Time{}
		return
	}
	if st.Size() == t.size && st.ModTime().Equal(t.mod) && t.err == nil {
		return
	}
	data, err := os.ReadFile(t.file)
	if err == nil {
		t.list, err = parseTokens(t.file, data, t.teams)
	}
	t.err, t.size, t.mod = err, st.Size(), st.ModTime()
	if err != nil {
		t.list = nil
	}
}

func parseTokens(file string, data []byte, known func(string) bool) ([]token, error) {
	var out []token
	names, hashes := map[string]bool{}, map[[32]byte]bool{}
	sc := bufio.NewScanner(bytes.NewReader(data))
	for line := 1; sc.Scan(); line++ {
		text := strings.TrimSpace(sc.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		tk, err := parseToken(strings.Fields(text), known)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s:%d: %w", file, line, err)
		case names[tk.name]:
			return nil, fmt.Errorf("%s:%d: the name %s is used twice", file, line, tk.name)
		case hashes[tk.hash]:
			return nil, fmt.Errorf("%s:%d: this token is there twice", file, line)
		}
		names[tk.name], hashes[tk.hash] = true, true
		out = append(out, tk)
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: no token: write NAME sha256:HEX teams=TEAM,TEAM a line", file)
	}
	return out, nil
}

func parseToken(fields []string, known func(string) bool) (token, error) {
	var t token
	if len(fields) < 3 {
		return t, fmt.Errorf("a line is NAME sha256:HEX teams=TEAM,TEAM; the hash of a token is printed by sha256sum")
	}
	t.name = fields[0]
	hex64, ok := strings.CutPrefix(fields[1], "sha256:")
	raw, err := hex.DecodeString(hex64)
	if !ok || err != nil || len(raw) != len(t.hash) {
		return t, fmt.Errorf("the second word is sha256: and 64 hexadecimal digits; a token itself never stands in this file")
	}
	copy(t.hash[:], raw)
	t.reader = Reader{Name: t.name, ID: "token " + t.name}
	for _, f := range fields[2:] {
		key, value, _ := strings.Cut(f, "=")
		switch {
		case f == "board":
			t.reader.Board = true
		case f == "teams=*":
			t.reader.Scope = ledger.Everything
		case key == "teams":
			list := strings.Split(value, ",")
			for _, team := range list {
				if !known(team) {
					return t, fmt.Errorf("team %q is not defined under teams", team)
				}
			}
			t.reader.Scope = ledger.TeamScope(list...)
		case key == "expires":
			if t.expires, err = time.Parse("2006-01-02", value); err != nil {
				return t, fmt.Errorf("expires=%s is no date such as 2027-01-31", value)
			}
			t.expires = t.expires.AddDate(0, 0, 1) // the day itself still counts
		default:
			return t, fmt.Errorf("%q is not known here; known: teams=, board, expires=", f)
		}
	}
	if !t.reader.May() {
		return t, fmt.Errorf("this token may see nothing: teams=TEAM,TEAM, teams=* or board")
	}
	return t, nil
}

// Wait says how long an address must wait before it may try a token; 0 when it may.
func (t *Tokens) Wait(from netip.Addr) time.Duration { return t.tries.wait(from, t.now()) }

// Holds says what a token whose hash is known may still do: the file may have changed since it was shown. While the file
// cannot be read nobody gets in by token, and err says so.
func (t *Tokens) Holds(hash string) (r Reader, until time.Time, ok bool, err error) {
	now := t.now()
	t.mu.Lock()
	if now.Sub(t.looked) >= lookEvery || now.Before(t.looked) {
		t.look()
		t.looked = now
	}
	list, err := t.list, t.err
	t.mu.Unlock()
	for i := range list {
		if subtle.ConstantTimeCompare([]byte(hash), []byte(hex.EncodeToString(list[i].hash[:]))) == 1 && (list[i].expires.IsZero() || now.Before(list[i].expires)) {
			r, until, ok = list[i].reader, list[i].expires, true
		}
	}
	return r, until, ok, err
}

// HashOf is the hash under which a token stands in the file.
func HashOf(given string) string {
	h := sha256.Sum256([]byte(given))
	return hex.EncodeToString(h[:])
}

// Check says whose a token is and until when it holds. Every known token is compared, whatever the first letters are.
func (t *Tokens) Check(from netip.Addr, given string) (r Reader, until time.Time, ok bool, err error) {
	now := t.now()
	t.mu.Lock()
	if now.Sub(t.looked) >= lookEvery || now.Before(t.looked) {
		t.look()
		t.looked = now
	}
	list, err := t.list, t.err
	t.mu.Unlock()
	h := sha256.Sum256([]byte(given))
	for i := range list {
		if subtle.ConstantTimeCompare(h[:], list[i].hash[:]) == 1 && len(given) >= minToken && (list[i].expires.IsZero() || now.Before(list[i].expires)) {
			r, until, ok = list[i].reader, list[i].expires, true
		}
	}
	if !ok {
		t.tries.wrong(from, now)
	}
	return r, until, ok, err
}

package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"regexp"
	"strings"

	"github.com/grantwatch/grantwatch/alert"
)

// sealer makes and checks the values of buttons. A value says what is asked for and carries a tag over that, over the
// message's key and over the one post that it stands in. So a value cannot be made up, cannot be turned into another verb
// or time, and means nothing in another message. The key of the message itself is in the message's metadata, which only
// the application can write.
type sealer struct{ key []byte }

// newSealer derives the key from the bot's token: every process that alerts for the same application has it, and a token
// that is replaced makes the buttons of old messages worthless, until their next edit.
func newSealer(token string) *sealer {
	h := hmac.New(sha256.New, []byte(token))
	h.Write([]byte("grantwatch slack buttons 1"))
	return &sealer{h.Sum(nil)}
}

const tagBytes = 16

func (s *sealer) tag(parts ...string) string {
	h := hmac.New(sha256.New, s.key)
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p))) // with lengths, so that no two lists of parts read the same
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:tagBytes])
}

// anchor is the message that a value belongs to.
type anchor struct {
	key  alert.Key
	post string
}

// value is what a button carries: verb, argument and tag.
func (s *sealer) value(a anchor, verb alert.Verb, arg string) string {
	return string(verb) + "." + arg + "." + s.tag("button", a.key.Channel, a.key.Fingerprint, a.post, string(verb), arg)
}

var word = regexp.MustCompile(`^[a-z0-9_]{0,24}$`)

// open checks a value that came back.
func (s *sealer) open(a anchor, value string) (verb alert.Verb, arg string, ok bool) {
	parts := strings.Split(value, ".")
	if len(parts) != 3 || !word.MatchString(parts[0]) || !word.MatchString(parts[1]) {
		return "", "", false
	}
	verb, arg = alert.Verb(parts[0]), parts[1]
	want := s.value(a, verb, arg)
	if !hmac.Equal([]byte(want), []byte(value)) {
		return "", "", false
	}
	return verb, arg, true
}

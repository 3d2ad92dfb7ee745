package webhook

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// secretPrefix marks a secret that is written in base64, as the specification has it. One without it is taken as it stands.
const secretPrefix = "whsec_"

const minSecret = 24 // bytes, the least that the specification allows

// keys reads the secrets that sign now: two while one takes the place of the other.
func (n *Notifier) keys() ([][]byte, error) {
	text, err := n.Secrets()
	if err != nil {
		return nil, fmt.Errorf("webhook %s: its secret cannot be read: %w", n.Name, err)
	}
	var out [][]byte
	for line := range bytes.Lines(text) {
		s := strings.TrimSpace(string(line))
		if s == "" || strings.HasPrefix(s, "#") {
			continue
		}
		key := []byte(s)
		if coded, ok := strings.CutPrefix(s, secretPrefix); ok {
			if key, err = base64.StdEncoding.DecodeString(coded); err != nil {
				return nil, &PermanentError{n.Name, "secret", "what follows whsec_ in the secret file is not base64"}
			}
		}
		if len(key) < minSecret {
			return nil, &PermanentError{n.Name, "secret", fmt.Sprintf("a secret has %d bytes; at least %d are needed", len(key), minSecret)}
		}
		if out = append(out, key); len(out) == 2 {
			break
		}
	}
	if len(out) == 0 {
		return nil, &PermanentError{n.Name, "secret", "the secret file holds no secret"}
	}
	return out, nil
}

// sign is the value of Webhook-Signature: HMAC-SHA256 over id, time and body, one for each secret.
func sign(keys [][]byte, id string, at time.Time, body []byte) string {
	parts := make([]string, 0, len(keys))
	for _, k := range keys {
		h := hmac.New(sha256.New, k)
		h.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		h.Write(body)
		parts = append(parts, "v1,"+base64.StdEncoding.EncodeToString(h.Sum(nil)))
	}
	return strings.Join(parts, " ")
}

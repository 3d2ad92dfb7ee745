package digest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/grantwatch/grantwatch/access"
)

// Keys are public keys by their fingerprints.
type Keys map[string]*rsa.PublicKey

// ReadKeys reads what `aws cloudtrail list-public-keys` prints.
func ReadKeys(raw []byte) (Keys, error) {
	var doc struct {
		List []struct{ Value, Fingerprint string } `json:"PublicKeyList"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("not what list-public-keys prints: %w", err)
	}
	keys := Keys{}
	for i, k := range doc.List {
		der, err := base64.StdEncoding.DecodeString(k.Value)
		if err != nil {
			return nil, fmt.Errorf("key %d: Value is no base64", i+1)
		}
		key, err := x509.ParsePKCS1PublicKey(der)
		if err != nil {
			return nil, fmt.Errorf("key %d: Value is no RSA key in PKCS #1", i+1)
		}
		if k.Fingerprint == "" {
			return nil, fmt.Errorf("key %d has no Fingerprint", i+1)
		}
		keys[strings.ToLower(k.Fingerprint)] = key
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("no keys: PublicKeyList is empty")
	}
	return keys, nil
}

// toSign is the text that the signature of a digest is over.
func toSign(d *access.Digest) string {
	previous := d.Previous.Signature
	if previous == "" {
		previous = "null"
	}
	return d.End + "\n" + d.Bucket + "/" + d.Object + "\n" + d.Hash + "\n" + previous
}

// signed checks a signature in hexadecimal.
func (k Keys) signed(d *access.Digest, signature string) bool {
	key := k[d.Key]
	raw, err := hex.DecodeString(signature)
	if key == nil || err != nil {
		return false
	}
	sum := sha256.Sum256([]byte(toSign(d)))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], raw) == nil
}

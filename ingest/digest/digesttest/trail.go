// Package digesttest makes up a trail whose deliveries are vouched for by signed digests, as CloudTrail makes them.
package digesttest

import (
	"bytes"
	"crypto"
	"crypto/md5" //nolint:gosec // it is what a fingerprint is made of
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/klauspost/compress/gzip"
)

// Trail is one trail in one account and region. Its digests follow each other.
type Trail struct {
	Account, Region, Name, Bucket string

	key       *rsa.PrivateKey
	at        time.Time // the end of the last digest
	previous  map[string]any
	delivered []any // files since the last digest
	n         int
}

// New makes a trail whose first digest begins at a time, with a key of its own.
func New(account, region string, from time.Time) *Trail {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return &Trail{Account: account, Region: region, Name: "org-trail", Bucket: "corp-trail", key: key, at: from.UTC()}
}

// Fingerprint names the key.
func (t *Trail) Fingerprint() string {
	sum := md5.Sum(x509.MarshalPKCS1PublicKey(&t.key.PublicKey)) //nolint:gosec // not for security
	return hex.EncodeToString(sum[:])
}

// Keys is what `aws cloudtrail list-public-keys` would print for some trails.
func Keys(trails ...*Trail) []byte {
	var list []any
	for _, t := range trails {
		list = append(list, map[string]any{"Value": base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(&t.key.PublicKey)), "Fingerprint": t.Fingerprint(),
			"ValidityStartTime": 1.7e9, "ValidityEndTime": 1.9e9})
	}
	return encode(map[string]any{"PublicKeyList": list})
}

// Log delivers a log file of some records at a time: its key and its bytes.
func (t *Trail) Log(at time.Time, records ...any) (key string, body []byte) {
	if records == nil {
		records = []any{}
	}
	text := encode(map[string]any{"Records": records})
	t.n++
	key = fmt.Sprintf("AWSLogs/%s/CloudTrail/%s/%s/%s_CloudTrail_%s_%s_%016d.json.gz", t.Account, t.Region, at.UTC().Format("2006/01/02"),
		t.Account, t.Region, at.UTC().Format("20060102T1504Z"), t.n)
	sum := sha256.Sum256(text)
	t.delivered = append(t.delivered, map[string]any{"s3Bucket": t.Bucket, "s3Object": key, "hashValue": hex.EncodeToString(sum[:]), "hashAlgorithm": "SHA-256"})
	return key, Gzip(text)
}

// Digest delivers the digest of the hour that has ended: its key, its bytes and its signature.
func (t *Trail) Digest() (key string, body []byte, signature string) {
	from, to := t.at, t.at.Add(time.Hour)
	t.at = to
	key = fmt.Sprintf("AWSLogs/%s/CloudTrail-Digest/%s/%s/%s_CloudTrail-Digest_%s_%s_%s_%s.json.gz", t.Account, t.Region, to.Format("2006/01/02"),
		t.Account, t.Region, t.Name, t.Region, to.Format("20060102T150405Z"))
	if t.delivered == nil {
		t.delivered = []any{}
	}
	doc := map[string]any{"awsAccountId": t.Account, "digestStartTime": from.Format(time.RFC3339), "digestEndTime": to.Format(time.RFC3339), "digestS3Bucket": t.Bucket,
		"digestS3Object": key, "digestPublicKeyFingerprint": t.Fingerprint(), "digestSignatureAlgorithm": "SHA256withRSA", "newestEventTime": nil, "oldestEventTime": nil,
		"previousDigestS3Bucket": nil, "previousDigestS3Object": nil, "previousDigestHashValue": nil, "previousDigestHashAlgorithm": nil, "previousDigestSignature": nil,
		"logFiles": t.delivered}
	for k, v := range t.previous {
		doc[k] = v
	}
	t.delivered = nil
	text := encode(doc)
	sum := sha256.Sum256(text)
	before := "null"
	if s, ok := t.previous["previousDigestSignature"].(string); ok {
		before = s
	}
	words := sha256.Sum256([]byte(to.Format(time.RFC3339) + "\n" + t.Bucket + "/" + key + "\n" + hex.EncodeToString(sum[:]) + "\n" + before))
	raw, err := rsa.SignPKCS1v15(nil, t.key, crypto.SHA256, words[:])
	if err != nil {
		panic(err)
	}
	signature = hex.EncodeToString(raw)
	t.previous = map[string]any{"previousDigestS3Bucket": t.Bucket, "previousDigestS3Object": key, "previousDigestHashValue": hex.EncodeToString(sum[:]),
		"previousDigestHashAlgorithm": "SHA-256", "previousDigestSignature": signature}
	return key, Gzip(text), signature
}

// Restart makes the next digest the first of a chain again, beginning at a time: logging was off in between.
func (t *Trail) Restart(from time.Time) { t.at, t.previous = from.UTC(), nil }

// Gzip compresses as CloudTrail delivers.
func Gzip(text []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(text) // into memory
	_ = z.Close()
	return b.Bytes()
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

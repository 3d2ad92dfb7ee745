package digest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/grantwatch/grantwatch/access"
)

// File is one log file that a digest lists.
type File struct{ Name, Hash string }

// document is a digest as it is written.
type document struct {
	Account   string `json:"awsAccountId"`
	Start     string `json:"digestStartTime"`
	End       string `json:"digestEndTime"`
	Bucket    string `json:"digestS3Bucket"`
	Object    string `json:"digestS3Object"`
	Key       string `json:"digestPublicKeyFingerprint"`
	Algorithm string `json:"digestSignatureAlgorithm"`
	Oldest    string `json:"oldestEventTime"`

	PreviousObject    string `json:"previousDigestS3Object"`
	PreviousHash      string `json:"previousDigestHashValue"`
	PreviousAlgorithm string `json:"previousDigestHashAlgorithm"`
	PreviousSignature string `json:"previousDigestSignature"`

	Files []struct {
		Object    string `json:"s3Object"`
		Hash      string `json:"hashValue"`
		Algorithm string `json:"hashAlgorithm"`
	} `json:"logFiles"`
}

// names are what CloudTrail calls its files: ACCOUNT_CloudTrail_REGION_MINUTE_UNIQUE.json.gz, and
// ACCOUNT_CloudTrail-Digest_REGION_TRAIL_HOMEREGION_END[_backfill].json.gz. A trail's name has no underscore at a place
// that matters: everything between the region and the end is the trail.
var (
	logForm    = regexp.MustCompile(`^([0-9]{12})_CloudTrail_([a-z0-9-]+)_[0-9]{8}T[0-9]{4}Z_[A-Za-z0-9]+\.json(?:\.gz)?$`)
	digestForm = regexp.MustCompile(`^([0-9]{12})_CloudTrail-Digest_([a-z0-9-]+)_(.+)_([0-9]{8}T[0-9]{6}Z)(_backfill)?\.json(?:\.gz)?$`)
)

// LogName takes account and region from the name of a log file as it was delivered.
func LogName(base string) (account, region string, ok bool) {
	m := logForm.FindStringSubmatch(base)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// IsName reports whether a file is called as a digest is.
func IsName(name string) bool { return digestForm.MatchString(path.Base(name)) }

// MaxBytes is how long a digest may be without compression. An hour of a busy account lists some thousand files.
const MaxBytes = 64 << 20

// hour is how long a digest covers, when it cannot be read itself.
const hour = time.Hour

// Read reads a digest. name is what it was found under, and signature what was delivered beside it, which may be
// unknown. A file that is called like a digest and cannot be read is one that is Broken: its hour is in its name. The
// files are those that it lists; ok is false for what is no digest at all.
func Read(name string, raw []byte, signature string) (d access.Digest, files []File, ok bool) {
	base := path.Base(name)
	m := digestForm.FindStringSubmatch(base)
	if m == nil {
		return d, nil, false
	}
	end, err := time.Parse("20060102T150405Z", m[4])
	if err != nil {
		return d, nil, false
	}
	d = access.Digest{Object: name, Account: m[1], Region: m[2], Chain: m[1] + "/" + m[2] + "/" + m[3], From: end.Add(-hour), To: end, Backfill: m[5] != "", Signature: strings.TrimSpace(signature)}
	text, err := plain(raw)
	if err != nil {
		d.Broken = err.Error()
		return d, nil, true
	}
	sum := sha256.Sum256(text)
	d.Hash = hex.EncodeToString(sum[:])
	var doc document
	if err := json.Unmarshal(text, &doc); err != nil {
		d.Broken = "it is no JSON object of the expected shape"
		return d, nil, true
	}
	if d.Broken = fill(&d, &doc, base); d.Broken != "" {
		return d, nil, true
	}
	for _, f := range doc.Files {
		if f.Object == "" || f.Algorithm != "" && f.Algorithm != "SHA-256" {
			d.Broken = "it lists a file without a name, or with a hash other than SHA-256"
			return d, nil, true
		}
		files = append(files, File{path.Base(f.Object), strings.ToLower(f.Hash)})
	}
	d.Files = int64(len(files))
	return d, files, true
}

// fill takes over what a digest says, and says why it cannot be.
func fill(d *access.Digest, doc *document, base string) string {
	from, err1 := time.Parse(time.RFC3339, doc.Start)
	to, err2 := time.Parse(time.RFC3339, doc.End)
	switch {
	case err1 != nil || err2 != nil:
		return "its times cannot be read"
	case !from.Before(to) || to.Sub(from) > 24*hour:
		return fmt.Sprintf("it is about the time from %s to %s", doc.Start, doc.End)
	case !to.Equal(d.To):
		return "it ends at " + doc.End + ", and its name says otherwise"
	case path.Base(doc.Object) != base:
		return "it says that it is " + doc.Object
	case doc.Account != d.Account:
		return "it is of account " + doc.Account
	case doc.Algorithm != "" && doc.Algorithm != "SHA256withRSA":
		return "it is signed with " + doc.Algorithm
	case doc.PreviousAlgorithm != "" && doc.PreviousAlgorithm != "SHA-256":
		return "its predecessor is hashed with " + doc.PreviousAlgorithm
	}
	d.From, d.To, d.End = from.UTC(), to.UTC(), doc.End
	d.Object, d.Bucket, d.Key = doc.Object, doc.Bucket, strings.ToLower(doc.Key)
	d.Previous = access.DigestLink{Object: doc.PreviousObject, Hash: strings.ToLower(doc.PreviousHash), Signature: strings.ToLower(doc.PreviousSignature)}
	if t, err := time.Parse(time.RFC3339, doc.Oldest); err == nil {
		d.Oldest = t.UTC()
	}
	return ""
}

func plain(raw []byte) ([]byte, error) {
	if !bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
		return raw, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("its gzip is broken")
	}
	defer z.Close()
	text, err := io.ReadAll(io.LimitReader(z, MaxBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("its gzip is broken")
	case len(text) > MaxBytes:
		return nil, fmt.Errorf("it is longer than %d bytes", MaxBytes)
	}
	return text, nil
}

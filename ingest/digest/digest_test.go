package digest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/digest"
	"github.com/grantwatch/grantwatch/ingest/digest/digesttest"
)

const account, region = "111122223333", "eu-west-1"

var start = time.Date(2026, 9, 1, 0, 1, 31, 0, time.UTC)

// delivery is a bucket: what lies under which key, and the signatures beside it.
type delivery struct {
	files      map[string][]byte
	signatures map[string]string
	keys       []byte
	unread     map[string]bool // log files that nobody read
}

func (d *delivery) clone() *delivery {
	c := &delivery{files: map[string][]byte{}, signatures: map[string]string{}, keys: d.keys, unread: map[string]bool{}}
	for k, v := range d.files {
		c.files[k] = slices.Clone(v)
	}
	for k, v := range d.signatures {
		c.signatures[k] = v
	}
	return c
}

// deliver makes some hours of a trail; every third hour is quiet.
func deliver(t *digesttest.Trail, hours int) *delivery {
	d := &delivery{files: map[string][]byte{}, signatures: map[string]string{}, keys: digesttest.Keys(t), unread: map[string]bool{}}
	for h := range hours {
		if h%3 != 2 {
			key, body := t.Log(start.Add(time.Duration(h)*time.Hour+20*time.Minute), map[string]any{"eventName": "GetUser", "n": h})
			d.files[key] = body
		}
		key, body, sig := t.Digest()
		d.files[key], d.signatures[key] = body, sig
	}
	return d
}

// verify reads everything as the ingester does, and says what is proven.
func (d *delivery) verify(tb interface{ Fatal(...any) }, keyed bool) []access.Proof {
	read := map[string][]access.Reading{}
	var places []access.Reading
	for key, body := range d.files {
		a, r, ok := digest.LogName(path.Base(key))
		if !ok || d.unread[key] {
			continue
		}
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			continue // a dead letter; no object that was read to its end
		}
		text, err := io.ReadAll(z)
		if err != nil {
			continue
		}
		sum := sha256.Sum256(text)
		v := access.Reading{Name: path.Base(key), Account: a, Region: r, Hash: hex.EncodeToString(sum[:]), Records: 1}
		read[v.Name] = append(read[v.Name], v)
		places = append(places, v)
	}
	var list []access.Digest
	for key, body := range d.files {
		v, files, ok := digest.Read(key, body, d.signatures[key])
		if !ok {
			continue
		}
		var names, hashes []string
		for _, f := range files {
			names, hashes = append(names, f.Name), append(hashes, f.Hash)
		}
		if v.Broken == "" {
			v.State, v.Detail = digest.Settle(names, hashes, read)
		}
		list = append(list, v)
	}
	var keys digest.Keys
	if keyed {
		var err error
		if keys, err = digest.ReadKeys(d.keys); err != nil {
			tb.Fatal(err)
		}
	}
	var v digest.Verified
	return v.Verify(list, places, keys)
}

// covered is up to when, from the first hour on, a grade is proven without a pause.
func covered(list []access.Proof, grade int, at time.Time) bool {
	return slices.ContainsFunc(list, func(p access.Proof) bool { return p.Grade == grade && !p.From.After(at) && at.Before(p.To) })
}

func reasons(list []access.Proof) string {
	var out []string
	for _, p := range list {
		if p.Grade == 0 {
			out = append(out, p.Why)
		}
	}
	return strings.Join(out, "; ")
}

// key finds the key of the digest or the log file of an hour.
func (d *delivery) key(kind string, hour int) string {
	at := start.Add(time.Duration(hour) * time.Hour)
	stamp := at.Add(20 * time.Minute).Format("20060102T1504Z")
	if kind == "_CloudTrail-Digest_" {
		stamp = at.Add(time.Hour).Format("20060102T150405Z")
	}
	for k := range d.files {
		if strings.Contains(k, kind) && strings.Contains(path.Base(k), stamp) {
			return k
		}
	}
	panic("no " + kind + " of hour " + fmt.Sprint(hour))
}

const (
	aLog    = "_CloudTrail_"
	aDigest = "_CloudTrail-Digest_"
)

func TestVerify(t *testing.T) {
	const hours = 12
	mid := func(h int) time.Time { return start.Add(time.Duration(h)*time.Hour + 30*time.Minute) }
	for _, c := range []struct {
		name  string
		do    func(*delivery)
		keyed bool
		grade int
		yes   []int // hours that are proven with the grade
		no    []int // hours that are not
		says  string
	}{
		{"whole", func(*delivery) {}, true, 3, []int{0, 1, 2, 5, 10, 11}, nil, ""},
		{"without keys", func(*delivery) {}, false, 2, []int{0, 2, 11}, nil, ""},
		{"without keys nothing is lossless", func(*delivery) {}, false, 3, nil, []int{0, 2, 11}, ""},
		{"a log file is gone", func(d *delivery) { delete(d.files, d.key(aLog, 4)) }, true, 3, []int{2, 5, 9}, []int{4}, "was delivered and not read"},
		{"a log file was not read", func(d *delivery) { d.unread[d.key(aLog, 4)] = true }, true, 3, []int{2, 5}, []int{4}, "was delivered and not read"},
		{"a log file is another", func(d *delivery) { d.files[d.key(aLog, 4)] = digesttest.Gzip([]byte(`{"Records":[]}`)) }, true, 2, []int{2, 5}, []int{4}, "its hash is another"},
		{"a digest is gone", func(d *delivery) { delete(d.files, d.key(aDigest, 4)) }, true, 3, []int{2, 5, 9}, []int{4}, "is missing"},
		{"the first digest is gone", func(d *delivery) { delete(d.files, d.key(aDigest, 0)) }, true, 3, []int{1, 9}, []int{0}, "is missing"},
		{"a digest cannot be read", func(d *delivery) { d.files[d.key(aDigest, 4)] = []byte("{") }, true, 3, []int{2, 5}, []int{4}, "no JSON object"},
		{"a signature is another", func(d *delivery) { d.signatures[d.key(aDigest, 4)] = d.signatures[d.key(aDigest, 5)] }, true, 3, []int{2, 5}, []int{4}, "is not valid"},
		{"signatures were not copied", func(d *delivery) { clear(d.signatures) }, true, 3, []int{0, 5, 10}, []int{11}, "no successor yet"},
		{"another key", func(d *delivery) { d.keys = digesttest.Keys(digesttest.New(account, region, start)) }, true, 2, nil, []int{0, 5, 11}, "not among those of keys_file"},
		{"a region without digests", func(d *delivery) {
			key, body := digesttest.New(account, "us-east-1", start).Log(mid(3), map[string]any{})
			d.files[key] = body
		}, true, 2, nil, []int{0, 5, 11}, "no digest vouches for the log files of us-east-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := deliver(digesttest.New(account, region, start), hours)
			c.do(d)
			got := d.verify(t, c.keyed)
			for _, h := range c.yes {
				if !covered(got, c.grade, mid(h)) {
					t.Errorf("hour %d is not C%d: %s", h, c.grade, reasons(got))
				}
			}
			for _, h := range c.no {
				if covered(got, c.grade, mid(h)) {
					t.Errorf("hour %d is C%d", h, c.grade)
				}
			}
			if !strings.Contains(reasons(got), c.says) || c.says == "" && reasons(got) != "" {
				t.Errorf("it says %q, want %q", reasons(got), c.says)
			}
		})
	}
}

func TestRestart(t *testing.T) {
	tr := digesttest.New(account, region, start)
	d := deliver(tr, 4)
	tr.Restart(start.Add(8 * time.Hour))
	for range 3 {
		key, body, sig := tr.Digest()
		d.files[key], d.signatures[key] = body, sig
	}
	got := d.verify(t, true)
	for h, want := range []bool{true, true, true, true, false, false, false, false, true, true, true} {
		if covered(got, 3, start.Add(time.Duration(h)*time.Hour+30*time.Minute)) != want {
			t.Errorf("hour %d: want proven %v", h, want)
		}
	}
	if !strings.Contains(reasons(got), "begins anew") {
		t.Errorf("it says %q", reasons(got))
	}
}

// TestTampering: whatever byte of whatever file is changed, cut off or added, no hour in which it counts is lossless, unless
// the content without compression stayed what it was.
func TestTampering(t *testing.T) {
	const hours = 6
	whole := deliver(digesttest.New(account, region, start), hours)
	keys := make([]string, 0, len(whole.files))
	for k := range whole.files {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	rapid.Check(t, func(r *rapid.T) {
		d := whole.clone()
		hour := rapid.IntRange(0, hours-1).Draw(r, "hour")
		kind := aDigest
		if hour%3 != 2 && rapid.Bool().Draw(r, "log") {
			kind = aLog
		}
		key := d.key(kind, hour)
		before := inflate(d.files[key])
		switch rapid.IntRange(0, 4).Draw(r, "how") {
		case 0: // a byte of what was delivered
			b := d.files[key]
			b[rapid.IntRange(0, len(b)-1).Draw(r, "at")] ^= byte(rapid.IntRange(1, 255).Draw(r, "bits"))
		case 1: // a byte of what is in it, compressed again
			text := slices.Clone(before)
			text[rapid.IntRange(0, len(text)-1).Draw(r, "at")] ^= byte(rapid.IntRange(1, 255).Draw(r, "bits"))
			d.files[key] = digesttest.Gzip(text)
		case 2:
			b := d.files[key]
			d.files[key] = b[:rapid.IntRange(0, len(b)-1).Draw(r, "left")]
		case 3:
			delete(d.files, key)
		case 4:
			d.files[key] = digesttest.Gzip(append(slices.Clone(before), rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(r, "more")...))
		}
		got := d.verify(r, true)
		at := start.Add(time.Duration(hour)*time.Hour + 30*time.Minute)
		if covered(got, 3, at) && !bytes.Equal(inflate(d.files[key]), before) {
			r.Fatalf("hour %d is still lossless after %s was changed", hour, key)
		}
	})
}

func inflate(b []byte) []byte {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil
	}
	return text
}

func FuzzRead(f *testing.F) {
	d := deliver(digesttest.New(account, region, start), 2)
	for k, b := range d.files {
		f.Add(k, b, d.signatures[k])
	}
	f.Add("111122223333_CloudTrail-Digest_eu-west-1_t_eu-west-1_20260901T000000Z.json.gz", []byte(`{"digestStartTime":null,"logFiles":[null,{"s3Object":""}]}`), "zz")
	f.Fuzz(func(t *testing.T, name string, raw []byte, signature string) {
		v, files, ok := digest.Read(name, raw, signature)
		if ok && v.Broken == "" && (v.Hash == "" || !v.From.Before(v.To) || int64(len(files)) != v.Files) {
			t.Fatalf("%+v", v)
		}
	})
}

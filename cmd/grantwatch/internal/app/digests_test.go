package app

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/ingest/digest/digesttest"
	"github.com/grantwatch/grantwatch/ingest/source/s3/s3test"
)

var trailStart = replayNow.Add(-12 * time.Hour)

func call(hour int) map[string]any {
	at := trailStart.Add(time.Duration(hour)*time.Hour + 10*time.Minute)
	return map[string]any{"userIdentity": map[string]any{"type": "IAMUser", "principalId": "AIDA1", "arn": "arn:aws:iam::111122223333:user/ana", "userName": "ana"},
		"eventTime": at.Format(time.RFC3339), "eventSource": "ec2.amazonaws.com", "eventName": "DescribeVpcs", "eventID": fmt.Sprintf("e%d", hour), "recipientAccountId": "111122223333"}
}

// deliverTrail writes eleven hours of a trail; every third hour is quiet. It returns the keys of the log files by hour.
func deliverTrail(put func(key string, body []byte, signature string)) (logs map[int]string, keys []byte) {
	tr := digesttest.New("111122223333", "eu-west-1", trailStart)
	logs = map[int]string{}
	for h := range 11 {
		if h%3 != 2 {
			key, body := tr.Log(trailStart.Add(time.Duration(h)*time.Hour+15*time.Minute), call(h))
			logs[h] = key
			put(key, body, "")
		}
		put(tr.Digest())
	}
	return logs, digesttest.Keys(tr)
}

func openWith(t *testing.T, dir, feed string) *App {
	t.Helper()
	file := filepath.Join(dir, "grantwatch.yaml")
	if err := os.WriteFile(file, []byte("teams: [{name: payments}]\nfeeds:\n  - "+feed+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), Options{Config: cfg, Now: replayNow})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// feedGap is what the evaluation says of the feed's gaps.
func feedGap(res *detect.Result) string {
	var out []string
	for _, f := range res.Findings {
		if f.Kind == "FEED_GAP" {
			for _, g := range f.Gaps {
				out = append(out, g.Why)
			}
		}
	}
	return strings.Join(out, "; ")
}

// lossless reports whether all of the eleven hours but the end of the last is proven lossless.
func lossless(t *testing.T, a *App) bool {
	t.Helper()
	list, err := a.proofs(t.Context(), a.Feeds()[0], a.Cfg.Feeds[0].Digests)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		if p.Grade == 3 && p.From.Equal(trailStart) && !p.To.Before(trailStart.Add(10*time.Hour)) {
			return true
		}
	}
	return false
}

func TestDigestsOfFiles(t *testing.T) {
	dir := t.TempDir()
	written := trailStart.Add(11 * time.Hour)
	write := func(key string, body []byte) {
		name := filepath.Join(dir, filepath.FromSlash(key))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, body, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, written, written); err != nil {
			t.Fatal(err)
		}
	}
	bodies := map[string][]byte{}
	logs, keys := deliverTrail(func(key string, body []byte, signature string) {
		bodies[key] = body
		write(key, body)
		if signature != "" {
			write(key+signatureFile, []byte(signature+"\n"))
		}
	})
	write("keys.json", keys)
	a := openWith(t, dir, `{name: aws, team: payments, format: aws_cloudtrail, accounts: ["111122223333"], from: {file: "AWSLogs/*/CloudTrail/**/*.json.gz"}, digests: {file: "AWSLogs/*/CloudTrail-Digest/**", keys_file: keys.json}}`)

	missing, altered := logs[4], logs[7]
	if err := os.Remove(filepath.Join(dir, missing)); err != nil {
		t.Fatal(err)
	}
	write(altered, digesttest.Gzip([]byte(`{"Records":[]}`)))
	at := trailStart.Add(12 * time.Hour)
	step := func() string {
		t.Helper()
		if _, err := a.Read(t.Context(), at, 0); err != nil {
			t.Fatal(err)
		}
		res, _, err := a.Evaluate(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Minute)
		return feedGap(res)
	}
	said := step()
	for _, want := range []string{path.Base(missing) + " was delivered and not read", path.Base(altered) + " is not what was delivered"} {
		if !strings.Contains(said, want) {
			t.Errorf("gaps: %q, want %q", said, want)
		}
	}
	if lossless(t, a) {
		t.Error("lossless with a file missing and another altered")
	}
	// What comes later is read, and the hours are proven after all.
	written = written.Add(time.Minute)
	write(missing, bodies[missing])
	write(altered, bodies[altered])
	if said := step(); said != "" || !lossless(t, a) {
		t.Errorf("after the files came: gaps %q, lossless %v", said, lossless(t, a))
	}
}

func TestDigestsOfABucket(t *testing.T) {
	s3test.Environ(t)
	srv := s3test.New(t, "corp-trail")
	dir := t.TempDir()
	var lost string
	files := 0
	_, keys := deliverTrail(func(key string, body []byte, signature string) {
		if signature == "" {
			if files++; files == 3 {
				lost = key // it never arrives
				return
			}
		}
		srv.PutWith("corp-trail", key, body, map[string]string{"signature": signature, "signature-algorithm": "SHA256withRSA"})
	})
	if err := os.WriteFile(filepath.Join(dir, "keys.json"), keys, 0o600); err != nil {
		t.Fatal(err)
	}
	a := openWith(t, dir, `{name: aws, team: payments, format: aws_cloudtrail, accounts: ["111122223333"], from: {s3: {bucket: corp-trail, prefix: AWSLogs/, endpoint: "`+srv.URL+`", path_style: true}}, digests: {prefix: AWSLogs/, keys_file: keys.json}}`)
	res, _, err := a.Once(t.Context(), replayNow)
	if err != nil {
		t.Fatal(err)
	}
	if said := feedGap(res); !strings.Contains(said, path.Base(lost)+" was delivered and not read") {
		t.Errorf("gaps: %q", said)
	}
	list, err := a.proofs(t.Context(), a.Feeds()[0], a.Cfg.Feeds[0].Digests)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(list); n == 0 || list[n-1].Grade == 0 {
		t.Errorf("nothing is proven: %v", list)
	}
}

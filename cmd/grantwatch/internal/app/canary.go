package app

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/metrics"
	"github.com/grantwatch/grantwatch/ingest/decode"
	"github.com/grantwatch/grantwatch/ingest/source/kafka"
	"github.com/grantwatch/grantwatch/ingest/source/s3"
)

// Poster posts canaries, each on the way that its feed's records come.
type Poster struct {
	Push string // address that logs are pushed to, such as https://ingest.corp.example:8470; the configuration's when empty
	CA   string // PEM file of the authority that signed the push endpoint's certificate

	app *App
}

// NewPoster makes a poster. It opens no store.
func NewPoster(cfg *config.Config) *Poster {
	return &Poster{app: &App{Cfg: cfg, FS: config.Files(cfg, nil), metrics: metrics.New("", "")}}
}

// errNoWay says that a feed has no way that a canary could take.
var errNoWay = errors.New("no way for a canary")

// Post posts one canary to a feed and says where it went. skipped is why there was no way, which is no error.
func (p *Poster) Post(ctx context.Context, f *config.Feed, at time.Time) (where, skipped string, err error) {
	account := "000000000000"
	if len(f.Accounts) > 0 {
		account = f.Accounts[0]
	}
	var id [8]byte
	_, _ = rand.Read(id[:]) // it never fails
	record, ok := decode.Canary(f.Format, "grantwatch-canary-"+hex.EncodeToString(id[:]), account, at)
	if !ok {
		return "", "no canary has the form of " + f.Format, nil
	}
	switch c := f.Canary; {
	case f.From.HTTP != nil:
		where, err = p.push(ctx, f, record)
	case f.From.Kafka != nil:
		where, err = kafka.Produce(ctx, p.app.kafkaConfig(), f.From.Kafka.Topic, f.Name, record)
	case c != nil && c.File != "":
		where, err = p.append(c.File, record)
	case c != nil && c.Put:
		where, err = p.put(ctx, f, account, record, at)
	case len(f.From.File) > 0:
		return "", "canary.file does not name a file that may be appended to", nil
	case f.From.S3 != nil:
		return "", "canary.put does not allow to put an object into the bucket", nil
	default:
		return "", "nothing can be posted to standard input", nil
	}
	if errors.Is(err, errNoWay) {
		return "", strings.TrimPrefix(err.Error(), errNoWay.Error()+": "), nil
	}
	return where, "", err
}

func (p *Poster) push(ctx context.Context, f *config.Feed, record []byte) (string, error) {
	if f.From.HTTP.TokenFile == "" {
		return "", fmt.Errorf("%w: who pushes has a client certificate, which is not ours", errNoWay)
	}
	raw, err := fs.ReadFile(p.app.FS, f.From.HTTP.TokenFile)
	if err != nil {
		return "", err
	}
	token := ""
	for lines := bufio.NewScanner(bytes.NewReader(raw)); lines.Scan(); {
		if line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff")); line != "" && line != "#" && !strings.HasPrefix(line, "# ") {
			token = line // the last one is the newest
		}
	}
	clear(raw)
	base, client, err := p.client()
	if err != nil {
		return "", err
	}
	defer client.CloseIdleConnections()
	url := base + "/v1/logs/" + f.Name
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(append(record, '\n')))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	if err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s: %s", url, res.Status, bytes.TrimSpace(body))
	}
	return url, nil
}

// client speaks to the push endpoint of the configuration, or to another.
func (p *Poster) client() (base string, _ *http.Client, err error) {
	h := p.app.Cfg.Ingest.HTTP
	base = strings.TrimSuffix(p.Push, "/")
	if base == "" {
		host, port, err := net.SplitHostPort(h.Listen)
		if err != nil {
			return "", nil, err
		}
		if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
			host = "127.0.0.1"
		}
		base = "http://" + net.JoinHostPort(host, port)
		if h.CertFile != "" {
			base = "https" + strings.TrimPrefix(base, "http")
		}
	}
	tc := &tls.Config{MinVersion: tls.VersionTLS12}
	if p.CA != "" {
		pem, err := os.ReadFile(p.CA)
		if err != nil {
			return "", nil, err
		}
		tc.RootCAs = x509.NewCertPool()
		if !tc.RootCAs.AppendCertsFromPEM(pem) {
			return "", nil, fmt.Errorf("%s holds no certificate", p.CA)
		}
	}
	return base, &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: tc, Proxy: http.ProxyFromEnvironment}}, nil
}

func (p *Poster) append(name string, record []byte) (string, error) {
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.app.Cfg.Dir, path)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return "", err
	}
	_, err = f.Write(append(record, '\n')) // one write: whoever else appends is not in the middle of it
	return name, errors.Join(err, f.Sync(), f.Close())
}

// rootForm is the part of a prefix under which CloudTrail's folders of accounts lie.
var rootForm = regexp.MustCompile(`^(.*AWSLogs/(?:o-[a-z0-9]+/)?)`)

func (p *Poster) put(ctx context.Context, f *config.Feed, account string, record []byte, at time.Time) (string, error) {
	in := p.app.bucketInputsOf(f.Name)[0].Bucket
	key := in.Prefix + "grantwatch-canary-" + at.UTC().Format("20060102T150405.000Z") + ".json"
	if in.Layout == s3.CloudTrail {
		root := rootForm.FindString(in.Prefix)
		if root == "" {
			root = in.Prefix + "AWSLogs/"
		}
		if len(f.Accounts) == 0 {
			return "", fmt.Errorf("%w: accounts does not say into which account's folder an object belongs", errNoWay)
		}
		region := in.Region
		if region == "" {
			region = "us-east-1"
		}
		key = fmt.Sprintf("%s%s/CloudTrail/%s/%s/%s_CloudTrail_%s_%s_grantwatch-canary.json.gz", root, account, region, at.UTC().Format("2006/01/02"), account, region, at.UTC().Format("20060102T1504Z"))
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = fmt.Fprintf(z, `{"Records":[%s]}`, record) // into memory
		_ = z.Close()
		record = b.Bytes()
	}
	return "s3://" + in.Bucket + "/" + key, s3.Put(ctx, in, key, record)
}

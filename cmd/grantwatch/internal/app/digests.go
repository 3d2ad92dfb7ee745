package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/digest"
	"github.com/grantwatch/grantwatch/ingest/source/file"
	"github.com/grantwatch/grantwatch/ingest/source/s3"
	"github.com/grantwatch/grantwatch/store"
)

// How often a bucket is listed for digests, of which one comes an hour, and how many are saved at once.
const (
	digestPoll = 10 * time.Minute
	digestSave = 500
)

// signatureFile ends the name of a file beside a digest that holds its signature: in a bucket that is metadata, which
// most ways of copying leave behind.
const signatureFile = ".signature"

// readDigests reads the digests that are new. What cannot be read is said; without it nothing is proven.
func (a *App) readDigests(ctx context.Context, now time.Time) error {
	for i, f := range a.Feeds() {
		d := a.Cfg.Feeds[i].Digests
		if d == nil {
			continue
		}
		known, err := a.Store.Digests(ctx, f.Team, f.Name)
		if err != nil {
			return err
		}
		c := collector{app: a, feed: f, marks: map[string]string{}}
		for _, k := range known {
			c.marks[path.Base(k.Object)] = k.Mark
		}
		if len(d.File) > 0 {
			err = c.files(ctx, a.globs(d.File))
		} else if last, ok := a.digested[f.Name]; !ok || now.Sub(last) >= digestPoll {
			err = c.objects(ctx, d.Prefix)
			if err == nil {
				a.digested[f.Name] = now
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			a.Notice("feed %s: digests: %v", f.Name, err)
		}
		if err := a.Store.SaveDigests(ctx, c.list); err != nil {
			return err
		}
	}
	return nil
}

// collector reads the digests of one feed.
type collector struct {
	app   *App
	feed  access.Feed
	marks map[string]string // name → what it looked like when it was read
	list  []store.ListedDigest
}

func (c *collector) files(ctx context.Context, globs []string) error {
	list, err := file.Scan(ctx, c.app.FS, globs)
	if err != nil {
		return err
	}
	for _, f := range list {
		if !digest.IsName(f.Name) {
			continue
		}
		beside, err := c.read(f.Name + signatureFile)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		mark := fmt.Sprintf("%d %d %d", f.Size, f.Modified.UnixNano(), len(beside))
		if c.marks[path.Base(f.Name)] == mark {
			continue
		}
		raw, err := c.read(f.Name)
		if err != nil {
			return err
		}
		if err := c.take(ctx, f.Name, mark, raw, string(beside)); err != nil {
			return err
		}
	}
	return nil
}

func (c *collector) read(name string) ([]byte, error) {
	f, err := c.app.FS.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read from
	return io.ReadAll(io.LimitReader(f, digest.MaxBytes))
}

func (c *collector) objects(ctx context.Context, prefix string) error {
	for _, in := range c.app.bucketInputsOf(c.feed.Name) {
		want := func(o s3.Object) bool { return digest.IsName(o.Key) && c.marks[path.Base(o.Key)] != o.ETag }
		if err := s3.Fetch(ctx, in.Bucket, prefix, digest.MaxBytes, want, func(o s3.Fetched) error {
			return c.take(ctx, o.Key, o.ETag, o.Body, o.Meta["signature"])
		}); err != nil {
			return err
		}
	}
	return nil
}

func (c *collector) take(ctx context.Context, name, mark string, raw []byte, signature string) error {
	d, files, ok := digest.Read(name, raw, signature)
	if !ok {
		return nil
	}
	d.Team, d.Feed, d.Mark = c.feed.Team, c.feed.Name, mark
	l := store.ListedDigest{Digest: d}
	for _, f := range files {
		l.Names, l.Hashes = append(l.Names, f.Name), append(l.Hashes, f.Hash)
	}
	if c.list = append(c.list, l); len(c.list) < digestSave {
		return nil
	}
	err := c.app.Store.SaveDigests(ctx, c.list)
	c.list = nil
	return err
}

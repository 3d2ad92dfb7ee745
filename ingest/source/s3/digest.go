package s3

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Fetched is a small object that was fetched whole, with what its sender noted beside it.
type Fetched struct {
	Object
	Body []byte
	Meta map[string]string // without the prefix x-amz-meta-
}

// Fetch fetches whole the objects below a prefix that want asks for, up to most bytes of each, and hands them to take in
// the order of their keys. It is for files about logs, such as digests, and not for logs.
func Fetch(ctx context.Context, cfg Config, prefix string, most int64, want func(Object) bool, take func(Fetched) error) error {
	cfg = cfg.withDefaults()
	cfg.Queue = ""
	t := &Tracker{cfg: cfg}
	var err error
	if t.store, _, err = connect(ctx, &t.cfg); err != nil {
		return err
	}
	var wanted []Object
	if err := t.list(ctx, prefix, "", func(o Object) error {
		if want(o) {
			wanted = append(wanted, o)
		}
		return nil
	}); err != nil {
		return err
	}
	for _, o := range wanted {
		f, err := t.fetch(ctx, o, most)
		if err != nil {
			return err
		}
		if err := take(f); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tracker) fetch(ctx context.Context, o Object, most int64) (Fetched, error) {
	out, err := t.store.GetObject(ctx, &s3.GetObjectInput{Bucket: &t.cfg.Bucket, Key: &o.Key})
	if err != nil {
		return Fetched{}, explain(err, "s3:GetObject", t.cfg.place(o.Key))
	}
	defer out.Body.Close()
	body, err := io.ReadAll(io.LimitReader(out.Body, most+1))
	if err != nil {
		return Fetched{}, explain(err, "s3:GetObject", t.cfg.place(o.Key))
	}
	if int64(len(body)) > most {
		return Fetched{}, fmt.Errorf("s3: %s is longer than %d bytes", t.cfg.place(o.Key), most)
	}
	return Fetched{o, body, out.Metadata}, nil
}

// Put stores one small object.
func Put(ctx context.Context, cfg Config, key string, body []byte) error {
	cfg = cfg.withDefaults()
	cfg.Queue = ""
	store, _, err := connect(ctx, &cfg)
	if err != nil {
		return err
	}
	if _, err := store.PutObject(ctx, &s3.PutObjectInput{Bucket: &cfg.Bucket, Key: &key, Body: bytes.NewReader(body)}); err != nil {
		return explain(err, "s3:PutObject", cfg.place(key))
	}
	return nil
}

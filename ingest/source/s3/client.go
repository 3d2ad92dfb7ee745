package s3

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// attempts at a request: with pauses that double up to Backoff, a bucket that says SlowDown is given half a minute.
const attempts = 6

// connect makes the clients. Nothing is asked of anybody yet.
func connect(ctx context.Context, c *Config) (*s3.Client, *sqs.Client, error) {
	options := []func(*awsconfig.LoadOptions) error{awsconfig.WithRetryer(func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = attempts, c.Backoff })
	})}
	if c.Region != "" {
		options = append(options, awsconfig.WithRegion(c.Region))
	}
	cfg, err := awsconfig.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, nil, fmt.Errorf("s3: %w", err)
	}
	if cfg.Region == "" && c.Endpoint == "" {
		return nil, nil, fmt.Errorf("s3: bucket %s: no region: set it beside the bucket, or AWS_REGION", c.Bucket)
	}
	store := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = c.PathStyle
		o.DisableLogOutputChecksumValidationSkipped = true // standard error is for what people should read
		if o.Region == "" {
			o.Region = "us-east-1" // stores that only speak S3 want one in the signature, and take any
		}
		if c.Endpoint != "" {
			o.BaseEndpoint = &c.Endpoint
		}
	})
	if c.Queue == "" {
		return store, nil, nil
	}
	region, endpoint, err := queueAddress(c.Queue)
	if err != nil {
		return nil, nil, err
	}
	queue := sqs.NewFromConfig(cfg, func(o *sqs.Options) {
		if region != "" {
			o.Region = region
		}
		if o.Region == "" {
			o.Region = "us-east-1"
		}
		if endpoint != "" {
			o.BaseEndpoint = &endpoint
		}
	})
	return store, queue, nil
}

// Object is one object, as it was when it was listed or announced.
type Object struct {
	Key  string `json:"key"`
	ETag string `json:"etag,omitempty"`
	Size int64  `json:"size"`
}

// list calls each with every object below a prefix and after a key, in the order of their keys.
func (t *Tracker) list(ctx context.Context, prefix, after string, each func(Object) error) error {
	in := &s3.ListObjectsV2Input{Bucket: &t.cfg.Bucket, Prefix: &prefix}
	if after != "" {
		in.StartAfter = &after
	}
	return t.pages(ctx, in, func(p *s3.ListObjectsV2Output) error {
		for i := range p.Contents {
			if err := each(object(&p.Contents[i])); err != nil {
				return err
			}
		}
		return nil
	})
}

// folders lists the prefixes one step below a prefix.
func (t *Tracker) folders(ctx context.Context, prefix string) ([]string, error) {
	var out []string
	err := t.pages(ctx, &s3.ListObjectsV2Input{Bucket: &t.cfg.Bucket, Prefix: &prefix, Delimiter: aws.String("/")}, func(p *s3.ListObjectsV2Output) error {
		for _, c := range p.CommonPrefixes {
			out = append(out, aws.ToString(c.Prefix))
		}
		return nil
	})
	return out, err
}

func (t *Tracker) pages(ctx context.Context, in *s3.ListObjectsV2Input, each func(*s3.ListObjectsV2Output) error) error {
	pages := s3.NewListObjectsV2Paginator(t.store, in)
	for pages.HasMorePages() {
		p, err := pages.NextPage(ctx)
		if err != nil {
			return explain(err, "s3:ListBucket", t.cfg.place(aws.ToString(in.Prefix)))
		}
		if err := each(p); err != nil {
			return err
		}
	}
	return nil
}

func object(o *types.Object) Object {
	return Object{Key: aws.ToString(o.Key), ETag: strings.Trim(aws.ToString(o.ETag), `"`), Size: aws.ToInt64(o.Size)}
}

// head asks for what an announcement did not say.
func (t *Tracker) head(ctx context.Context, key string) (Object, error) {
	out, err := t.store.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &t.cfg.Bucket, Key: &key})
	if err != nil {
		return Object{}, explain(err, "s3:GetObject", t.cfg.place(key))
	}
	return Object{Key: key, ETag: strings.Trim(aws.ToString(out.ETag), `"`), Size: aws.ToInt64(out.ContentLength)}, nil
}

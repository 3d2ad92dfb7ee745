package config

import (
	"fmt"
	"net/url"
	"regexp"
	"time"
)

const oneKind = "a feed comes from one kind of source: file, s3, kafka, http or stdin"

// kinds is how many kinds of sources are named.
func (f *From) kinds() int {
	n := 0
	for _, named := range []bool{len(f.File) > 0, f.Kafka != nil, f.HTTP != nil, f.S3 != nil, f.Stdin} {
		if named {
			n++
		}
	}
	return n
}

// bucketForm is how buckets are named. It keeps out what people paste: s3:// addresses and ARNs.
var bucketForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// bucket checks a feed that is read from a bucket.
func (k *checker) bucket(path string, f *Feed) {
	s := f.From.S3
	switch {
	case f.From.kinds() > 1:
		k.fail(path, oneKind)
	case s.Bucket == "":
		k.fail(path, "s3 needs a bucket")
	case !bucketForm.MatchString(s.Bucket):
		k.fail(path+".bucket", "%q is no name of a bucket: no s3://, no ARN, no path", s.Bucket)
	case len(s.Prefix) > 0 && s.Prefix[0] == '/':
		k.fail(path+".prefix", "the prefix %q begins with a slash; keys do not", s.Prefix)
	case s.Layout != "" && s.Layout != "cloudtrail" && s.Layout != "flat":
		k.fail(path+".layout", "layout %q is not one of cloudtrail, flat", s.Layout)
	case s.Endpoint != "" && !address(s.Endpoint):
		k.fail(path+".endpoint", "%q is no address such as https://minio.corp.example:9000", s.Endpoint)
	case s.Since != "" && f.BucketLayout() == "flat":
		k.fail(path+".since", "since needs days in the keys: layout cloudtrail")
	case s.SQS != "" && !address(s.SQS):
		k.fail(path+".sqs", "%q is no queue URL such as https://sqs.eu-west-1.amazonaws.com/111122223333/NAME", s.SQS)
	case s.Lookback != 0 && time.Duration(s.Lookback) < 24*time.Hour:
		k.fail(path+".lookback", "lookback is %s; the shortest is 1d, since folders are days", time.Duration(s.Lookback))
	case s.Poll != 0 && time.Duration(s.Poll) < time.Second:
		k.fail(path+".poll", "poll is %s; the shortest is 1s", time.Duration(s.Poll))
	case s.Visibility != 0 && (time.Duration(s.Visibility) < 30*time.Second || time.Duration(s.Visibility) > 12*time.Hour):
		k.fail(path+".visibility", "visibility is %s; SQS and the network want 30s to 12h", time.Duration(s.Visibility))
	}
	k.asOf(path+".since", s.Since)
	if s.SQS == "" {
		return
	}
	for i := range k.c.Feeds {
		if o := &k.c.Feeds[i]; o != f && o.From.S3 != nil && o.From.S3.SQS == s.SQS {
			k.fail(path+".sqs", "feed %q reads this queue too; a message is delivered to one reader only, so each needs a queue of its own", o.Name)
		}
	}
}

// BucketLayout is the layout of the keys of a feed that is read from a bucket.
func (f *Feed) BucketLayout() string {
	if f.From.S3.Layout == "" && f.Format == "aws_cloudtrail" {
		return "cloudtrail"
	}
	if f.From.S3.Layout == "" {
		return "flat"
	}
	return f.From.S3.Layout
}

func address(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}

// stdin checks a feed that is read from standard input: there is one of it.
func (k *checker) stdin(path string, f From) {
	if f.kinds() > 1 {
		k.fail(path, oneKind)
	}
	for i := range k.c.Feeds {
		if !k.c.Feeds[i].From.Stdin {
			continue
		}
		if at := fmt.Sprintf("$.feeds[%d].from.stdin", i); at != path {
			k.fail(path, "feed %q reads standard input already; one feed can", k.c.Feeds[i].Name)
		}
		return
	}
}

package s3

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Layouts of keys.
const (
	CloudTrail = "cloudtrail" // AWSLogs/[o-ORG/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/
	Flat       = "flat"       // anything below the prefix
)

// Config says where the objects of a feed are. Credentials are not among it: the SDK finds them as it does everywhere.
type Config struct {
	Bucket, Prefix string
	Region         string // the SDK's own when empty
	Endpoint       string // of a store that speaks S3; AWS when empty
	PathStyle      bool
	Queue          string // URL of the SQS queue that announces objects; none when empty
	Layout         string // Flat when empty
	Since          time.Time
	Lookback       int           // how many days back a day may still gain objects, 3 when zero
	Poll           time.Duration // between two listings; a minute when zero, an hour with a queue
	Visibility     time.Duration // for how long a message is ours at a time, 5 minutes when zero
	Wait           time.Duration // for how long an empty queue is waited for
	Backoff        time.Duration // longest pause between two attempts at a request, 20 s when zero
}

// retention is the longest that SQS keeps a message, in days, and one: for as long an object may be announced again, and
// that it was read must be known.
const retention = 15

func (c Config) withDefaults() Config {
	if c.Layout == "" {
		c.Layout = Flat
	}
	if c.Lookback == 0 {
		c.Lookback = 3
	}
	if c.Poll == 0 {
		c.Poll = time.Minute
		if c.Queue != "" {
			c.Poll = time.Hour
		}
	}
	if c.Visibility == 0 {
		c.Visibility = 5 * time.Minute
	}
	if c.Backoff == 0 {
		c.Backoff = 20 * time.Second
	}
	return c
}

// horizon is how many days a day is kept open for.
func (c *Config) horizon() int {
	if c.Queue != "" {
		return max(c.Lookback, retention)
	}
	return c.Lookback
}

// place is what an object is called in messages, dead letters and tokens.
func (c *Config) place(key string) string { return "s3://" + c.Bucket + "/" + key }

// queueAddress takes region and endpoint from a queue's URL: https://sqs.REGION.amazonaws.com/ACCOUNT/NAME is AWS, every
// other host is an endpoint of its own.
func queueAddress(queue string) (region, endpoint string, err error) {
	u, err := url.Parse(queue)
	if err != nil || u.Host == "" || strings.Trim(u.Path, "/") == "" {
		return "", "", fmt.Errorf("s3: %q is no queue URL such as https://sqs.eu-west-1.amazonaws.com/111122223333/NAME", queue)
	}
	parts := strings.Split(u.Hostname(), ".")
	if len(parts) > 3 && parts[0] == "sqs" && parts[2] == "amazonaws" {
		return parts[1], "", nil
	}
	return "", u.Scheme + "://" + u.Host, nil
}

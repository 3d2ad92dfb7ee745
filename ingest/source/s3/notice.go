package s3

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// notice is any of the messages that tell of objects: S3's own, EventBridge's, CloudTrail's, and each of them in the
// envelope of SNS.
type notice struct {
	// S3
	Event   string `json:"Event"`
	Records []struct {
		Source string `json:"eventSource"`
		Name   string `json:"eventName"`
		S3     struct {
			Bucket struct {
				Name string `json:"name"`
			} `json:"bucket"`
			Object struct {
				Key  string `json:"key"`
				Size int64  `json:"size"`
				ETag string `json:"eTag"`
			} `json:"object"`
		} `json:"s3"`
	} `json:"Records"`
	// SNS
	Type    string `json:"Type"`
	Message string `json:"Message"`
	// EventBridge
	DetailType string `json:"detail-type"`
	Detail     struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key  string `json:"key"`
			Size int64  `json:"size"`
			ETag string `json:"etag"`
		} `json:"object"`
	} `json:"detail"`
	// CloudTrail
	Bucket string   `json:"s3Bucket"`
	Keys   []string `json:"s3ObjectKey"`
}

// parseNotice lists the objects that a message tells of. None and no error is a message that is none of ours to act on.
func parseNotice(body, bucket string) ([]Object, error) {
	var n notice
	if err := json.Unmarshal([]byte(body), &n); err != nil {
		return nil, fmt.Errorf("it is no JSON object: %w", err)
	}
	if n.Type == "Notification" && n.Message != "" {
		if n.Message == "CloudTrail validation message." {
			return nil, nil
		}
		inner := n.Message
		n = notice{}
		if err := json.Unmarshal([]byte(inner), &n); err != nil {
			return nil, fmt.Errorf("what SNS wraps is no JSON object: %w", err)
		}
	}
	var out []Object
	add := func(in, key, etag string, size int64) error {
		if in != bucket {
			return fmt.Errorf("it tells of bucket %q, and this feed reads %q", in, bucket)
		}
		if key == "" {
			return fmt.Errorf("it names no object")
		}
		out = append(out, Object{Key: key, ETag: strings.Trim(etag, `"`), Size: size})
		return nil
	}
	switch {
	case n.Event == "s3:TestEvent":
	case len(n.Records) > 0:
		for i := range n.Records {
			r := &n.Records[i]
			if r.Source != "aws:s3" && !strings.HasSuffix(r.Source, ":s3") {
				return nil, fmt.Errorf("record %d comes from %q and not from S3", i, r.Source)
			}
			if !strings.HasPrefix(strings.TrimPrefix(r.Name, "s3:"), "ObjectCreated:") {
				continue
			}
			key, err := url.QueryUnescape(r.S3.Object.Key)
			if err != nil {
				return nil, fmt.Errorf("the key of record %d: %w", i, err)
			}
			if err := add(r.S3.Bucket.Name, key, r.S3.Object.ETag, r.S3.Object.Size); err != nil {
				return nil, err
			}
		}
	case n.DetailType == "Object Created":
		if err := add(n.Detail.Bucket.Name, n.Detail.Object.Key, n.Detail.Object.ETag, n.Detail.Object.Size); err != nil {
			return nil, err
		}
	case n.DetailType != "":
	case len(n.Keys) > 0:
		for _, key := range n.Keys {
			if err := add(n.Bucket, key, "", 0); err != nil {
				return nil, err
			}
		}
	default:
		return nil, fmt.Errorf("it is no notification of S3, EventBridge, CloudTrail or SNS")
	}
	return out, nil
}

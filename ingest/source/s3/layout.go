package s3

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// parts of a CloudTrail key. Insight events, digests and aggregates lie beside CloudTrail/ and are no logs of use.
var (
	dayForm    = regexp.MustCompile(`^((?:.*/)?AWSLogs/(?:o-[a-z0-9]+/)?[0-9]{12}/CloudTrail/[a-z0-9-]+/)([0-9]{4}/[0-9]{2}/[0-9]{2})/`)
	rootForm   = regexp.MustCompile(`^(?:.*/)?AWSLogs/(?:o-[a-z0-9]+/)?[0-9]{12}/CloudTrail/[a-z0-9-]+/$`)
	wayForm    = regexp.MustCompile(`^(?:.*/)?AWSLogs/(?:(?:o-[a-z0-9]+/)?(?:[0-9]{12}/)?(?:CloudTrail/)?)$`)
	momentForm = regexp.MustCompile(`^(.*_)([0-9]{8}T[0-9]{4}Z)_`)
)

// deepest is how many folders may lie before AWSLogs/.
const deepest = 6

// IsDigest reports whether an object is one of CloudTrail's digests: it proves logs and is none.
func IsDigest(key string) bool { return strings.Contains("/"+key, "/CloudTrail-Digest/") }

// day is the folder of a day that an object lies in: what is before the date, and the date.
func day(key string) (root string, at time.Time, ok bool) {
	m := dayForm.FindStringSubmatch(key)
	if m == nil {
		return "", at, false
	}
	at, err := time.Parse("2006/01/02", m[2])
	return m[1], at, err == nil
}

func folder(root string, at time.Time) string { return root + at.Format("2006/01/02/") }

// shelf is under which name it is remembered that an object was read.
func (c *Config) shelf(key string) string {
	if root, at, ok := day(key); ok && c.Layout == CloudTrail {
		return folder(root, at)
	}
	return ""
}

// wants reports whether an object is one of the feed's.
func (c *Config) wants(key string) bool {
	if !strings.HasPrefix(key, c.Prefix) || strings.HasSuffix(key, "/") || IsDigest(key) {
		return false
	}
	if c.Layout != CloudTrail {
		return true
	}
	_, at, ok := day(key)
	return ok && !at.Before(c.Since.Truncate(24*time.Hour))
}

// leads reports whether a folder may have accounts and regions below it.
func leads(prefix string) bool {
	if wayForm.MatchString(prefix) {
		return true
	}
	return !strings.Contains("/"+prefix, "/AWSLogs/") && strings.Count(prefix, "/") <= deepest
}

// meets reports whether a folder has to do with the prefix: lies below it or above it.
func meets(folder, prefix string) bool {
	return strings.HasPrefix(folder, prefix) || strings.HasPrefix(prefix, folder)
}

// resume is the key behind which a folder is listed whose newest key is known: CloudTrail's keys have the minute of
// their delivery, and what is delivered at about the same time may come in any order.
func resume(newest string) string {
	m := momentForm.FindStringSubmatch(newest)
	if m == nil {
		return ""
	}
	at, err := time.Parse("20060102T1504Z", m[2])
	if err != nil {
		return ""
	}
	return m[1] + at.Add(-2*time.Hour).Format("20060102T1504Z")
}

// number is the last folder of a prefix as a number: a year, a month, a day.
func number(prefix string) (int, bool) {
	prefix = strings.TrimSuffix(prefix, "/")
	n, err := strconv.Atoi(prefix[strings.LastIndexByte(prefix, '/')+1:])
	return n, err == nil
}

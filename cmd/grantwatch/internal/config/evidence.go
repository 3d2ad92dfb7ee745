package config

import "time"

// evidence checks what a feed says of its canary and its digests.
func (k *checker) evidence(at string, f *Feed) {
	if c := f.Canary; c != nil {
		k.canary(at+".canary", f, c)
	}
	if f.Quiet && (f.Canary == nil || f.Canary.Actor == "") {
		k.fail(at+".quiet", "quiet needs a canary with actor, action and every: without one nothing proves that silence is healthy")
	}
	if d := f.Digests; d != nil {
		k.digests(at+".digests", f, d)
	}
}

func (k *checker) canary(at string, f *Feed, c *Canary) {
	k.asOf(at+".since", c.Since)
	switch called := c.Actor != "" || c.Action != "" || c.Every != 0; {
	case called && (c.Actor == "" || c.Action == "" || c.Every == 0):
		k.fail(at, "a canary is a call of an actor: it needs actor, action and every")
	case called && time.Duration(c.Every) < time.Minute:
		k.fail(at+".every", "every is %s; the shortest is 1m", time.Duration(c.Every))
	case c.Within < 0:
		k.fail(at+".within", "within is negative")
	case !called && c.File == "" && !c.Put:
		k.fail(at, "an empty canary: name actor, action and every, or a file, or put: true")
	case c.File != "" && len(f.From.File) == 0:
		k.fail(at+".file", "only the canary of a feed that is read from files goes to a file")
	case c.Put && f.From.S3 == nil:
		k.fail(at+".put", "only the canary of a feed that is read from a bucket is put into it")
	}
}

func (k *checker) digests(at string, f *Feed, d *Digests) {
	k.asOf(at+".since", d.Since)
	switch {
	case f.Format != "aws_cloudtrail":
		k.fail(at, "only CloudTrail signs what it delivers; the format is %s", f.Format)
	case len(d.File) == 0 && d.Prefix == "":
		k.fail(at, "digests need file, or prefix in the bucket of the feed")
	case len(d.File) > 0 && d.Prefix != "":
		k.fail(at, "digests are read from files or from the bucket, not from both")
	case d.Prefix != "" && f.From.S3 == nil:
		k.fail(at+".prefix", "prefix is for feeds that are read from a bucket; name the files with file")
	case len(f.From.File) == 0 && f.From.S3 == nil:
		k.fail(at, "digests vouch for files and objects; this feed is read from neither")
	}
	k.globs(at+".file", d.File)
	if d.KeysFile != "" {
		k.exist(at+".keys_file", d.KeysFile)
	}
}

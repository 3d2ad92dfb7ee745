package access

import "time"

// Canary is a call that a known identity makes at set intervals, so that its record proves that the log is alive.
type Canary struct {
	Actor  string // principal, uid, id or name of the identity that calls
	Action string // the provider's word for the call
	Every  time.Duration
	Within time.Duration // how much later than that it may be
	Since  time.Time     // from when it is expected; from the feed's first record when zero
}

// Is reports whether an event is the canary's call. An attempt that was denied proves the log as well.
func (c *Canary) Is(ev *Event) bool {
	if ev.Action != c.Action {
		return false
	}
	a := &ev.Actor
	return c.Actor == a.Principal || c.Actor == a.UID || c.Actor == a.ID || c.Actor == a.Name
}

// The canary that `grantwatch canary` posts has this name, and an action that no provider logs: nobody can hide behind it
// by giving a call of theirs a name or a user agent.
const (
	CanaryName = "grantwatch-canary"
	CanaryAWS  = "canary.grantwatch.invalid:GrantwatchCanary" // event source and name
	CanaryOkta = "grantwatch.canary"
	CanaryPath = "/grantwatch/canary" // Kubernetes: request URI, with the verb CanaryName
)

// IsCanary reports whether an event was made by `grantwatch canary`. It proves the way in, and nothing about the provider.
func IsCanary(ev *Event) bool {
	switch ev.Action {
	case CanaryAWS, CanaryOkta:
		return true
	case CanaryName:
		return ev.Permission == CanaryName+" "+CanaryPath
	}
	return false
}

// Kinds of sightings.
const (
	CanaryCall = "call" // the canary of the configuration, in the provider's own log
	CanaryPost = "post" // one that `grantwatch canary` posted
)

// Sighting is one canary that arrived.
type Sighting struct {
	Kind string
	ID   string
	Time time.Time
}

// Digests say from when on only what a chain of digests proves is covered.
type Digests struct {
	Since time.Time // from the feed's first record when zero
	Keyed bool      // there are keys to check signatures with
}

// Reading is one object that was read to its end, and everything in it is durable.
type Reading struct {
	Team, Feed string
	Name       string // the last part of its name, which is unique among CloudTrail's log files
	Account    string
	Region     string
	Hash       string // SHA-256 of its content without compression, in hexadecimal
	Records    int64
	Dead       int64 // of these, could not be read
	At         time.Time
}

// Digest is one file of a chain in which a provider vouches for the log files that it has delivered.
type Digest struct {
	Team, Feed      string
	Object          string // key that it says it was delivered under
	Bucket          string
	Chain           string // account, region and trail
	Account, Region string
	From, To        time.Time // of deliveries, not of events
	Oldest          time.Time // oldest event in the files; zero when there are none
	End             string    // To as it is written in the file: the signature is over these words
	Hash            string    // of its own content
	Signature       string    // as it was delivered beside it; empty when unknown
	Key             string    // fingerprint of the key that it was signed with
	Previous        DigestLink
	Backfill        bool // lists files that the digest of their hour left out
	Files           int64
	Broken          string // why the file itself cannot be read
	Mark            string // what the object looked like, to tell whether it was replaced

	State  string // what came of the files: one of the constants below
	Detail string // the file that is wrong, and how
}

// DigestLink is what a digest says of the one before it. All of it is empty in the first of a chain.
type DigestLink struct{ Object, Hash, Signature string }

// What came of the files of a digest.
const (
	FilesRead    = "read"    // all were read as they were delivered, and every record in them
	FilesLossy   = "lossy"   // all were read as they were delivered, and some records are dead letters
	FilesMissing = "missing" // one was not read
	FilesAltered = "altered" // one that was read is not what was delivered
)

// Proof is a stretch of one account that digests prove, with the grade; or, with grade 0, why they do not.
type Proof struct {
	Account string
	Region  string
	Interval
	Grade int
	Why   string
}

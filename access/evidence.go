package access

import "time"

// Interval is a half-open stretch of time [From, To).
type Interval struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Feed is one source of evidence of use: a log of one team, in one format.
type Feed struct {
	Name       string
	Team       string
	Format     string
	Provider   string
	Accounts   []string // accounts, clusters, organisations that it answers for; empty means those seen in it
	Classes    []string // log classes that it carries; empty means what the provider logs by default
	MaxSilence time.Duration
	KeepRaw    time.Duration // how long the records are kept as they came; not at all when zero
	Quiet      bool          // little is logged here: a canary in time is evidence enough
	Canary     *Canary       // a call that somebody makes on purpose; nil when nobody does
	Digests    *Digests      // the provider signs what it delivers; nil when that is not looked at
}

// Usage is one row of the usage roll-up. Every field is idempotent under union (min, max, sets), so that a batch folded
// twice changes nothing.
type Usage struct {
	Team        string
	Feed        string
	Provider    string
	Account     string
	ActorUID    string
	Actor       string // Actor.Principal: the name under which grants are held
	Permission  string
	Scope       string
	Via         string
	First       time.Time // first success; zero when there was none
	Last        time.Time // last success; zero when there was none
	LastID      string    // id of the event at Last
	Days        []uint16  // days since 1970-01-01 with a success
	FirstDenied time.Time
	LastDenied  time.Time
	Groups      []string // groups that the log stated
}

// CoverMinute is one minute of a feed in which at least one record was seen, with the first and last record's time.
type CoverMinute struct {
	Team, Feed string
	Minute     time.Time
	First      time.Time
	Last       time.Time
}

// SessionUse is one issued session credential: who got it, for which role, and when it was first and last used.
// Either half may be missing while its events have not arrived.
type SessionUse struct {
	Team       string
	Provider   string
	Credential string    // id of the session credential (never a secret)
	ParentUID  string    // uid of who asked for it
	Parent     string    // principal name of who asked for it
	ParentCred string    // credential with which it was asked for: the next step up the chain
	Role       string    // role that it is a session of
	Issued     time.Time // when it was issued; zero when the issue was not seen
	First      time.Time // first use; zero when none was seen
	Last       time.Time
}

// DeadLetter is a record that could not be decoded: its reason, its bytes and its place.
type DeadLetter struct {
	ID       string
	Team     string
	Feed     string
	Reason   Reason
	Detail   string
	Position string    // file:line, topic/partition@offset
	At       time.Time // when it was read
	Raw      []byte
}

// Hit is one event that an event rule matched.
type Hit struct {
	Rule     string
	Severity Severity
	Why      string
	Team     string
	Feed     string
	Event    Event
}

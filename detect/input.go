package detect

import (
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/rules"
)

// Input is everything that one evaluation looks at.
type Input struct {
	Now        time.Time
	Feeds      []FeedState
	Grants     []access.Grant   // open at Now, and those closed in sight (ClosedAt set)
	Accounts   []access.Account // provider accounts as the newest accepted snapshots state them
	Identities []access.Identity
	Usage      []access.Usage
	Sessions   []access.SessionUse
	Changes    []TeamEvent // events that changed access, in time order
	Acts       ActsFunc    // looks up single events of few identities; nil when there is no store behind it
	Hits       []access.Hit
	Snapshots  []SnapshotState
	People     []IdentitySource
	Baselines  []access.Baseline
	Idle       []access.Idle
	Exceptions []access.Exception
	Approvals  []access.Approval
	Refusals   []Refusal // channels that take no alerts
	Rules      *rules.Set
	Teams      []string
	// KeepInventory judges service-linked roles and cluster defaults too; they are listed, never proposed for removal.
	KeepInventory bool
}

// Refusal is a channel that refuses alerts for good, until it takes one again.
type Refusal struct {
	Channel, Team string // the team whose alerts were refused; empty when not one team's
	Code, Hint    string
	Since         time.Time
}

// TeamEvent is an event with the team and feed that it came through.
type TeamEvent struct {
	Team, Feed string
	Event      access.Event
}

// ActsQuery asks for the successful events of some actors since a moment.
type ActsQuery struct {
	Actors      []ActorRef
	Credentials []string // session credentials that belong to them
	Names       []string // names that may stand in an actor's chain (role session name, sourceIdentity)
	From, To    time.Time
}

// ActorRef names an actor as usage rows do.
type ActorRef struct{ Provider, UID, Principal string }

// ActsFunc answers an ActsQuery, in time order.
type ActsFunc func(ActsQuery) ([]TeamEvent, error)

// FeedState is a feed with what was seen of it.
type FeedState struct {
	access.Feed
	Minutes  []access.CoverMinute // in order
	Newest   time.Time            // newest unflagged event time
	Lateness time.Duration        // p99.9 of how far records lag behind the newest before them
	Received int64
	Rejected int64    // dead letters of every reason
	Lost     int64    // of these, records that could not be read
	Seen     []string // accounts seen in it
}

// SnapshotState is the newest reading of one entitlement source and account.
type SnapshotState struct {
	Entitlement string
	Team        string
	Provider    string
	Account     string
	TakenAt     time.Time // of the newest accepted one
	Dated       bool
	MaxAge      time.Duration
	Refused     []string // reasons of those refused since
}

// IdentitySource is one identities entry and how old its newest reading is.
type IdentitySource struct {
	Name   string
	Team   string
	AsOf   time.Time
	Dated  bool
	MaxAge time.Duration
	Error  string // why the newest reading was refused; the last good one is in use
}

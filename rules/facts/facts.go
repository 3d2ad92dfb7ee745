// Package facts holds the typed facts that rules decide over. Go computes facts; a rule decides. Every type is plain
// data without methods, since an expression can call the methods of what it sees. Times are given as durations before
// or after the moment of judgement, in days, hours or minutes as the name says; -1 means "unknown" or "never" where
// the field says so.
package facts

// Grant is what is known of one grant at the moment T of judgement, over the window (T-W, T].
type Grant struct {
	Provider     string  `expr:"provider"`
	Account      string  `expr:"account"`
	Team         string  `expr:"team"`
	Kind         string  `expr:"kind"` // permission, membership or assume
	Permission   string  `expr:"permission"`
	Resource     string  `expr:"resource"`
	Subject      string  `expr:"subject"`
	SubjectKind  string  `expr:"subject_kind"`
	IdentityKind string  `expr:"identity_kind"` // human, service, workload, agent, third-party, system, unknown
	Privileged   bool    `expr:"privileged"`
	Weight       float64 `expr:"weight"` // privilege weight, read 1 … admin 10
	Conditional  bool    `expr:"conditional"`
	Inventory    bool    `expr:"inventory"`     // listed, never judged (service-linked roles, cluster defaults)
	Closed       bool    `expr:"closed"`        // revoked, expired or disabled at T
	DeclaredIdle bool    `expr:"declared_idle"` // in the declared-idle register
	IdleExpired  bool    `expr:"idle_expired"`  // its register entry has expired

	WindowDays   float64 `expr:"window_days"`
	AgeDays      float64 `expr:"age_days"`      // T - S; -1 when nothing says how old it is
	Used         bool    `expr:"used"`          // a successful use was credited in the window
	Attempted    bool    `expr:"attempted"`     // only denied attempts were seen in the window
	IdleDays     float64 `expr:"idle_days"`     // since the last credited use; -1 when none was ever seen
	EverUsed     bool    `expr:"ever_used"`     // a use was credited at any time in sight
	AllRedundant bool    `expr:"all_redundant"` // every use in the window is covered by another grant that stays

	Actions          int     `expr:"actions"`           // actions that the grant allows, as far as the catalogue knows them
	ActionsUsed      int     `expr:"actions_used"`      // of these, used in the window
	ActionsJudgeable int     `expr:"actions_judgeable"` // of these, logged in a class that a feed of the account carries
	ActionsUnlogged  int     `expr:"actions_unlogged"`  // of these, never logged, not known to be logged, or logged in a class that is off
	ActionsOff       int     `expr:"actions_off"`       // of the unlogged ones, those of a log class that could be carried and is off
	ActionsUnknown   int     `expr:"actions_unknown"`   // not in the catalogue: never called unused
	UnusedWeight     float64 `expr:"unused_weight"`     // privilege weight of the judgeable actions not used
	Inferred         bool    `expr:"inferred"`          // the unlogged actions are answered for by another record (a role that was never assumed)

	HasFeed          bool    `expr:"has_feed"`           // some feed answers for provider and account
	BlindMinutes     float64 `expr:"blind_minutes"`      // minutes of the window in which a use could have gone unseen
	BlindLongest     float64 `expr:"blind_longest"`      // the longest such stretch, in minutes
	BlindShare       float64 `expr:"blind_share"`        // blind share of the window, 0 to 1
	Coverage         float64 `expr:"coverage"`           // 1 - blind_share
	Grade            int     `expr:"grade"`              // weakest coverage grade, 0 to 3 (C0 … C3)
	SnapshotAgeHours float64 `expr:"snapshot_age_hours"` // age of the entitlement snapshot; -1 when undated
	SnapshotStale    bool    `expr:"snapshot_stale"`     // older than its max_age, or the newest one was refused

	InBaseline     bool    `expr:"in_baseline"`     // a baseline that is in force lists it
	BaselineCovers bool    `expr:"baseline_covers"` // a baseline covers its team or account
	BaselineStale  bool    `expr:"baseline_stale"`  // that baseline is past its review date
	SeenComing     bool    `expr:"seen_coming"`     // its coming into being was seen: by its event, or in a snapshot after one without it
	Approved       bool    `expr:"approved"`        // an approval is on record within the allowed hours
	GrantedByKnown bool    `expr:"granted_by_known"`
	TTLDays        float64 `expr:"ttl_days"` // granted_at to expires_at; -1 without expiry

	Rehired     bool `expr:"rehired"`      // its holder's person left and has a later employment interval that is open at T
	SurvivedEnd bool `expr:"survived_end"` // granted before that earlier interval ended, and never revoked since
	Reapproved  bool `expr:"reapproved"`   // an approval dated after the new interval's start is on record
}

// Idle is one grant or identity of the declared-idle register.
type Idle struct {
	Team          string  `expr:"team"`
	Subject       string  `expr:"subject"`
	Permission    string  `expr:"permission"`
	Class         string  `expr:"class"`
	EntryExpired  bool    `expr:"entry_expired"`
	EntryDays     float64 `expr:"entry_days"`      // days until the entry expires, negative when past
	Matched       bool    `expr:"matched"`         // the entry matches at least one grant
	UsedHoursAgo  float64 `expr:"used_hours_ago"`  // last use; -1 when none in sight
	Ticket        string  `expr:"ticket"`          // approval that matches the use, when one does
	TestEveryDays float64 `expr:"test_every_days"` // -1 when no test interval is declared
	CoveredDays   float64 `expr:"covered_days"`    // how far back coverage reaches without a gap over tolerance
}

// Account is one account of a provider that is linked to a person, or not linked at all.
type Account struct {
	Provider             string  `expr:"provider"`
	Account              string  `expr:"account"`
	Team                 string  `expr:"team"`
	Name                 string  `expr:"name"`
	IdentityKind         string  `expr:"identity_kind"`
	Linked               bool    `expr:"linked"`
	LinkConfidence       float64 `expr:"link_confidence"`       // 0 to 1
	Privileged           bool    `expr:"privileged"`            // holds a privileged grant
	State                string  `expr:"state"`                 // enabled, disabled, deleted or unknown
	StateHoursAfterEnd   float64 `expr:"state_hours_after_end"` // hours from the person's end to the evidence of the state
	PersonEnded          bool    `expr:"person_ended"`
	HoursSinceEnd        float64 `expr:"hours_since_end"` // revocation clock: from the start of the day after a date-only end
	Rehired              bool    `expr:"rehired"`         // a later employment interval is open at T
	OnLeave              bool    `expr:"on_leave"`
	IdentityFeedStale    bool    `expr:"identity_feed_stale"`      // nobody can tell who has left
	UsesAfterEnd         int     `expr:"uses_after_end"`           // successes after end and residual session
	UsesResidual         int     `expr:"uses_residual"`            // successes after the end, inside the residual session
	LastUseHoursAfterEnd float64 `expr:"last_use_hours_after_end"` // -1 when none
	ResidualHours        float64 `expr:"residual_hours"`
}

// NHI is one non-human identity on record.
type NHI struct {
	Team              string  `expr:"team"`
	Name              string  `expr:"name"`
	IdentityKind      string  `expr:"identity_kind"`
	Status            string  `expr:"status"`
	Ended             bool    `expr:"ended"` // the NHI itself has ended
	HasOwner          bool    `expr:"has_owner"`
	OwnersKnown       int     `expr:"owners_known"` // owners with a record
	OwnersActive      int     `expr:"owners_active"`
	OwnerEndedDays    float64 `expr:"owner_ended_days"` // since the last owner ended; -1 while one is active or none is known
	Live              bool    `expr:"live"`             // used within the window
	IdleDays          float64 `expr:"idle_days"`        // -1 when no use was ever seen
	Privileged        bool    `expr:"privileged"`
	IdentityFeedStale bool    `expr:"identity_feed_stale"`
}

// Feed is the health of one feed, entitlement or identity source.
type Feed struct {
	Team              string  `expr:"team"`
	Name              string  `expr:"name"`
	Source            string  `expr:"source"`         // log, entitlement or identity
	SilentMinutes     float64 `expr:"silent_minutes"` // since the newest record; -1 when none was ever seen
	MaxSilenceMinutes float64 `expr:"max_silence_minutes"`
	Gaps              int     `expr:"gaps"` // closed gaps in sight
	GapMinutes        float64 `expr:"gap_minutes"`
	Records           int     `expr:"records"`
	Rejected          int     `expr:"rejected"`
	RejectedShare     float64 `expr:"rejected_share"`
	Refused           int     `expr:"refused"`       // snapshots refused since the last good one
	AgeHours          float64 `expr:"age_hours"`     // age of the newest snapshot or identity file; -1 when undated
	MaxAgeHours       float64 `expr:"max_age_hours"` // -1 when none is set
	Blinds            int     `expr:"blinds"`        // verdicts that it made UNVERIFIABLE
}

// Event is one normalised event as a rule on events sees it.
type Event struct {
	Provider      string            `expr:"provider"`
	Account       string            `expr:"account"`
	Team          string            `expr:"team"`
	Feed          string            `expr:"feed"`
	Class         string            `expr:"class"`
	LogClass      string            `expr:"log_class"`
	Action        string            `expr:"action"`
	Access        string            `expr:"access"`
	Outcome       string            `expr:"outcome"`
	Error         string            `expr:"error"`
	Permission    string            `expr:"permission"`
	Scope         string            `expr:"scope"`
	Actor         string            `expr:"actor"`
	ActorName     string            `expr:"actor_name"`
	ActorKind     string            `expr:"actor_kind"`
	ActorUID      string            `expr:"actor_uid"`
	ActorEmail    string            `expr:"actor_email"`
	Issuer        string            `expr:"issuer"` // who issued the session: role ARN, identity provider
	Groups        []string          `expr:"groups"`
	Chain         []string          `expr:"chain"`  // whom the actor stands for; origin last
	Origin        string            `expr:"origin"` // last of the chain: who really acted; empty without a chain
	Target        string            `expr:"target"` // first target
	TargetType    string            `expr:"target_type"`
	Targets       []string          `expr:"targets"`
	SrcIP         string            `expr:"src_ip"`
	UserAgent     string            `expr:"user_agent"`
	Change        string            `expr:"change"` // grant, revoke, create, …
	ChangeSubject string            `expr:"change_subject"`
	ChangeGrant   string            `expr:"change_grant"`
	Attrs         map[string]string `expr:"attrs"`
	Cut           bool              `expr:"cut"` // a list or text was longer than a fact may be (MaxList, MaxText) and was cut

	// What the identities on record say of the actor, when it is linked to one.
	Linked        bool    `expr:"linked"`
	RecordKind    string  `expr:"record_kind"` // kind of the linked record: human, service, …
	PersonEnded   bool    `expr:"person_ended"`
	HoursSinceEnd float64 `expr:"hours_since_end"` // -1 when not ended
}

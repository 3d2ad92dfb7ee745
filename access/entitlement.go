package access

import "time"

// GrantKind says what sort of edge a grant is.
type GrantKind string

// The closed set of grant kinds.
const (
	GrantPermission GrantKind = "permission" // subject may do an action pattern on a resource pattern
	GrantMembership GrantKind = "membership" // subject is a member of a group
	GrantAssume     GrantKind = "assume"     // subject may become a role (trust policy)
)

// SubjectKind says what holds a grant.
type SubjectKind string

// The closed set of subject kinds.
const (
	SubjectUser           SubjectKind = "user"
	SubjectRole           SubjectKind = "role"
	SubjectGroup          SubjectKind = "group"
	SubjectServiceAccount SubjectKind = "serviceaccount"
	SubjectFederated      SubjectKind = "federated" // an identity provider in a trust policy
	SubjectAccount        SubjectKind = "account"   // every principal of another account
	SubjectService        SubjectKind = "service"   // a service of the provider itself; inventory only
	SubjectAnyone         SubjectKind = "anyone"
)

// Rule is one permission rule inside a Kubernetes role, or the expansion of a custom role elsewhere.
type Rule struct {
	Verbs     []string `json:"verbs,omitempty"`
	Groups    []string `json:"groups,omitempty"`    // API groups, "" is the core group
	Resources []string `json:"resources,omitempty"` // with subresources: pods/exec
	Names     []string `json:"names,omitempty"`     // resourceNames
	URLs      []string `json:"urls,omitempty"`      // nonResourceURLs
}

// Grant is one unit of access as a snapshot of entitlements states it.
//
// AWS: subject × one action pattern × one resource pattern of an allowing statement. Kubernetes: subject × binding × role.
// Group memberships and assume-role edges are grants too.
type Grant struct {
	ID          string      `json:"id"` // stable and free of time: hash of provider, account, subject, kind, permission, resource and path
	Team        string      `json:"team"`
	Entitlement string      `json:"entitlement"` // the entitlements entry that it was read from
	Provider    string      `json:"provider"`
	Account     string      `json:"account,omitempty"`
	Kind        GrantKind   `json:"kind"`
	Subject     string      `json:"subject"`               // the holder's name: ARN, Kubernetes username, group:NAME for a Kubernetes group, login
	SubjectUID  string      `json:"subject_uid,omitempty"` // the holder's immutable uid when the snapshot states it
	SubjectKind SubjectKind `json:"subject_kind"`
	Permission  string      `json:"permission"`         // AWS action pattern; "ClusterRole/NAME" or "Role/NAME"; "member"; "sts:AssumeRole"
	Except      []string    `json:"except,omitempty"`   // AWS NotAction: everything but these; Permission is then "*"
	Resource    string      `json:"resource,omitempty"` // AWS resource pattern; Kubernetes namespace or "*"; group; role ARN
	NotResource []string    `json:"not_resource,omitempty"`
	Conditions  string      `json:"conditions,omitempty"` // the condition block as canonical JSON; a conditional grant stays, tagged
	Rules       []Rule      `json:"rules,omitempty"`      // what a Kubernetes role holds
	Path        string      `json:"path,omitempty"`       // how the subject has it, readable: "policy/PaymentsRW (managed) statement 2", "RoleBinding/ns/name"
	Via         string      `json:"via,omitempty"`        // machine form of the path's last edge, compared with Event.Via and Change.Grant: policy ARN, "inline:NAME", "RoleBinding/NS/NAME"
	GrantedAt   time.Time   `json:"granted_at,omitzero"`  // zero when unknown
	GrantedBy   string      `json:"granted_by,omitempty"`
	ApprovedBy  string      `json:"approved_by,omitempty"`
	ExpiresAt   time.Time   `json:"expires_at,omitzero"`
	Privileged  bool        `json:"privileged,omitempty"`
	Inventory   string      `json:"inventory,omitempty"` // why it is listed but never judged: "service-linked role", "cluster default"; empty for ordinary grants
	Denied      []string    `json:"denied,omitempty"`    // action patterns that an unconditional deny takes away again on every resource of this grant
	Boundary    []string    `json:"boundary,omitempty"`  // when a permission boundary holds: the action patterns that it lets through
	HasBoundary bool        `json:"has_boundary,omitempty"`
	FirstSeen   time.Time   `json:"first_seen,omitzero"` // first snapshot that has it
	SeenBefore  bool        `json:"-"`                   // an earlier snapshot of the same series has not had it: it came into being in our sight
	PriorAt     time.Time   `json:"-"`                   // that earlier snapshot's time
	ClosedAt    time.Time   `json:"closed_at,omitzero"`  // first snapshot without it
}

// Account is one identity as a provider's snapshot states it: an IAM user, role or group, a ServiceAccount.
type Account struct {
	Provider   string            `json:"provider"`
	Account    string            `json:"account,omitempty"`
	Team       string            `json:"team"`
	Name       string            `json:"name"` // as in Grant.Subject
	UID        string            `json:"uid,omitempty"`
	Kind       SubjectKind       `json:"kind"`
	Created    time.Time         `json:"created,omitzero"`
	LastUsed   time.Time         `json:"last_used,omitzero"`    // the provider's own word (RoleLastUsed); a use, never proof of absence
	MaxSession time.Duration     `json:"max_session,omitempty"` // longest session of a role
	Enabled    bool              `json:"enabled"`
	Groups     []string          `json:"groups,omitempty"`
	Inventory  string            `json:"inventory,omitempty"`
	Attrs      map[string]string `json:"attrs,omitempty"`
}

// Snapshot is everything that one reading of an entitlement source states about one account at one time.
type Snapshot struct {
	Entitlement string    `json:"entitlement"`
	Team        string    `json:"team"`
	Provider    string    `json:"provider"`
	Account     string    `json:"account,omitempty"`
	TakenAt     time.Time `json:"taken_at"`
	Dated       bool      `json:"dated"`  // false when nothing dates it and TakenAt is the time of reading
	Source      string    `json:"source"` // file name
	Grants      []Grant   `json:"grants"`
	Accounts    []Account `json:"accounts"`
}

// Identity is a record of the identities file: a person or an NHI that the organisation knows of.
// Several records with one UID are its employment (or contract) intervals.
type Identity struct {
	UID          string            `json:"uid"`
	Name         string            `json:"name,omitempty"`
	Email        string            `json:"email,omitempty"`
	Kind         Kind              `json:"kind"`
	Team         string            `json:"team,omitempty"`
	Owner        string            `json:"owner,omitempty"`   // uid of the accountable person or group; ";" separates several
	Manager      string            `json:"manager,omitempty"` // uid
	Start        time.Time         `json:"start,omitzero"`
	End          time.Time         `json:"end,omitzero"` // for the revocation clock: start of the day after, when only a date is given
	EndDateOnly  bool              `json:"end_date_only,omitempty"`
	EndActivity  time.Time         `json:"end_activity,omitzero"` // for activity: end of the last day in the person's zone (equals End)
	Zone         string            `json:"zone,omitempty"`
	Status       string            `json:"status,omitempty"` // active, leave, disabled, terminated, deleted … as given, lower case
	Aliases      []Alias           `json:"aliases,omitempty"`
	Issuer       string            `json:"issuer,omitempty"`
	Created      time.Time         `json:"created,omitzero"`
	Expires      time.Time         `json:"expires,omitzero"`
	NeverExpires bool              `json:"never_expires,omitempty"`
	Rotated      time.Time         `json:"rotated,omitzero"`
	Environment  string            `json:"environment,omitempty"`
	Attrs        map[string]string `json:"attrs,omitempty"`
	Source       string            `json:"source,omitempty"` // identities entry it was read from
	Line         int               `json:"line,omitempty"`
}

// Alias is a name that an identity has elsewhere. Provider narrows it; empty means any.
type Alias struct {
	Provider string `json:"provider,omitempty"`
	Name     string `json:"name"`
}

// Approval is one approved request on record.
type Approval struct {
	Subject    string    `json:"subject"`
	Permission string    `json:"permission"`
	Resource   string    `json:"resource,omitempty"`
	ApprovedBy string    `json:"approved_by"`
	ApprovedAt time.Time `json:"approved_at"`
	Ticket     string    `json:"ticket,omitempty"`
}

// Baseline is a set of grants that somebody approved until a review date.
type Baseline struct {
	Source     string          `json:"source"`
	Team       string          `json:"team,omitempty"`     // optional: the team that it covers
	Accounts   []string        `json:"accounts,omitempty"` // optional: the accounts that it covers
	ApprovedBy string          `json:"approved_by"`
	ApprovedAt time.Time       `json:"approved_at"`
	ReviewBy   time.Time       `json:"review_by"`
	Grants     []BaselineGrant `json:"grants"`
}

// BaselineGrant is one approved line; each field is a glob.
type BaselineGrant struct {
	Subject    string `json:"subject"`
	Permission string `json:"permission"`
	Resource   string `json:"resource,omitempty"` // empty matches every resource
	Ticket     string `json:"ticket,omitempty"`
}

// Match selects grants or findings; each field is a glob, and an empty field matches all.
type Match struct {
	Kind       string `json:"kind,omitempty"`
	Subject    string `json:"subject,omitempty"`
	Permission string `json:"permission,omitempty"`
	Resource   string `json:"resource,omitempty"`
	Team       string `json:"team,omitempty"`
	// Fingerprint is one finding and no pattern. The other fields then only say for people which finding that is.
	Fingerprint string `json:"fingerprint,omitempty"`
}

// Idle is one entry of the declared-idle register: silence is healthy there.
type Idle struct {
	Source    string        `json:"source"`
	Line      int           `json:"line"`
	Match     Match         `json:"match"`
	Class     string        `json:"class"` // break-glass, disaster-recovery, yearly …
	Owner     string        `json:"owner"`
	Reason    string        `json:"reason"`
	Approver  string        `json:"approver"`
	Expires   time.Time     `json:"expires"`
	TestEvery time.Duration `json:"test_every,omitempty"`
}

// Exception is an accepted finding. Reason, approver and expiry are all required.
type Exception struct {
	Source   string    `json:"source"`
	Line     int       `json:"line"`
	Match    Match     `json:"match"`
	Reason   string    `json:"reason"`
	Approver string    `json:"approver"`
	Expires  time.Time `json:"expires"`
}

package access

import (
	"maps"
	"time"
)

// Outcome says how an attempt ended. A denied attempt is never a use.
type Outcome string

// The closed set of outcomes.
const (
	Success Outcome = "success"
	Failure Outcome = "failure"
	Denied  Outcome = "denied"
	Unknown Outcome = "unknown"
)

// Level is how much an action can do, from the provider's own access levels folded to six words.
type Level string

// The closed set of access levels.
const (
	LevelRead  Level = "read"
	LevelList  Level = "list"
	LevelWrite Level = "write"
	LevelAdmin Level = "admin"
	LevelAuth  Level = "auth"
	LevelOther Level = "other"
)

// Kind says what sort of thing an identity is.
type Kind string

// The closed set of identity kinds.
const (
	Human       Kind = "human"
	Service     Kind = "service"
	Workload    Kind = "workload"
	Agent       Kind = "agent"
	ThirdParty  Kind = "third-party"
	System      Kind = "system"
	Anonymous   Kind = "anonymous"
	KindUnknown Kind = "unknown"
)

// NonHuman reports whether k is a kind of non-human identity (NHI).
func (k Kind) NonHuman() bool {
	return k == Service || k == Workload || k == Agent || k == ThirdParty || k == System
}

// Actor is who acted, in the words of the log. Absent fields are empty.
type Actor struct {
	ID         string   `json:"id,omitempty"`         // the name in the log: ARN of the caller, Kubernetes username, login
	UID        string   `json:"uid,omitempty"`        // the provider's immutable uid: AIDA…, AROA…, Okta id, ServiceAccount UID
	Name       string   `json:"name,omitempty"`       // short or display name
	Email      string   `json:"email,omitempty"`      // e-mail address when the log carries one
	Kind       Kind     `json:"kind,omitempty"`       // what sort of identity
	Issuer     string   `json:"issuer,omitempty"`     // who issued the session: role ARN, identity provider
	Credential string   `json:"credential,omitempty"` // id of the key, token or session credential; never a secret
	Chain      []string `json:"chain,omitempty"`      // whom the actor stands for: session ARN, sourceIdentity, impersonator; origin last
	Principal  string   `json:"principal,omitempty"`  // the name under which grants are held: the role's ARN for a role session, else the same as ID
	Groups     []string `json:"groups,omitempty"`     // groups that the log itself states (Kubernetes)
}

// Target is one thing that was acted on.
type Target struct {
	ID   string `json:"id,omitempty"`
	Type string `json:"type,omitempty"`
}

// ChangeKind says what an event does to access itself.
type ChangeKind string

// The closed set of changes.
const (
	ChangeGrant   ChangeKind = "grant"
	ChangeRevoke  ChangeKind = "revoke"
	ChangeCreate  ChangeKind = "create"
	ChangeDelete  ChangeKind = "delete"
	ChangeDisable ChangeKind = "disable"
	ChangeEnable  ChangeKind = "enable"
	ChangeRotate  ChangeKind = "rotate"
	ChangeIssue   ChangeKind = "issue" // a session credential was issued (AssumeRole); Grant holds the credential's id
	ChangeLogging ChangeKind = "logging"
)

// Change is set when the event itself changes access: it grants, revokes, creates, disables or rotates.
type Change struct {
	Kind    ChangeKind `json:"kind"`
	Subject string     `json:"subject,omitempty"` // whose access changes, named as in Grant.Subject (ARN, username, group:NAME, Okta login)
	Grant   string     `json:"grant,omitempty"`   // what is given: policy ARN, "inline:NAME", group ARN or name, binding path, role, credential id
}

// Event is one normalised access record.
type Event struct {
	ID         string            `json:"id"`       // deterministic: the provider's own event id, else a hash of the record
	Time       time.Time         `json:"time"`     // when it happened (event time), UTC
	Provider   string            `json:"provider"` // aws, k8s, okta, …
	Account    string            `json:"account,omitempty"`
	Class      string            `json:"class"`               // OCSF class name, e.g. "API Activity", "Authentication"
	LogClass   string            `json:"log_class,omitempty"` // the feed class that carried it: management-read, management-write, data:s3, signin-interactive, k8s:metadata, …
	Action     string            `json:"action"`              // the provider's own word: s3:GetObject, user.session.start, get
	Access     Level             `json:"access,omitempty"`
	Outcome    Outcome           `json:"outcome"`
	Error      string            `json:"error,omitempty"`
	Actor      Actor             `json:"actor"`
	Targets    []Target          `json:"targets,omitempty"`
	Permission string            `json:"permission,omitempty"` // the permission exercised: IAM action; Kubernetes "verb group/resource/subresource" (core group: "verb resource")
	Scope      string            `json:"scope,omitempty"`      // where it was exercised, coarse: bucket or role ARN, Kubernetes namespace; grants are matched on it
	Via        string            `json:"via,omitempty"`        // what authorised it, when the log says so exactly: "ClusterRoleBinding/NAME", "RoleBinding/NS/NAME"
	SrcIP      string            `json:"src_ip,omitempty"`
	UserAgent  string            `json:"user_agent,omitempty"`
	Session    string            `json:"session,omitempty"`
	Change     *Change           `json:"change,omitempty"`
	Attrs      map[string]string `json:"attrs,omitempty"`

	Memo Memo `json:"-"`
}

// Memo lets whoever works on many events work once on what they share. Two events with the same number, which is not 0,
// have the same actor and session, or the same attributes; a decoder that gives none costs time and nothing else. Who
// changes what a memo stands for sets it to 0.
type Memo struct {
	Who   uint64 // of Actor and Session; the lists in it then belong to the decoder
	Attrs uint64 // of Attrs, which then belong to the decoder: SetAttr copies them
}

// Reset empties e for reuse and keeps the memory of its slices and map.
func (e *Event) Reset() {
	targets, attrs := e.Targets[:0], e.Attrs
	chain, groups := e.Actor.Chain[:0], e.Actor.Groups[:0]
	if e.Memo.Attrs != 0 {
		attrs = nil
	}
	if e.Memo.Who != 0 {
		chain, groups = nil, nil
	}
	clear(attrs)
	*e = Event{Targets: targets, Attrs: attrs, Actor: Actor{Chain: chain, Groups: groups}}
}

// SetAttr sets one attribute; an empty value is not stored, since absent is absent.
func (e *Event) SetAttr(key, value string) {
	if value == "" {
		return
	}
	if e.Attrs == nil {
		e.Attrs = make(map[string]string, 8)
	}
	if e.Memo.Attrs != 0 {
		e.Attrs, e.Memo.Attrs = maps.Clone(e.Attrs), 0
	}
	e.Attrs[key] = value
}

// Reason is why a record was rejected. The set is closed: logs, errors, metric labels and pages share it.
type Reason string

// The closed set of rejection reasons.
const (
	ReasonSyntax      Reason = "syntax"      // not the format at all: broken JSON, missing columns
	ReasonTruncated   Reason = "truncated"   // ends in the middle
	ReasonTooLarge    Reason = "too_large"   // longer than the record limit
	ReasonTooDeep     Reason = "too_deep"    // nested deeper than the limit
	ReasonEncoding    Reason = "encoding"    // not UTF-8, NUL bytes
	ReasonMissing     Reason = "missing"     // a field without which the record says nothing
	ReasonType        Reason = "type"        // a field of the wrong type
	ReasonTime        Reason = "time"        // no time that can be read
	ReasonUnsupported Reason = "unsupported" // a well-formed record of a kind that is not an access record
	ReasonCompression Reason = "compression" // the stream's gzip or zstd is broken
)

// Reasons are all of them.
func Reasons() []Reason {
	return []Reason{ReasonSyntax, ReasonTruncated, ReasonTooLarge, ReasonTooDeep, ReasonEncoding, ReasonMissing, ReasonType, ReasonTime, ReasonUnsupported, ReasonCompression}
}

// Rejection is the error of a record that cannot be decoded. The record becomes a dead letter; it stops nothing.
type Rejection struct {
	Reason Reason `json:"reason"`
	Detail string `json:"detail,omitempty"`
}

func (r *Rejection) Error() string {
	if r.Detail == "" {
		return string(r.Reason)
	}
	return string(r.Reason) + ": " + r.Detail
}

// Reject makes a rejection.
func Reject(reason Reason, detail string) *Rejection {
	return &Rejection{Reason: reason, Detail: detail}
}

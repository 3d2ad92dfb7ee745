package alert

import (
	"context"
	"encoding/json"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// Delivery is what is on record about one message. Its fields are those of the store's delivery, so that one converts into
// the other.
type Delivery struct {
	Channel, Fingerprint string
	At                   time.Time
	TS                   string // the message's id in the channel; empty while it is not known
	Digest               string // of what it said
	Status               string
	Body                 string // a Record as JSON
}

// The statuses of a delivery.
const (
	StatusPending  = "pending"  // about to be posted, or posted with an unknown outcome
	StatusSent     = "sent"     // stands in the channel
	StatusResolved = "resolved" // stands in the channel and says that it is over
	StatusFailed   = "failed"   // was refused; nothing stands in the channel
)

// Key identifies a delivery.
type Key struct{ Channel, Fingerprint string }

// Deliveries keeps the record of deliveries. It lists channels instead of looking up single messages, because what is
// resolved is known only from what was told; with open also what stands in other channels and is not over, for those that
// a former configuration named. What is saved together becomes visible together.
type Deliveries interface {
	Deliveries(ctx context.Context, channels []string, open bool) ([]Delivery, error)
	SaveDeliveries(ctx context.Context, list []Delivery) error
}

// Record is the part of a delivery that only alert and its notifiers read.
type Record struct {
	ChannelID string          `json:"channel_id,omitempty"` // the provider's id of the channel, learnt from its first answer
	Post      string          `json:"post"`                 // identifies the root message, also inside the channel
	Team      string          `json:"team,omitempty"`
	Kind      string          `json:"kind"`
	Cause     string          `json:"cause,omitempty"`
	Title     string          `json:"title,omitempty"`
	Gravest   access.Severity `json:"gravest"`        // ever told in this message
	Total     int             `json:"total"`          // findings it told last
	Seen      []string        `json:"seen,omitempty"` // shortened fingerprints of all findings it ever told
	SeenFull  bool            `json:"seen_full,omitempty"`
	Audience  Audience        `json:"audience,omitempty"`
	Since     time.Time       `json:"since,omitzero"` // when the root message was told
	Told      time.Time       `json:"told,omitzero"`  // when it last called for attention
	Upto      time.Time       `json:"upto,omitzero"`  // of the newest step that it told
}

// maxSeen bounds a record. Past it a group is worse when it has more findings than before, not when it has others.
const maxSeen = 4000

// Record reads the delivery's body. One that cannot be read is empty: the message is then treated as if it had told
// nothing, which repeats rather than hides.
func (d *Delivery) Record() Record {
	var r Record
	if d == nil || d.Body == "" {
		return r
	}
	if err := json.Unmarshal([]byte(d.Body), &r); err != nil {
		return Record{}
	}
	return r
}

// Encode is the record as it stands in a delivery's body.
func (r Record) Encode() string {
	b, err := json.Marshal(r)
	if err != nil { // strings, numbers and booleans always marshal
		return "{}"
	}
	return string(b)
}

// short is what a record keeps of a finding's fingerprint: enough to tell thousands apart.
func short(fingerprint string) string { return digest(fingerprint)[:16] }

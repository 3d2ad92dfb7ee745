package alert

import (
	"context"
	"time"
)

// KindUndeliverable is the kind of the finding that says so.
const KindUndeliverable = "ALERT_UNDELIVERABLE"

// Trouble is a channel that refuses for good, or did.
type Trouble struct {
	Channel, Team string // the team whose message was refused
	Code, Hint    string
	Since, At     time.Time
	Open          bool
}

// Troubles keeps them for the next evaluation, which makes findings of them.
type Troubles interface {
	Troubles(ctx context.Context) ([]Trouble, error)
	SaveTrouble(ctx context.Context, t Trouble) error
}

// Undeliverable is implemented by errors of notifiers that repeating does not mend: a token that was revoked, a channel that
// was archived, a scope that is missing. Whoever runs Grantwatch has to do what hint says. Neither word holds a secret.
type Undeliverable interface {
	error
	Undeliverable() (code, hint string)
}

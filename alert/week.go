package alert

import (
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// Week is what a team's weekly digest says. Its figures are those of the ledger's View.
type Week struct {
	Name         string // 2026-W47
	From, To     time.Time
	Open         []Count // by severity, gravest first
	Unverifiable int
	Blinds       []Blind // why: the feeds whose evidence is missing
	New          int     // findings that were opened or reopened in the week
	Resolved     []Resolved
	Expiring     []Expiring       // exceptions that end within 14 days, soonest first
	Oldest       []access.Finding // open, and nobody has acknowledged them; oldest first
}

// Resolved is how many findings ended in one way.
type Resolved struct {
	How string // use, revocation, expiry, idle, gone
	N   int
}

// Expiring is an exception that ends soon.
type Expiring struct {
	What     string // what it covers, in words
	Reason   string
	Approver string
	Expires  time.Time
}

package signin

import "github.com/grantwatch/grantwatch/detect/ledger"

// Reader is somebody who may read the page.
type Reader struct {
	Name  string // as the page greets them
	ID    string // what tells them from others: issuer and subject, or the token's name
	Scope ledger.Scope
	Board bool // may read the board's reports, which speak of all teams
}

// May reports whether there is anything that the reader may see.
func (r Reader) May() bool { return r.Scope.All || r.Board || len(r.Scope.Teams) > 0 }

// Reports reports whether the reader may open the board's reports.
func (r Reader) Reports() bool { return r.Scope.All || r.Board }

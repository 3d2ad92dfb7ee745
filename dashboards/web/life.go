package web

import (
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/store"
)

// Life is what one identity may do and did.
type Life struct {
	Grants     []access.Grant
	MoreGrants bool // there are more than are here
	Uses       []access.Usage
	MoreUses   bool
	Events     []store.StoredEvent // the newest, newest first
	Since      time.Time           // events before this moment were not looked at; zero when nothing was
	Partly     string              // why something is missing that was asked for
}

// cut takes out what is beyond a scope.
func (l *Life) cut(s ledger.Scope) {
	l.Grants = slices.DeleteFunc(l.Grants, func(g access.Grant) bool { return !s.Sees(g.Team) })
	l.Uses = slices.DeleteFunc(l.Uses, func(u access.Usage) bool { return !s.Sees(u.Team) })
	l.Events = slices.DeleteFunc(l.Events, func(e store.StoredEvent) bool { return !s.Sees(e.Team) })
}

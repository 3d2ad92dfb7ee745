package entitlement

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// A snapshot that lost more than half of its grants since the last one is far more often a broken export than a clean-up *,
// and believing it would close findings that are still true. Below twenty grants a halving is ordinary work.
const (
	ShrinkFloor = 20
	ShrinkShare = 0.5
)

// Summary is what the guard keeps of the last accepted snapshots of one entitlements entry, by account.
type Summary struct {
	Accounts map[string]Seen `json:"accounts"`
}

// Seen is the last accepted snapshot of one account.
type Seen struct {
	TakenAt time.Time `json:"taken_at"`
	Dated   bool      `json:"dated"`
	Source  string    `json:"source,omitempty"`
	Grants  int       `json:"grants"`
}

// Summarise keeps of accepted snapshots what Guard needs next time. Accounts that next does not mention are carried over.
func Summarise(prev *Summary, next []access.Snapshot) *Summary {
	out := &Summary{Accounts: map[string]Seen{}}
	if prev != nil {
		maps.Copy(out.Accounts, prev.Accounts)
	}
	for _, s := range next {
		out.Accounts[s.Account] = Seen{TakenAt: s.TakenAt, Dated: s.Dated, Source: s.Source, Grants: len(s.Grants)}
	}
	return out
}

// Refusal says why a snapshot is not believed. The last good one stays in force.
type Refusal struct {
	Reason  string // truncated, unreadable, empty, shrunk, older
	Detail  string
	Account string // of which account, when it is about one
}

func (r *Refusal) Error() string { return "snapshot refused: " + r.Reason + ": " + r.Detail }

// Guard decides whether new snapshots are believed, given the last accepted ones (nil: there were none).
func Guard(prev *Summary, next []access.Snapshot) *Refusal {
	if len(next) == 0 {
		if prev == nil || total(prev) == 0 {
			return nil
		}
		return &Refusal{Reason: "empty", Detail: fmt.Sprintf("it holds nothing, the last one had %d grants", total(prev))}
	}
	if prev == nil {
		return nil
	}
	for _, s := range next {
		last, known := prev.Accounts[s.Account]
		if !known && s.Account == "" {
			// A file that lost all its principals has also lost the account that their names would have told.
			last = Seen{Grants: total(prev)}
		}
		has := len(s.Grants)
		switch {
		case s.Dated && last.Dated && s.TakenAt.Before(last.TakenAt):
			return &Refusal{"older", fmt.Sprintf("it is of %s, the last one of %s", s.TakenAt.Format(time.RFC3339), last.TakenAt.Format(time.RFC3339)), s.Account}
		case last.Grants > 0 && has == 0:
			return &Refusal{"empty", fmt.Sprintf("it holds no grants, the last one had %d", last.Grants), s.Account}
		case last.Grants >= ShrinkFloor && float64(has) < ShrinkShare*float64(last.Grants):
			return &Refusal{"shrunk", fmt.Sprintf("it holds %d grants, the last one had %d", has, last.Grants), s.Account}
		}
	}
	return nil
}

// Refuse turns the error of a reader into a refusal, so that a file that cannot be read and one that is not believed are
// reported in one way.
func Refuse(err error) *Refusal {
	reason := "unreadable"
	if errors.Is(err, ErrTruncated) {
		reason = "truncated"
	}
	return &Refusal{Reason: reason, Detail: err.Error()}
}

func total(s *Summary) int {
	n := 0
	for _, a := range s.Accounts {
		n += a.Grants
	}
	return n
}

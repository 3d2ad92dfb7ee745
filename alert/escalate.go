package alert

import (
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// Escalation says who hears of what nobody acknowledged.
type Escalation struct {
	After map[access.Severity]time.Duration // since it was told; a severity that is not here is not escalated
	To    []Target
}

// overdue is how long a finding that was told is waiting for somebody, once that is too long; next is when it will be.
func (e *Escalation) overdue(f *access.Finding, told, now time.Time) (waited time.Duration, next time.Time, yes bool) {
	after, ok := e.After[f.Severity]
	if !ok || told.IsZero() || handled(f) {
		return 0, time.Time{}, false
	}
	if f.FirstSeen.After(told) {
		told = f.FirstSeen
	}
	if due := told.Add(after); now.Before(due) {
		return 0, due, false
	}
	return now.Sub(told), time.Time{}, true
}

// handled reports whether somebody said something of a finding that holds alerts back.
func handled(f *access.Finding) bool {
	if f.Handling == nil {
		return false
	}
	switch f.Handling.State {
	case access.HandlingAcknowledged, access.HandlingSnoozed, access.HandlingClaimed, access.HandlingRequested:
		return true
	}
	return false
}

func snoozed(f *access.Finding) bool {
	return f.Handling != nil && f.Handling.State == access.HandlingSnoozed
}

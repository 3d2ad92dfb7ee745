package queries

import (
	"errors"
	"fmt"
)

// Reason is why a query has no answer.
type Reason string

// The closed set of reasons.
const (
	UnknownQuery Reason = "unknown query"
	BadParameter Reason = "bad parameter"
	OutOfScope   Reason = "out of scope"
	TimedOut     Reason = "timeout"
	StoreFailed  Reason = "store"
	Cancelled    Reason = "cancelled"
)

// Error says why a query has no answer. Its text may be shown to whoever asked: of the store's words it has none, which
// stay in the chain for the log.
type Error struct {
	Reason Reason
	Query  string
	Param  string // of a bad parameter
	Detail string
	err    error
}

func (e *Error) Error() string {
	switch e.Reason {
	case UnknownQuery:
		return fmt.Sprintf("unknown query %q", short(e.Query))
	case BadParameter:
		return fmt.Sprintf("query %s: parameter %s: %s", e.Query, short(e.Param), e.Detail)
	}
	return fmt.Sprintf("query %s: %s: %s", e.Query, e.Reason, e.Detail)
}

// Unwrap is what the store said.
func (e *Error) Unwrap() error { return e.err }

// ReasonOf is the reason of an error of this package, and empty for any other.
func ReasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// short bounds what is repeated of what was asked.
func short(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

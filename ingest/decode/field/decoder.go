// Package field holds what every decoder is made of: the Decoder interface, the string arena that makes decoding free
// of per-event allocations, and careful readers of JSON values and times. It exists apart from package decode so that
// decode can list the providers and the providers can share this.
package field

import "github.com/grantwatch/grantwatch/access"

// Decoder turns one record into one event.
//
// Decode fills ev, which the caller has Reset. Its error is always an *access.Rejection. Strings in ev stay valid after
// the next Decode; rec may be reused at once. A Decoder is not safe for concurrent use.
//
// One rejection is gentler than the others: when the only thing wrong is that the record states no time at all, the
// reason is access.ReasonTime and ev is filled in except for Time. A caller whose transport dates its records may set
// Time and keep the event; every other caller treats it as the dead letter that it is.
type Decoder interface {
	Decode(rec []byte, ev *access.Event) error
}

// Format is one log format that a feed can have.
type Format struct {
	Name           string   // the word in grantwatch.yaml: aws_cloudtrail
	Title          string   // for people: AWS CloudTrail
	Provider       string   // Event.Provider of its events
	Docs           string   // where the provider describes the format
	DefaultClasses []string // log classes that the provider logs without being asked to
	New            func(*Strings) Decoder
}

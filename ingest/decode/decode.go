// Package decode is the explicit list of the log formats that Grantwatch reads. A decoder turns one record into one
// access.Event; each provider has a folder here.
package decode

import (
	"github.com/grantwatch/grantwatch/ingest/decode/awscloudtrail"
	"github.com/grantwatch/grantwatch/ingest/decode/field"
	"github.com/grantwatch/grantwatch/ingest/decode/k8saudit"
	"github.com/grantwatch/grantwatch/ingest/decode/oktasystem"
)

// The nouns of decoding. They live in package field, which the providers' packages import.
type (
	// Decoder turns one record into one event.
	Decoder = field.Decoder
	// Format is one log format.
	Format = field.Format
	// Strings is the interner and arena that a decoder makes its strings with.
	Strings = field.Strings
)

// NewStrings makes an empty Strings. One goroutine's decoders may share it.
func NewStrings() *Strings { return field.NewStrings() }

// formats is the list, by name.
var formats = []Format{
	awscloudtrail.Format(),
	k8saudit.Format(),
	oktasystem.Format(),
}

// All lists every format, sorted by name.
func All() []Format { return append([]Format(nil), formats...) }

// Lookup finds a format by name.
func Lookup(name string) (Format, bool) {
	for _, f := range formats {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}

package store

import (
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// An aggregate of min needs a value for "never" that loses against every time, and so does one of max. They are mapped
// to the zero time on the way out.
var (
	epoch    = time.Unix(0, 0).UTC()
	future   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
	earliest = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC) // what DateTime64 can hold
	latest   = time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)
)

// clamp keeps t inside what the column can hold.
func clamp(t time.Time) time.Time {
	switch {
	case t.Before(earliest):
		return earliest
	case t.After(latest):
		return latest
	}
	return t
}

// orFuture is t for a column of min; orEpoch is t for a column of max, or for one that is not always known.
func orFuture(t time.Time) time.Time {
	if t.IsZero() {
		return future
	}
	return t
}

func orEpoch(t time.Time) time.Time {
	if t.IsZero() {
		return epoch
	}
	return t
}

// known undoes both.
func known(t time.Time) time.Time {
	if t.Equal(epoch) || !t.Before(future) {
		return time.Time{}
	}
	return t.UTC()
}

// firstMicros and lastMicros are the same for the times of roll-ups, in microseconds.
func firstMicros(t int64) int64 {
	if t == access.NoFirst {
		return future.UnixMicro()
	}
	return clamp(time.UnixMicro(t)).UnixMicro()
}

func lastMicros(t int64) int64 {
	if t == access.NoLast {
		return epoch.UnixMicro()
	}
	return clamp(time.UnixMicro(t)).UnixMicro()
}

// refTime is how many digits of time stand before the id in last_ref, so that the greatest text is the latest time.
const refTime = 16

// appendRef appends what last_ref holds of a row.
func appendRef(b []byte, r *access.UsageRow) []byte {
	if r.Last == access.NoLast {
		return b
	}
	from := len(b)
	b = append(b, "0000000000000000"[:refTime]...)
	for t, i := max(r.Last, 0), from+refTime-1; t > 0 && i >= from; t, i = t/10, i-1 {
		b[i] = byte('0' + t%10)
	}
	return append(append(b, ' '), r.LastID...)
}

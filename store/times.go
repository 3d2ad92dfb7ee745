package store

import "time"

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

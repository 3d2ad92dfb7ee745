package entitlement

import (
	"path"
	"regexp"
	"strings"
	"time"
)

var nameStamp = regexp.MustCompile(`(?:^|[-_.])(\d{8}T\d{6}Z)(?:$|[-_.])`)

// StampFromName reads the time that a file name states, as in payments-20260901T000000Z.json.gz. Of several the last counts.
func StampFromName(name string) (time.Time, bool) {
	base := path.Base(strings.ReplaceAll(name, `\`, "/"))
	var found time.Time
	for base != "" {
		m := nameStamp.FindStringSubmatchIndex(base)
		if m == nil {
			break
		}
		if t, err := time.Parse("20060102T150405Z", base[m[2]:m[3]]); err == nil {
			found = t
		}
		base = base[m[3]:]
	}
	return found, !found.IsZero()
}

// Stamp dates a snapshot: its own timestamp, else as_of of the configuration, else the file name. When none is there it is
// undated and now stands in; a file's last modification never dates it.
func Stamp(own, asOf time.Time, name string, now time.Time) (taken time.Time, dated bool) {
	if !own.IsZero() {
		return own.UTC(), true
	}
	if !asOf.IsZero() {
		return asOf.UTC(), true
	}
	if t, ok := StampFromName(name); ok {
		return t, true
	}
	return now.UTC(), false
}

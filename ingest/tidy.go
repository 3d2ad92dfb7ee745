package ingest

import (
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/decode/field"
)

// Longest values, in bytes. What a log says beyond them is noise or an attack; what was cut ends in an ellipsis.
const (
	longestID        = 1024
	longestName      = 512
	longestUserAgent = 512
	longestError     = 512
	longestWord      = 256
	longestAttr      = 4096
	mostTargets      = 64
	mostChain        = 16
	mostGroups       = 128
	mostAttrs        = 128
)

// Why an event is in no roll-up.
const (
	flagFuture  = "future"
	flagAncient = "ancient"
)

// What the column of event times holds.
var (
	columnMin = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	columnMax = time.Date(2261, 12, 31, 0, 0, 0, 0, time.UTC)
)

// tidy makes an event fit for the store whatever a log put into it: valid UTF-8 of bounded length, a known account, and
// a time that the column can hold. It returns why the event's clock is wild, or "". What known has of the event is tidy
// already.
func tidy(ev *access.Event, known *access.Columns, feed *access.Feed, cfg *Config, now time.Time) string {
	if ev.Account == "" && len(feed.Accounts) == 1 {
		ev.Account = feed.Accounts[0]
	}
	if ev.Provider == "" {
		ev.Provider = feed.Provider
	}
	if len(ev.ID) > longestID {
		ev.ID = field.HashID([]byte(ev.ID)) // a cut would make two ids one
	}
	if !known.KnowsWho(ev.Memo.Who) {
		tidyWho(ev)
	}
	for _, f := range [...]struct {
		s    *string
		most int
	}{
		{&ev.ID, longestID}, {&ev.Provider, longestWord}, {&ev.Account, longestWord}, {&ev.Class, longestWord}, {&ev.LogClass, longestWord},
		{&ev.Action, longestWord}, {&ev.Error, longestError}, {&ev.Permission, longestWord},
		{&ev.Scope, longestID}, {&ev.Via, longestID}, {&ev.SrcIP, longestWord}, {&ev.UserAgent, longestUserAgent},
	} {
		if !plain(*f.s, f.most) {
			*f.s = mend(*f.s, f.most)
		}
	}
	if c := ev.Change; c != nil {
		c.Subject, c.Grant = mend(c.Subject, longestID), mend(c.Grant, longestID)
	}
	ev.Targets = ev.Targets[:min(len(ev.Targets), mostTargets)]
	for i := range ev.Targets {
		t := &ev.Targets[i]
		t.ID, t.Type = mend(t.ID, longestID), mend(t.Type, longestWord)
	}
	if !known.KnowsAttrs(ev.Memo.Attrs) {
		tidyAttrs(ev)
	}
	return tidyTime(ev, cfg, now)
}

func tidyWho(ev *access.Event) {
	a := &ev.Actor
	sound := len(a.Chain) <= mostChain && len(a.Groups) <= mostGroups
	fields := [...]struct {
		s    *string
		most int
	}{
		{&a.ID, longestID}, {&a.UID, longestWord}, {&a.Name, longestName}, {&a.Email, longestName}, {&a.Issuer, longestID},
		{&a.Credential, longestID}, {&a.Principal, longestID}, {&ev.Session, longestID},
	}
	for _, f := range fields {
		sound = sound && plain(*f.s, f.most)
	}
	for _, list := range [...][]string{a.Chain, a.Groups} {
		for _, s := range list {
			sound = sound && plain(s, longestID)
		}
	}
	if sound {
		return
	}
	ev.Memo.Who = 0 // its lists are the decoder's, and it is not what they say any more
	for _, f := range fields {
		*f.s = mend(*f.s, f.most)
	}
	a.Chain, a.Groups = mendAll(slices.Clone(a.Chain), mostChain), mendAll(slices.Clone(a.Groups), mostGroups)
}

// tidyAttrs keeps the first mostAttrs by name: the same record must always give the same event.
func tidyAttrs(ev *access.Event) {
	attrs := ev.Attrs
	sound := len(attrs) <= mostAttrs
	for k, v := range attrs {
		sound = sound && plain(k, longestWord) && plain(v, longestAttr)
	}
	if sound {
		return
	}
	mended := make(map[string]string, len(attrs))
	for _, k := range slices.Sorted(maps.Keys(attrs)) {
		if len(mended) < mostAttrs {
			mended[mend(k, longestWord)] = mend(attrs[k], longestAttr)
		}
	}
	ev.Attrs, ev.Memo.Attrs = mended, 0
}

// tidyTime believes a clock between MinTime and a little ahead of now. Other events are kept, at a time that the column
// can hold, with the time that they stated as an attribute.
func tidyTime(ev *access.Event, cfg *Config, now time.Time) string {
	flag := ""
	switch {
	case ev.Time.After(now.Add(cfg.FutureSkew)):
		flag = flagFuture
	case ev.Time.Before(cfg.MinTime):
		flag = flagAncient
	default:
		return ""
	}
	if ev.Time.Before(columnMin) || ev.Time.After(columnMax) {
		ev.SetAttr("time_original", ev.Time.UTC().Format(time.RFC3339Nano))
		ev.Time = columnMax
		if flag == flagAncient {
			ev.Time = columnMin
		}
	}
	return flag
}

// plain reports whether s needs no mending: short, valid UTF-8 without NUL. It is the way of nearly every string.
func plain(s string, most int) bool {
	if len(s) > most {
		return false
	}
	i := 0
	for ; i+8 <= len(s); i += 8 { // eight bytes at once: none has its highest bit, and none is 0
		w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 | uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		if (w|(w-0x0101010101010101))&0x8080808080808080 != 0 {
			return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || c == 0 {
			return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
		}
	}
	return true
}

// mend makes s valid UTF-8 without NUL and at most most bytes long.
func mend(s string, most int) string {
	if plain(s, most) {
		return s
	}
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if len(s) <= most {
		return s
	}
	const dots = "…"
	cut := most - len(dots)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + dots
}

func mendAll(list []string, most int) []string {
	list = list[:min(len(list), most)]
	for i := range list {
		list[i] = mend(list[i], longestID)
	}
	return list
}

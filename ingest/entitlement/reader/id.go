package reader

import (
	"encoding/hex"
	"strconv"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/grantwatch/grantwatch/access"
)

// GrantID is the stable id of a grant: it has no time, no team and no readable path in it, so that the same grant is the same
// in every snapshot. Every part is written with its length, so that no two lists of parts look alike.
func GrantID(g *access.Grant) string {
	var space [512]byte
	b := space[:0]
	one := func(s string) {
		b = strconv.AppendInt(b, int64(len(s)), 10)
		b = append(b, ':')
		b = append(b, s...)
	}
	list := func(l []string) {
		b = strconv.AppendInt(b, int64(len(l)), 10)
		b = append(b, '#')
		for _, s := range l {
			one(s)
		}
	}
	one(g.Provider)
	one(g.Account)
	one(g.Subject)
	one(string(g.Kind))
	one(g.Permission)
	list(g.Except)
	one(g.Resource)
	list(g.NotResource)
	one(g.Via)
	one(g.Conditions)
	sum := xxh3.Hash128(b).Bytes()
	return hex.EncodeToString(sum[:])
}

// ParseTime reads RFC 3339, a bare date (midnight UTC) or the few other spellings that providers use.
func ParseTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), t.Year() >= 1 && t.Year() <= 9999
		}
	}
	return time.Time{}, false
}

package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// groupKey is what the findings of one message have in common.
type groupKey struct{ channel, team, kind, cause string }

// fingerprint names the group inside its channel and, like a finding's, has no time in it.
func (k groupKey) fingerprint() string { return digest("group", k.team, k.kind, k.cause) }

func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p) // with lengths, so that no two lists of parts read the same
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// postID identifies one root message: a group that was resolved and comes back gets another.
func postID(k Key, at time.Time) string {
	return digest("post", k.Channel, k.Fingerprint, strconv.FormatInt(at.UnixNano(), 10))
}

// finish fills in what follows from the findings.
func (m *Message) finish() {
	list := m.Findings
	if len(list) == 0 {
		list = m.Unverifiable
	}
	m.Severity, m.Title = list[0].Severity, list[0].Title
	for i := range list {
		if list[i].Title != m.Title {
			m.Title = "" // findings of one rule that are titled one by one; the kind says what they share
		}
	}
	h := sha256.New()
	for i := range m.Findings {
		fold(h, &m.Findings[i])
	}
	for _, b := range m.Blinds() {
		fmt.Fprintf(h, "blind %q %d\n", b.Feed, b.N)
	}
	m.Digest = hex.EncodeToString(h.Sum(nil)[:16])
}

// fold adds to a digest what makes a finding another one for its reader. Words that count hours, and the ends of gaps that
// still grow, stay out: they change with every evaluation and would edit every message every time.
func fold(h io.Writer, f *access.Finding) {
	fmt.Fprintf(h, "%q %q %q %q", f.Fingerprint, f.Severity, f.Verdict, f.Title)
	if f.Identity != nil {
		fmt.Fprintf(h, " who %q %q %q", f.Identity.Name, f.Identity.Person, f.Identity.Owner)
	}
	if f.Grant != nil {
		fmt.Fprintf(h, " what %q %q %q", f.Grant.Permission, f.Grant.Resource, f.Grant.GrantedBy)
	}
	if f.Coverage != nil {
		fmt.Fprintf(h, " coverage %d", int(math.Floor(*f.Coverage*100)))
	}
	fmt.Fprintf(h, " proposal %q gaps %d\n", f.Proposal, len(f.Gaps))
}

// compare decides the reason from what is on record, and what is put on record next.
func (m *Message) compare(prev Delivery, ok bool) {
	rec := Record{Post: postID(m.Key, m.At)}
	if ok {
		rec = prev.Record()
	}
	seen := seenSet(rec.Seen)
	m.Reason = ReasonChanged
	switch {
	case !ok || prev.Status == StatusResolved || prev.Status == StatusFailed:
		m.Reason = ReasonFirst
		rec, seen = Record{Post: postID(m.Key, m.At), ChannelID: rec.ChannelID}, map[string]bool{}
	case prev.TS == "":
		m.Reason = ReasonFirst // on record as about to be posted; the notifier finds out whether it was
	case m.Digest == prev.Digest:
		m.Reason = ReasonUnchanged
	}
	for i := range m.Findings {
		if !seen[short(m.Findings[i].Fingerprint)] {
			m.New++
		}
	}
	if rec.SeenFull {
		m.New = max(0, len(m.Findings)-rec.Total)
	}
	graver := len(m.Findings) > 0 && m.Severity.Rank() > rec.Gravest.Rank()
	if m.Reason == ReasonChanged && (m.New > 0 || graver) {
		m.Reason = ReasonWorse
	}
	for i := range m.Findings {
		seen[short(m.Findings[i].Fingerprint)] = true
	}
	if len(seen) > maxSeen {
		rec.SeenFull, seen = true, map[string]bool{}
	}
	if graver || rec.Gravest == "" {
		rec.Gravest = m.Severity
	}
	rec.Team, rec.Kind, rec.Cause, rec.Title, rec.Total = m.Team, m.Kind, m.Cause, m.Title, len(m.Findings)
	rec.Seen = slices.Sorted(maps.Keys(seen))
	m.Record = rec
}

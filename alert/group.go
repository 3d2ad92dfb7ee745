package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// groupKey is what the findings of one message have in common.
type groupKey struct {
	channel, team, kind, cause string
	late                       bool // nobody acknowledged them in time
}

// fingerprint names the group inside its channel and, like a finding's, has no time in it.
func (k groupKey) fingerprint() string {
	if k.late {
		return digest("escalation", k.team, k.kind, k.cause)
	}
	return digest("group", k.team, k.kind, k.cause)
}

func digest(parts ...string) string {
	var room [256]byte
	b := room[:0]
	for _, p := range parts {
		b = strconv.AppendInt(b, int64(len(p)), 10) // with lengths, so that no two lists of parts read the same
		b = append(append(b, ':'), p...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// postID identifies one root message: a group that was resolved and comes back gets another.
func postID(k Key, at time.Time) string {
	return digest("post", k.Channel, k.Fingerprint, strconv.FormatInt(at.UnixNano(), 10))
}

// finish fills in what follows from the findings.
func (m *Message) finish() {
	if len(m.members) > 0 {
		m.Findings = make([]access.Finding, len(m.members))
		for i, f := range m.members {
			m.Findings[i] = *f
		}
		m.members = nil
	}
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
	var row []byte
	for i := range m.Findings {
		row = fold(row[:0], &m.Findings[i])
		_, _ = h.Write(row) // a hash does not fail
	}
	for _, b := range m.Blinds() {
		fmt.Fprintf(h, "blind %q %d\n", b.Feed, b.N)
	}
	m.Digest = hex.EncodeToString(h.Sum(nil)[:16])
}

// fold adds to a digest what makes a finding another one for its reader. Words that count hours, and the ends of gaps that
// still grow, stay out: they change with every evaluation and would edit every message every time.
func fold(b []byte, f *access.Finding) []byte {
	words := func(list ...string) {
		for _, w := range list {
			b = append(strconv.AppendInt(b, int64(len(w)), 10), ':')
			b = append(b, w...)
		}
		b = append(b, ' ')
	}
	words(f.Fingerprint, string(f.Severity), string(f.Verdict), f.Title, f.Proposal)
	if f.Identity != nil {
		words("who", f.Identity.Name, f.Identity.Person, f.Identity.Owner)
	}
	if f.Grant != nil {
		words("what", f.Grant.Permission, f.Grant.Resource, f.Grant.GrantedBy)
	}
	if h := f.Handling; h != nil {
		words("said", h.State, h.By, h.Team, h.Why)
		if h.Asked != nil {
			words("asked", h.Asked.Approver)
			b = strconv.AppendInt(b, h.Asked.Expires.Unix(), 10)
		}
		b = strconv.AppendInt(b, h.Until.Unix(), 10)
	}
	if f.Coverage != nil {
		b = strconv.AppendInt(b, int64(math.Floor(*f.Coverage*100)), 10)
	}
	return append(strconv.AppendInt(append(b, " gaps "...), int64(len(f.Gaps)), 10), '\n')
}

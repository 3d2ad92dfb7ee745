package alert

import (
	"cmp"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

const (
	// stormAbove is the number of findings above which a message becomes a digest.
	stormAbove = 20
	// stormShows is how many findings a digest still tells one by one.
	stormShows = 10
)

// Message is everything that is to be said of one problem class of a team in one channel; or, when its reason does not go
// out, the findings that are held back for that reason.
type Message struct {
	Key
	Reason       Reason
	Team         string
	Kind         string
	Cause        string // the rule
	Title        string
	Severity     access.Severity  // the gravest among Findings and, without any, among Unverifiable
	Findings     []access.Finding // gravest first
	Unverifiable []access.Finding // told as one line
	New          int              // of Findings, those that were not told before
	Newest       []int            // the gravest of these, by their place in Findings; none where nobody knows which they are
	Closing      Closing          // only of ReasonResolved
	AsOf         time.Time        // of the evaluation
	At           time.Time        // now
	Digest       string
	Audience     Audience        // why this channel hears of it
	Steps        []ledger.Change // since the message was told last, oldest first: what its thread tells
	StepsLeft    int             // older steps that are too many to tell
	Contradicted int             // of Findings, those claimed to be revoked that a later snapshot still has
	Waited       time.Duration   // only of ReasonEscalate: how long nobody acknowledged it
	Week         *Week           // only of ReasonDigest, which has no Findings
	Link         string          // address of the page about it; empty when nobody said where the page is
	Record       Record          // what is put on record when it was delivered

	members []*access.Finding // of Findings, while they are gathered: copied once, when all are known
	names   []string          // shortened fingerprints of Findings
	told    time.Time         // when it last called for attention; zero when never
}

// Closing says what has become of the findings that a message told, as far as they are still known. The others are gone.
type Closing struct {
	Unverifiable int // the evidence no longer allows a verdict; that is not the same as resolved
	Excepted     int
	Elsewhere    int        // open, but below the floor, of another team now, or told in another message
	Handled      int        // of an escalation: somebody acknowledged them
	How          []Resolved // how those ended that are over, as far as it is known
}

// Storm reports whether there are too many findings to tell them all.
func (m *Message) Storm() bool { return len(m.Findings) > stormAbove }

// Shown returns the findings that are told one by one: all, or the gravest of a storm.
func (m *Message) Shown() []access.Finding {
	if m.Storm() {
		return m.Findings[:stormShows]
	}
	return m.Findings
}

// Count is how many findings of a severity a message has.
type Count struct {
	Severity access.Severity
	N        int
}

// Counts returns the message's findings by severity, gravest first.
func (m *Message) Counts() []Count {
	var out []Count
	for i := range m.Findings { // gravest first, so equal ones are neighbours
		if n := len(out); n > 0 && out[n-1].Severity == m.Findings[i].Severity {
			out[n-1].N++
			continue
		}
		out = append(out, Count{m.Findings[i].Severity, 1})
	}
	return out
}

// Blind is how many verdicts a feed makes impossible.
type Blind struct {
	Feed        string
	N           int
	DecidableAt time.Time // when the last of them can be decided, if nothing else breaks; zero when not known
}

// Blinds sums the unverifiable findings by the feed whose evidence is missing, most first.
func (m *Message) Blinds() []Blind {
	at := map[string]int{}
	var out []Blind
	for i := range m.Unverifiable {
		f := &m.Unverifiable[i]
		feed := blindFeed(f)
		n, ok := at[feed]
		if !ok {
			n = len(out)
			at[feed] = n
			out = append(out, Blind{Feed: feed})
		}
		out[n].N++
		if f.DecidableAt.After(out[n].DecidableAt) {
			out[n].DecidableAt = f.DecidableAt
		}
	}
	slices.SortFunc(out, func(a, b Blind) int { return cmp.Or(-cmp.Compare(a.N, b.N), cmp.Compare(a.Feed, b.Feed)) })
	return out
}

// blindFeed names the feed that an unverifiable finding waits for.
func blindFeed(f *access.Finding) string {
	switch {
	case len(f.Gaps) > 0:
		return f.Gaps[0].Feed
	case f.Feed != "":
		return f.Feed
	case len(f.Feeds) > 0:
		return f.Feeds[0]
	}
	return ""
}

package alert

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// Plan decides what is said where. sent is what is on record for the routed channels. The result holds every open and
// excepted finding of the view once: in the message that tells it, or in one whose reason says why nobody is told. What
// goes out comes first, gravest first.
func Plan(view *ledger.View, sent map[Key]Delivery, routes Routes, now time.Time) []Message {
	s := sorter{routes: routes, groups: map[groupKey]*Message{}, held: map[Reason]*Message{}}
	s.sort(view)
	out := make([]Message, 0, len(s.groups)+len(s.held))
	here := make(map[Key]bool, len(s.groups))
	for k, m := range s.groups {
		m.Key = Key{k.channel, k.fingerprint()}
		m.Team, m.Kind, m.Cause = k.team, k.kind, k.cause
		m.AsOf, m.At = view.AsOf, now
		m.finish()
		prev, ok := sent[m.Key]
		m.compare(prev, ok)
		here[m.Key] = true
		out = append(out, *m)
	}
	for k, d := range sent {
		if m, ok := closing(k, d, here, s.fates, view.AsOf, now); ok {
			out = append(out, m)
		}
	}
	for r, m := range s.held {
		m.Reason, m.AsOf, m.At = r, view.AsOf, now
		out = append(out, *m)
	}
	slices.SortFunc(out, inOrder)
	return out
}

func inOrder(a, b Message) int {
	return cmp.Or(
		-cmp.Compare(order(&a), order(&b)),
		-cmp.Compare(a.Severity.Rank(), b.Severity.Rank()),
		cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Team, b.Team), cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Cause, b.Cause), cmp.Compare(a.Fingerprint, b.Fingerprint), cmp.Compare(a.Reason, b.Reason))
}

// order puts what is wrong before what is well again, and both before what is not said.
func order(m *Message) int {
	switch {
	case m.Reason == ReasonResolved:
		return 1
	case m.Reason.Goes():
		return 2
	}
	return 0
}

// sorter puts findings into groups.
type sorter struct {
	routes Routes
	groups map[groupKey]*Message
	held   map[Reason]*Message
	fates  map[string]access.Finding // by shortened fingerprint, for what is said of findings that a message no longer tells
}

func (s *sorter) sort(view *ledger.View) {
	all := slices.Clone(view.Findings)
	ledger.Sort(all)
	feeds := feedTeams(view)
	s.fates = make(map[string]access.Finding, len(all))
	seen := make(map[string]bool, len(all))
	var blind []access.Finding
	for _, f := range all {
		if seen[f.Fingerprint] || !detect.Open(f.Verdict) || f.State == ledger.StateResolved {
			continue
		}
		seen[f.Fingerprint] = true
		s.fates[short(f.Fingerprint)] = f
		switch {
		case f.State == ledger.StateExcepted:
			s.hold(ReasonExcepted, f)
		case f.Verdict == access.VerdictUnverifiable:
			blind = append(blind, f)
		case f.Severity.Rank() < s.routes.Min.Rank():
			s.hold(ReasonBelowFloor, f)
		default:
			s.group(f, f.Team, true)
		}
	}
	// What cannot be verified comes last: below the floor it rides along with a group that exists, and makes none.
	for _, f := range blind {
		s.group(f, addressee(&f, feeds), f.Severity.Rank() >= s.routes.Min.Rank())
	}
}

func (s *sorter) hold(r Reason, f access.Finding) {
	if s.held[r] == nil {
		s.held[r] = &Message{Severity: f.Severity}
	}
	s.held[r].Findings = append(s.held[r].Findings, f)
}

func (s *sorter) group(f access.Finding, team string, make bool) {
	k := groupKey{channel: s.routes.Channel(team), team: team, kind: f.Kind, cause: f.Rule}
	m := s.groups[k]
	switch {
	case k.channel == "":
		s.hold(ReasonNoChannel, f)
		return
	case m == nil && !make:
		s.hold(ReasonBelowFloor, f)
		return
	case m == nil:
		m = &Message{}
		s.groups[k] = m
	}
	if f.Verdict == access.VerdictUnverifiable {
		m.Unverifiable = append(m.Unverifiable, f)
	} else {
		m.Findings = append(m.Findings, f)
	}
}

// closing is the message that says a group is over, for a delivery that stands in its channel and has no group any more.
func closing(k Key, d Delivery, here map[Key]bool, fates map[string]access.Finding, asOf, now time.Time) (Message, bool) {
	if here[k] || d.Status == StatusResolved || d.Status == StatusFailed {
		return Message{}, false
	}
	rec := d.Record()
	m := Message{
		Key: k, Reason: ReasonResolved, Team: rec.Team, Kind: rec.Kind, Cause: rec.Cause, Title: rec.Title, Severity: rec.Gravest,
		AsOf: asOf, At: now, Record: rec, Digest: "resolved",
	}
	for _, fp := range slices.Sorted(maps.Keys(seenSet(rec.Seen))) {
		f, ok := fates[fp]
		switch {
		case !ok:
		case f.State == ledger.StateExcepted:
			m.Closing.Excepted++
		case f.Verdict == access.VerdictUnverifiable:
			m.Closing.Unverifiable++
		default:
			m.Closing.Elsewhere++
		}
	}
	return m, true
}

func seenSet(seen []string) map[string]bool {
	out := make(map[string]bool, len(seen))
	for _, s := range seen {
		out[s] = true
	}
	return out
}

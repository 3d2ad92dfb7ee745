package alert

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// Input is everything that a plan depends on.
type Input struct {
	View   *ledger.View
	Sent   map[Key]Delivery // what is on record for the routed channels
	Steps  []ledger.Change  // in the lives of findings, oldest first; those that were told are left out again
	Routes *Routes
	Now    time.Time
}

// Plan decides what is said where, with the steps that the view itself tells of.
func Plan(view *ledger.View, sent map[Key]Delivery, routes Routes, now time.Time) []Message {
	ms, _ := Input{View: view, Sent: sent, Steps: view.Changes, Routes: &routes, Now: now}.Plan()
	return ms
}

// Plan decides what is said where. The result holds every open and excepted finding of the view once for each of its
// audiences: in the message that tells it, or in one whose reason says why that is not told. What goes out comes first,
// gravest first. next is when something that is held back becomes due; zero when only another view changes anything.
func (in Input) Plan() (out []Message, next time.Time) {
	s := sorter{routes: in.Routes, now: in.Now, groups: map[groupKey]*Message{}, held: map[Reason]*Message{}}
	s.sort(in.View)
	p := planner{Input: in, steps: index(in.Steps), records: map[Key]Record{}}
	out = make([]Message, 0, len(s.groups)+len(s.held))
	here := make(map[Key]bool, len(s.groups))
	finish := func(m *Message) {
		m.AsOf, m.At = in.View.AsOf, in.Now
		m.finish()
		p.decide(m)
		here[m.Key] = true
		out = append(out, *m)
	}
	groups := slices.Collect(maps.Values(s.groups))
	for _, m := range groups {
		finish(m)
	}
	clear(s.groups)
	p.escalate(&s, groups)
	for _, m := range s.groups {
		finish(m)
	}
	for k, d := range in.Sent {
		if m, ok := p.closing(k, d, here, s.fates); ok {
			out = append(out, m)
		}
	}
	for r, m := range s.held {
		m.Reason, m.AsOf, m.At = r, in.View.AsOf, in.Now
		out = append(out, *m)
	}
	slices.SortFunc(out, inOrder)
	return out, p.next
}

// planner holds what is decided over.
type planner struct {
	Input
	steps   map[string][]ledger.Change // by shortened fingerprint
	records map[Key]Record             // of what was decided about, as it stood before
	next    time.Time
}

// due notes that a plan made at t differs from this one.
func (p *planner) due(t time.Time) {
	if t.After(p.Now) && (p.next.IsZero() || t.Before(p.next)) {
		p.next = t
	}
}

// escalate groups what nobody acknowledged in time for those who hear of that.
func (p *planner) escalate(s *sorter, groups []*Message) {
	e := &p.Routes.Escalate
	if len(e.To) == 0 || len(e.After) == 0 {
		return
	}
	late := map[string]bool{}
	slices.SortFunc(groups, func(a, b *Message) int { return inOrder(*a, *b) }) // the earlier of two audiences decides, whatever the map's order
	for _, m := range groups {
		prev, ok := p.Sent[m.Key]
		if !ok || prev.TS == "" || prev.Status != StatusSent || m.Audience == AudienceSOC || m.Audience == AudienceOperator {
			continue
		}
		since := p.records[m.Key].Since
		if since.IsZero() {
			since = prev.At
		}
		for i := range m.Findings {
			f := &m.Findings[i]
			waited, due, yes := e.overdue(f, since, p.Now)
			p.due(due)
			if !yes || late[f.Fingerprint] {
				continue
			}
			late[f.Fingerprint] = true
			s.room = p.Routes.resolve(e.To, f, s.feeds, s.room[:0])
			for _, to := range s.room {
				to.audience, to.team = AudienceEscalation, m.Team
				x := s.group(f, to, true)
				x.members, x.Waited = append(x.members, f), max(x.Waited, waited)
			}
		}
	}
	for _, m := range s.groups {
		slices.SortStableFunc(m.members, ledger.Compare)
		for _, f := range m.members {
			m.names = append(m.names, short(f.Fingerprint))
		}
	}
}

func inOrder(a, b Message) int {
	return cmp.Or(
		-cmp.Compare(order(&a), order(&b)),
		-cmp.Compare(a.Severity.Rank(), b.Severity.Rank()),
		a.told.Compare(b.told), // what was never told first: a group that keeps getting worse must not hold the others up
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

// closing is the message that says a group is over, for a delivery that stands in its channel and has no group any more.
func (p *planner) closing(k Key, d Delivery, here map[Key]bool, fates map[string]*access.Finding) (Message, bool) {
	if here[k] || d.Status == StatusResolved || d.Status == StatusFailed || !isGroup(k.Fingerprint) {
		return Message{}, false
	}
	rec := d.Record()
	m := Message{
		Key: k, Reason: ReasonResolved, Team: rec.Team, Kind: rec.Kind, Cause: rec.Cause, Title: rec.Title, Severity: rec.Gravest,
		AsOf: p.View.AsOf, At: p.Now, Record: rec, Digest: "resolved", Audience: rec.Audience,
	}
	how := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(seenSet(rec.Seen))) {
		f := fates[name]
		switch {
		case f == nil:
			if list := p.steps[name]; len(list) > 0 {
				if h := ledger.HowOf(list[len(list)-1]); h != "" {
					how[h]++
				}
			}
		case f.State == ledger.StateExcepted:
			m.Closing.Excepted++
		case f.Verdict == access.VerdictUnverifiable:
			m.Closing.Unverifiable++
		case rec.Audience == AudienceEscalation && handled(f):
			m.Closing.Handled++
		default:
			m.Closing.Elsewhere++
		}
	}
	for _, h := range slices.Sorted(maps.Keys(how)) {
		m.Closing.How = append(m.Closing.How, Resolved{h, how[h]})
	}
	p.tell(&m, rec.Seen, rec.Upto)
	m.Link = p.Routes.link(&m)
	return m, true
}

// isGroup tells the record of a group from that of a digest or a file, whose names have a colon.
func isGroup(fingerprint string) bool {
	for i := range len(fingerprint) {
		if fingerprint[i] == ':' {
			return false
		}
	}
	return true
}

func seenSet(seen []string) map[string]bool {
	out := make(map[string]bool, len(seen))
	for _, s := range seen {
		out[s] = true
	}
	return out
}

package alert

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// maxNewest is how many findings that were not told before are told by name to whoever knows the others already.
const maxNewest = 5

// maxSteps is how many steps a message tells; the newest are told, and how many came before them is said.
const maxSteps = 40

// attention is what in a group somebody has to look at now.
type attention struct {
	fresh, graver, critical bool // not told before; graver than was ever told; one of these is critical
	live                    bool // something that nobody handles
	lively                  bool // and one of it is critical
	asleep                  bool // everything is snoozed
	woken                   bool // a snooze has ended
	eldest                  time.Time
	wakes                   time.Time // when the first snooze ends
}

// decide gives a group its reason, from what is on record, and writes what is put on record next.
func (p *planner) decide(m *Message) {
	prev, ok := p.Sent[m.Key]
	rec := Record{Post: postID(m.Key, m.At)}
	if ok {
		rec = prev.Record()
		p.records[m.Key] = rec
	}
	told := rec.Told
	if told.IsZero() {
		told = prev.At
	}
	anew := !ok || prev.Status == StatusResolved || prev.Status == StatusFailed
	if anew { // who was told of it before was told that it is over
		rec = Record{Post: postID(m.Key, m.At), ChannelID: rec.ChannelID}
	}
	seen := seenSet(rec.Seen)
	if !anew {
		m.told = told
	}
	open := !anew && prev.TS == "" // on record as about to be posted; the notifier finds out whether it was
	if !anew && !open {
		p.tell(m, both(m.names, rec.Seen), rec.Upto)
	}
	a := p.look(m, seen, &rec)

	want := ReasonChanged
	switch {
	case (anew || open) && m.Audience == AudienceEscalation:
		want = ReasonEscalate
	case anew || open:
		want = ReasonFirst
	case a.fresh || a.graver || m.Contradicted > 0:
		want = ReasonWorse
	case a.woken && a.live:
		want = ReasonReminder
	case m.Digest == prev.Digest:
		want = ReasonUnchanged
	}
	if again := told.Add(p.Routes.Repeat); p.Routes.Repeat > 0 && (want == ReasonUnchanged || want == ReasonChanged) {
		switch {
		case p.Now.Before(again):
			p.due(again)
		case a.live:
			want = ReasonReminder
		case want == ReasonUnchanged && a.asleep:
			want = ReasonSnoozed
		case want == ReasonUnchanged && len(m.Findings) > 0:
			want = ReasonAcknowledged
		}
	}
	m.Reason = want
	if !open {
		m.Reason = p.hold(m, want, &a, told)
	}
	p.record(m, rec, seen, want)
	m.Link = p.Routes.link(m)
}

// hold is the reason itself, or the one for which a message that calls for attention has to wait. What is critical waits
// for nothing.
func (p *planner) hold(m *Message, want Reason, a *attention, told time.Time) Reason {
	critical := a.critical || want != ReasonWorse && a.lively
	switch want {
	case ReasonFirst, ReasonEscalate:
		if a.asleep {
			p.due(a.wakes)
			return ReasonSnoozed
		}
	case ReasonWorse, ReasonReminder:
	default:
		return want
	}
	if critical {
		return want
	}
	if ready := a.eldest.Add(p.Routes.Wait); want == ReasonFirst && p.Now.Before(ready) {
		p.due(ready)
		return ReasonWaiting
	}
	if ready := told.Add(p.Routes.Interval); want == ReasonWorse && p.Now.Before(ready) {
		p.due(ready)
		return ReasonWaiting
	}
	switch m.Audience {
	case AudienceSOC, AudienceEscalation, AudienceOperator, AudienceApprover:
		return want
	}
	if end, quiet := p.Routes.Quiet[m.Team].Until(p.Now); quiet {
		p.due(end)
		return ReasonQuiet
	}
	return want
}

// look finds what is new in a group.
func (p *planner) look(m *Message, seen map[string]bool, rec *Record) attention {
	a := attention{asleep: len(m.Findings) > 0 && len(m.Unverifiable) == 0}
	first := func(t *time.Time, v time.Time) {
		if !v.IsZero() && (t.IsZero() || v.Before(*t)) {
			*t = v
		}
	}
	for i := range m.Findings {
		f := &m.Findings[i]
		critical := f.Severity == access.SeverityCritical
		first(&a.eldest, f.FirstSeen)
		busy := handled(f)
		if snoozed(f) {
			first(&a.wakes, f.Handling.Until)
		} else {
			a.asleep = false
		}
		if !busy {
			a.live, a.lively = true, a.lively || critical
		}
		if !rec.SeenFull && !seen[m.names[i]] {
			if m.New++; len(m.Newest) < maxNewest {
				m.Newest = append(m.Newest, i)
			}
			a.fresh, a.critical = a.fresh || !busy, a.critical || critical && !busy
		}
		if !busy && f.Severity.Rank() > rec.Gravest.Rank() {
			a.graver, a.critical = true, a.critical || critical
		}
	}
	for i := range m.Unverifiable {
		first(&a.eldest, m.Unverifiable[i].FirstSeen)
	}
	if rec.SeenFull {
		m.New = max(0, len(m.Findings)-rec.Total)
		a.fresh, a.critical = m.New > 0, a.critical || m.New > 0 && a.lively
	}
	for _, c := range m.Steps {
		switch {
		case c.To == access.HandlingContradicted:
			m.Contradicted++
			a.critical = a.critical || c.Severity == access.SeverityCritical
		case c.Why == ledger.WhySnoozeOver:
			a.woken = true
		}
	}
	return a
}

// record writes what is put on record once the message was delivered.
func (p *planner) record(m *Message, rec Record, seen map[string]bool, want Reason) {
	for _, n := range m.names {
		seen[n] = true
	}
	if len(seen) > maxSeen {
		rec.SeenFull, seen = true, map[string]bool{}
	}
	if len(m.Findings) > 0 && m.Severity.Rank() > rec.Gravest.Rank() || rec.Gravest == "" {
		rec.Gravest = m.Severity
	}
	rec.Team, rec.Kind, rec.Cause, rec.Title, rec.Total, rec.Audience = m.Team, m.Kind, m.Cause, m.Title, len(m.Findings), m.Audience
	rec.Seen = slices.Sorted(maps.Keys(seen))
	if want != ReasonChanged && want != ReasonUnchanged {
		rec.Told = p.Now
	}
	if rec.Since.IsZero() {
		rec.Since = p.Now
	}
	if rec.Upto.Before(m.AsOf) {
		rec.Upto = m.AsOf
	}
	for _, n := range m.names { // a step can be newer than the evaluation: what somebody said
		if list := p.steps[n]; len(list) > 0 && list[len(list)-1].At.After(rec.Upto) {
			rec.Upto = list[len(list)-1].At
		}
	}
	m.Record = rec
}

// tell gives a message the steps of its findings after a moment.
func (p *planner) tell(m *Message, names []string, after time.Time) {
	if len(p.steps) == 0 || after.IsZero() {
		return
	}
	for _, n := range names {
		for _, c := range p.steps[n] {
			if c.At.After(after) {
				m.Steps = append(m.Steps, c)
			}
		}
	}
	slices.SortStableFunc(m.Steps, func(a, b ledger.Change) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Fingerprint, b.Fingerprint), cmp.Compare(a.To, b.To))
	})
	if n := len(m.Steps) - maxSteps; n > 0 {
		m.Steps, m.StepsLeft = m.Steps[n:], n
	}
}

// both are the names of two lists, each once.
func both(a, b []string) []string {
	set := seenSet(a)
	out := slices.Clone(a)
	for _, n := range b {
		if !set[n] {
			out = append(out, n)
		}
	}
	return out
}

func index(steps []ledger.Change) map[string][]ledger.Change {
	out := map[string][]ledger.Change{}
	for _, c := range steps {
		n := short(c.Fingerprint)
		out[n] = append(out[n], c)
	}
	return out
}

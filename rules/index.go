package rules

import (
	"slices"

	"github.com/grantwatch/grantwatch/rules/facts"
)

// eventTexts, eventLists and eventBools read the facts that an index can hold. index_test.go compares them with the
// fields of facts.Event, so that a new fact is not forgotten.
var eventTexts = map[string]func(*facts.Event) string{
	"provider": func(e *facts.Event) string { return e.Provider }, "account": func(e *facts.Event) string { return e.Account },
	"team": func(e *facts.Event) string { return e.Team }, "feed": func(e *facts.Event) string { return e.Feed },
	"class": func(e *facts.Event) string { return e.Class }, "log_class": func(e *facts.Event) string { return e.LogClass },
	"action": func(e *facts.Event) string { return e.Action }, "access": func(e *facts.Event) string { return e.Access },
	"outcome": func(e *facts.Event) string { return e.Outcome }, "error": func(e *facts.Event) string { return e.Error },
	"permission": func(e *facts.Event) string { return e.Permission }, "scope": func(e *facts.Event) string { return e.Scope },
	"actor": func(e *facts.Event) string { return e.Actor }, "actor_name": func(e *facts.Event) string { return e.ActorName },
	"actor_kind": func(e *facts.Event) string { return e.ActorKind }, "actor_uid": func(e *facts.Event) string { return e.ActorUID },
	"actor_email": func(e *facts.Event) string { return e.ActorEmail }, "issuer": func(e *facts.Event) string { return e.Issuer },
	"origin": func(e *facts.Event) string { return e.Origin }, "target": func(e *facts.Event) string { return e.Target },
	"target_type": func(e *facts.Event) string { return e.TargetType }, "src_ip": func(e *facts.Event) string { return e.SrcIP },
	"user_agent": func(e *facts.Event) string { return e.UserAgent }, "change": func(e *facts.Event) string { return e.Change },
	"change_subject": func(e *facts.Event) string { return e.ChangeSubject }, "change_grant": func(e *facts.Event) string { return e.ChangeGrant },
	"record_kind": func(e *facts.Event) string { return e.RecordKind },
}

var eventLists = map[string]func(*facts.Event) []string{
	"groups": func(e *facts.Event) []string { return e.Groups }, "chain": func(e *facts.Event) []string { return e.Chain },
	"targets": func(e *facts.Event) []string { return e.Targets },
}

var eventBools = map[string]func(*facts.Event) bool{
	"cut": func(e *facts.Event) bool { return e.Cut }, "linked": func(e *facts.Event) bool { return e.Linked },
	"person_ended": func(e *facts.Event) bool { return e.PersonEnded },
}

// eventIndex finds the rules that an event could match by what their conditions need. A rule of which nothing is
// known is run on every event.
type eventIndex struct {
	rules  []*Rule // every rule on events, in the order of the set
	always []int32
	texts  []textIndex
	lists  []listIndex
	attrs  []attrIndex
	bools  []boolIndex
}

type textIndex struct {
	read     func(*facts.Event) string
	exact    map[string][]int32
	prefixes map[string][]int32
	lengths  []int // lengths that occur among the prefixes
}

type listIndex struct {
	read  func(*facts.Event) []string
	exact map[string][]int32
}

type attrIndex struct {
	key   string
	exact map[string][]int32
}

type boolIndex struct {
	read  func(*facts.Event) bool
	rules []int32
}

func newEventIndex(s *Set) *eventIndex {
	x := &eventIndex{}
	b := indexBuilder{index: x, texts: map[string]*textIndex{}, lists: map[string]*listIndex{}, attrs: map[string]*attrIndex{}, bools: map[string]*boolIndex{}}
	for _, r := range s.rules {
		if r.On == OnEvent && r.floor != nil && r.floor.cascade != nil && (!r.floor.disabled || len(r.variants) > 0) {
			x.rules = append(x.rules, r)
			b.add(int32(len(x.rules)-1), r.need())
		}
	}
	b.finish()
	return x
}

// need is what one of the rule's cases needs, under the central values or any team's.
func (r *Rule) need() need {
	versions := []*compiled{r.floor}
	for _, v := range r.variants {
		versions = append(versions, v)
	}
	out := need{}
	for _, v := range versions {
		s := r.scope.withParams(v.values)
		for _, c := range r.Cases {
			node, bad := s.parse(c.when)
			if len(bad) > 0 {
				return nil
			}
			n := needOf(node)
			if n == nil {
				return nil
			}
			out = append(out, n...)
		}
	}
	return out
}

type indexBuilder struct {
	index *eventIndex
	texts map[string]*textIndex
	lists map[string]*listIndex
	attrs map[string]*attrIndex
	bools map[string]*boolIndex
}

func (b indexBuilder) add(rule int32, n need) {
	if n == nil {
		b.index.always = append(b.index.always, rule)
		return
	}
	for _, a := range n {
		switch a.op {
		case opEqual:
			put(b.text(a.field).exact, a.value, rule)
		case opPrefix:
			put(b.text(a.field).prefixes, a.value, rule)
		case opHas:
			x := b.lists[a.field]
			if x == nil {
				x = &listIndex{read: eventLists[a.field], exact: map[string][]int32{}}
				b.lists[a.field] = x
			}
			put(x.exact, a.value, rule)
		case opAttr:
			x := b.attrs[a.field]
			if x == nil {
				x = &attrIndex{key: a.field, exact: map[string][]int32{}}
				b.attrs[a.field] = x
			}
			put(x.exact, a.value, rule)
		case opTrue:
			x := b.bools[a.field]
			if x == nil {
				x = &boolIndex{read: eventBools[a.field]}
				b.bools[a.field] = x
			}
			if !slices.Contains(x.rules, rule) {
				x.rules = append(x.rules, rule)
			}
		}
	}
}

func (b indexBuilder) text(field string) *textIndex {
	x := b.texts[field]
	if x == nil {
		x = &textIndex{read: eventTexts[field], exact: map[string][]int32{}, prefixes: map[string][]int32{}}
		b.texts[field] = x
	}
	return x
}

func put(m map[string][]int32, key string, rule int32) {
	if l := m[key]; len(l) == 0 || l[len(l)-1] != rule {
		m[key] = append(l, rule)
	}
}

func (b indexBuilder) finish() {
	for _, x := range b.texts {
		for p := range x.prefixes {
			if !slices.Contains(x.lengths, len(p)) {
				x.lengths = append(x.lengths, len(p))
			}
		}
		slices.Sort(x.lengths)
		b.index.texts = append(b.index.texts, *x)
	}
	for _, x := range b.lists {
		b.index.lists = append(b.index.lists, *x)
	}
	for _, x := range b.attrs {
		b.index.attrs = append(b.index.attrs, *x)
	}
	for _, x := range b.bools {
		b.index.bools = append(b.index.bools, *x)
	}
}

// candidates collects the rules that the event could match, each once, in order.
func (x *eventIndex) candidates(e *facts.Event, w *Worker) []int32 {
	w.turn++
	if w.turn == 0 { // wrapped: old marks could be taken for new ones
		clear(w.marks)
		w.turn = 1
	}
	w.found = w.found[:0]
	w.mark(x.always)
	for i := range x.texts {
		t := &x.texts[i]
		v := t.read(e)
		if v == "" {
			continue
		}
		w.mark(t.exact[v])
		for _, n := range t.lengths {
			if n > len(v) {
				break
			}
			w.mark(t.prefixes[v[:n]])
		}
	}
	for i := range x.lists {
		for _, v := range x.lists[i].read(e) {
			w.mark(x.lists[i].exact[v])
		}
	}
	if len(e.Attrs) > 0 {
		for i := range x.attrs {
			if v := e.Attrs[x.attrs[i].key]; v != "" {
				w.mark(x.attrs[i].exact[v])
			}
		}
	}
	for i := range x.bools {
		if x.bools[i].read(e) {
			w.mark(x.bools[i].rules)
		}
	}
	slices.Sort(w.found)
	return w.found
}

func (w *Worker) mark(rules []int32) {
	for _, r := range rules {
		if w.marks[r] != w.turn {
			w.marks[r] = w.turn
			w.found = append(w.found, r)
		}
	}
}

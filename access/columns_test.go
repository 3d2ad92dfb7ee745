package access

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// few draws one of few texts, so that events share much and not all.
func few(t *rapid.T, name string) string {
	return rapid.SampledFrom([]string{"", "a", "b", "ab", "c\x01", "ä"}).Draw(t, name)
}

func someEvent(t *rapid.T) Event {
	ev := Event{ID: fmt.Sprint(rapid.Uint16().Draw(t, "id")), Time: time.UnixMicro(rapid.Int64Range(0, 1<<50).Draw(t, "time")).UTC(),
		Provider: few(t, "provider"), Account: few(t, "account"), Class: few(t, "class"), LogClass: few(t, "log class"), Action: few(t, "action"),
		Access: Level(few(t, "access")), Outcome: Outcome(few(t, "outcome")), Error: few(t, "error"), Permission: few(t, "permission"),
		Scope: few(t, "scope"), Via: few(t, "via"), SrcIP: few(t, "ip"), UserAgent: few(t, "agent"), Session: few(t, "session"),
		Actor: Actor{ID: few(t, "actor"), UID: few(t, "uid"), Name: few(t, "name"), Email: few(t, "email"), Kind: Kind(few(t, "kind")), Issuer: few(t, "issuer"),
			Credential: few(t, "credential"), Principal: few(t, "principal")}}
	for range rapid.IntRange(0, 2).Draw(t, "links") {
		ev.Actor.Chain = append(ev.Actor.Chain, few(t, "link"))
		ev.Actor.Groups = append(ev.Actor.Groups, few(t, "group"))
		ev.Targets = append(ev.Targets, Target{few(t, "target"), few(t, "type")})
		ev.SetAttr("key "+few(t, "key"), few(t, "value"))
	}
	if rapid.Bool().Draw(t, "changes") {
		ev.Change = &Change{ChangeKind("grant"), few(t, "subject"), few(t, "grant")}
	}
	return ev
}

// What comes out of the columns is what went in, whatever events share, also when the columns are used again, when whoever
// gave the events goes on changing their lists, and when rows are taken out.
func TestColumnsKeepEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Columns
		memos := map[string]uint64{}
		for range 2 {
			c.Reset()
			var want []Event
			var flags []string
			for range rapid.IntRange(0, 40).Draw(t, "events") {
				ev := someEvent(t)
				if rapid.Bool().Draw(t, "memo") {
					who, attrs := fmt.Sprint(ev.Actor, ev.Session), fmt.Sprint(ev.Attrs)
					for _, k := range []string{who, attrs} {
						if memos[k] == 0 {
							memos[k] = uint64(len(memos) + 1)
						}
					}
					ev.Memo = Memo{memos[who], memos[attrs]}
				}
				flag := few(t, "flag")
				kept := ev
				kept.Memo = Memo{}
				kept.Actor.Chain, kept.Actor.Groups, kept.Targets, kept.Attrs = slices.Clone(ev.Actor.Chain), slices.Clone(ev.Actor.Groups), slices.Clone(ev.Targets), maps.Clone(ev.Attrs)
				if kept.Change != nil {
					change := *ev.Change
					kept.Change = &change
				}
				want, flags = append(want, kept), append(flags, flag)
				c.Add(&ev, flag)
				for i := range ev.Targets {
					ev.Actor.Chain[i], ev.Actor.Groups[i], ev.Targets[i].ID = "changed", "changed", "changed"
				}
				if ev.Change != nil {
					ev.Change.Subject = "changed"
				}
			}
			odd := func(i int) bool { return i%2 == 1 }
			if gone := c.Keep(odd); gone != (len(want)+1)/2 {
				t.Fatalf("%d of %d rows went", gone, len(want))
			}
			for i := range c.Len() {
				if got := c.Event(i); !same(got, want[2*i+1]) || c.Flag(i) != flags[2*i+1] {
					t.Fatalf("row %d\n got %+v %q\nwant %+v %q", i, got, c.Flag(i), want[2*i+1], flags[2*i+1])
				}
			}
		}
	})
}

// same compares events; an empty list is as good as none.
func same(a, b Event) bool {
	lists := slices.Equal(a.Actor.Chain, b.Actor.Chain) && slices.Equal(a.Actor.Groups, b.Actor.Groups) && slices.Equal(a.Targets, b.Targets) && maps.Equal(a.Attrs, b.Attrs)
	a.Actor.Chain, a.Actor.Groups, a.Targets, a.Attrs = nil, nil, nil, nil
	b.Actor.Chain, b.Actor.Groups, b.Targets, b.Attrs = nil, nil, nil, nil
	return lists && reflect.DeepEqual(a, b)
}

// A shared map of attributes is not changed by the event that it was lent to.
func TestSetAttrCopiesWhatIsShared(t *testing.T) {
	shared := map[string]string{"a": "1"}
	ev := Event{Attrs: shared, Memo: Memo{Who: 3, Attrs: 7}}
	ev.SetAttr("b", "2")
	if len(shared) != 1 || len(ev.Attrs) != 2 || ev.Memo.Attrs != 0 {
		t.Errorf("shared %v, event %v, memo %v", shared, ev.Attrs, ev.Memo)
	}
	ev = Event{Attrs: shared, Memo: Memo{Attrs: 7}}
	if ev.Reset(); len(shared) != 1 || ev.Attrs != nil {
		t.Errorf("shared %v, event %v", shared, ev.Attrs)
	}
}

func TestPlacesGrow(t *testing.T) {
	var c Columns
	for i := range 5000 {
		c.Add(&Event{ID: fmt.Sprint(i), SrcIP: fmt.Sprint(i % 1700)}, "")
	}
	if len(c.Origins) != 1700 {
		t.Errorf("%d origins", len(c.Origins))
	}
}

package facts

import "github.com/grantwatch/grantwatch/access"

// Fences of facts: a rule walks lists and searches texts, and a log line decides how long those are.
const (
	MaxList = 256     // entries of a list
	MaxText = 8 << 10 // bytes of a text
	MaxItem = 1 << 10 // bytes of an entry of a list
)

// CutList cuts a list to MaxList entries and each entry to MaxItem bytes, and reports whether it had to.
// It changes nothing in place.
func CutList(list []string) ([]string, bool) {
	was := false
	if len(list) > MaxList {
		list, was = list[:MaxList:MaxList], true
	}
	for i, s := range list {
		if len(s) <= MaxItem {
			continue
		}
		out := append([]string(nil), list...)
		for j := i; j < len(out); j++ {
			out[j] = out[j][:min(len(out[j]), MaxItem)]
		}
		return out, true
	}
	return list, was
}

// CutText cuts a text to MaxText bytes and reports whether it had to.
func CutText(s string) (string, bool) {
	if len(s) <= MaxText {
		return s, false
	}
	return s[:MaxText], true
}

// FillEvent sets the facts that the event itself states. Team, feed and what the identities on record say of the
// actor are the caller's to add. Slices and maps are shared with the event where they need no cutting, so the facts
// are valid for as long as the event is. dst may be reused.
func FillEvent(dst *Event, e *access.Event) {
	targets := dst.Targets[:0]
	*dst = Event{HoursSinceEnd: -1}
	text := func(s string) string {
		if len(s) > MaxText {
			dst.Cut = true
			return s[:MaxText]
		}
		return s
	}
	list := func(l []string) []string {
		out, was := CutList(l)
		dst.Cut = dst.Cut || was
		return out
	}
	dst.Provider, dst.Account = text(e.Provider), text(e.Account)
	dst.Class, dst.LogClass = text(e.Class), text(e.LogClass)
	dst.Action, dst.Access, dst.Outcome, dst.Error = text(e.Action), string(e.Access), string(e.Outcome), text(e.Error)
	dst.Permission, dst.Scope = text(e.Permission), text(e.Scope)
	a := &e.Actor
	dst.Actor, dst.ActorUID, dst.ActorName = text(a.ID), text(a.UID), text(a.Name)
	dst.ActorKind, dst.ActorEmail, dst.Issuer = string(a.Kind), text(a.Email), text(a.Issuer)
	dst.Groups, dst.Chain = list(a.Groups), list(a.Chain)
	if n := len(a.Chain); n > 0 {
		dst.Origin = text(a.Chain[n-1])
	}
	for i := range e.Targets {
		if i == MaxList {
			dst.Cut = true
			break
		}
		id := e.Targets[i].ID
		if len(id) > MaxItem {
			id, dst.Cut = id[:MaxItem], true
		}
		targets = append(targets, id)
	}
	dst.Targets = targets
	if len(e.Targets) > 0 {
		dst.Target, dst.TargetType = targets[0], text(e.Targets[0].Type)
	}
	dst.SrcIP, dst.UserAgent = text(e.SrcIP), text(e.UserAgent)
	if e.Change != nil {
		dst.Change, dst.ChangeSubject, dst.ChangeGrant = string(e.Change.Kind), text(e.Change.Subject), text(e.Change.Grant)
	}
	dst.Attrs = e.Attrs
	for _, v := range e.Attrs {
		if len(v) > MaxText {
			dst.Attrs, dst.Cut = cutMap(e.Attrs), true
			break
		}
	}
}

func cutMap(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[k], _ = CutText(v)
	}
	return out
}

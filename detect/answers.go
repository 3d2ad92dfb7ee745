package detect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// fromRecord is the state of what the record of an identity says, and which record it is.
func (a *answerer) fromRecord(s *subject) (state, evidence string) {
	cur := s.rec.newest(a.in.Now)
	evidence = "record " + cur.UID + " of " + cmp.Or(cur.Source, "the identities")
	for _, p := range a.in.People {
		if p.Name == cur.Source && p.Dated && p.MaxAge > 0 && a.in.Now.After(p.AsOf.Add(p.MaxAge)) {
			return Stale, evidence + ", whose newest reading of " + stamp(p.AsOf) + " is older than its max_age"
		}
	}
	return Known, evidence
}

func (a *answerer) recordIssuer(s *subject) Answer {
	if s.rec == nil || s.rec.newest(a.in.Now).Issuer == "" {
		return Answer{State: Missing, Evidence: "no record names an issuer, and no event shows the creation"}
	}
	state, evidence := a.fromRecord(s)
	return Answer{state, s.rec.newest(a.in.Now).Issuer, evidence}
}

func (a *answerer) recordExpiry(s *subject) (Answer, time.Time) {
	if s.rec == nil {
		return Answer{State: Missing, Evidence: "no record states an expiry"}, time.Time{}
	}
	cur := s.rec.newest(a.in.Now)
	state, evidence := a.fromRecord(s)
	switch {
	case !cur.Expires.IsZero():
		return Answer{state, stamp(cur.Expires), evidence}, cur.Expires
	case cur.NeverExpires:
		return Answer{state, "never", evidence}, time.Time{}
	case !cur.End.IsZero():
		return Answer{state, stamp(cur.End), evidence + " (end)"}, cur.End
	}
	return Answer{State: Missing, Evidence: "no record states an expiry"}, time.Time{}
}

// creator is who the log saw create one of the identity's accounts.
func (a *answerer) creator(s *subject) Answer {
	for _, n := range s.names {
		if te := a.creates[subjectKey(n.Provider, n.Name)]; te != nil {
			return Answer{Known, actorName(&te.Event), fmt.Sprintf("%s at %s, event %s %s", te.Event.Action, stamp(te.Event.Time), te.Feed, te.Event.ID)}
		}
	}
	return Answer{State: Missing, Evidence: "no record names an issuer, and no event shows the creation"}
}

func (a *answerer) tokenAnswers(s *subject, t *issued, c *CredentialAnswer) {
	ev := &t.by.Event
	c.Issuer = Answer{Known, actorName(ev), fmt.Sprintf("%s at %s, event %s %s", ev.Action, stamp(ev.Time), t.by.Feed, ev.ID)}
	switch t.kind {
	case "access key", "console password", "SSH key", "service-specific credential":
		c.Expiry = Answer{Known, "never", "the provider lets " + anA(t.kind) + " live until somebody deletes it"}
	case "token secret":
		c.Expiry = Answer{Known, "never", "a token in a secret has no expiry"}
	case "bound token":
		c.Expiry = Answer{Known, "a few hours after its issue", "the cluster binds such a token to a lifetime; this one was issued at " + stamp(ev.Time)}
	default:
		c.Expiry, c.Expires = a.recordExpiry(s)
		if c.Expiry.State == Missing {
			c.Expiry.Evidence = "neither the event of its creation nor a record states an expiry"
		}
	}
}

func anA(noun string) string {
	if strings.ContainsAny(noun[:1], "aeiouAEIOSF") && !strings.HasPrefix(noun, "service") {
		return "an " + noun
	}
	return "a " + noun
}

type sessionAnswers struct{ issuer, expiry Answer }

// roleSession answers for a role. A role has no credential that stands: each session has one of its own, issued to whoever
// assumed the role, and no longer than the role allows.
func (a *answerer) roleSession(s *subject, n ProfileName) (sessionAnswers, bool) {
	acc := a.dir.account(n.Provider, n.Name)
	if n.Provider != "aws" || acc == nil || acc.Kind != access.SubjectRole {
		return sessionAnswers{}, false
	}
	var out sessionAnswers
	state, taken := a.snapshotState(n.Provider, acc.Account)
	out.expiry = Answer{State: Missing, Evidence: "no snapshot states how long its sessions may last"}
	if acc.MaxSession > 0 && state != Missing {
		out.expiry = Answer{state, "sessions of at most " + span(acc.MaxSession), "the role's own maximum in the snapshot of " + stamp(taken)}
	}
	if out.issuer = a.recordIssuer(s); out.issuer.State != Missing {
		return out, true
	}
	if u := a.sessions[subjectKey(n.Provider, n.Name)]; u != nil {
		out.issuer = Answer{Known, cmp.Or(u.Parent, u.ParentUID), "it last asked for a session at " + stamp(u.Issued) + ", session " + u.Credential}
	} else if out.issuer = a.creator(s); out.issuer.State == Missing {
		out.issuer.Evidence = "no record names an issuer, and no event shows the creation or a session"
	}
	return out, true
}

func span(d time.Duration) string {
	if d%time.Hour == 0 {
		return plural(int(d/time.Hour), "hour")
	}
	return plural(int(d/time.Minute), "minute")
}

// snapshotState says whether the newest snapshot of an account holds: known, stale, or unknown when there is none.
func (a *answerer) snapshotState(provider, account string) (state string, taken time.Time) {
	state = Missing
	for i := range a.in.Snapshots {
		s := &a.in.Snapshots[i]
		if s.Provider != provider || s.Account != account || s.TakenAt.IsZero() || s.TakenAt.After(a.in.Now) {
			continue
		}
		was := Known
		if len(s.Refused) > 0 || s.MaxAge > 0 && a.in.Now.After(s.TakenAt.Add(s.MaxAge)) {
			was = Stale
		}
		if state == Missing || s.TakenAt.After(taken) {
			state, taken = was, s.TakenAt
		}
	}
	return state, taken
}

// reach answers what an identity can reach. It is known only where every provider and account in which the identity has a
// name or acted is described by a snapshot that is not too old: what an account without a snapshot gives nobody can tell.
func (a *answerer) reach(s *subject, c *CredentialAnswer) {
	places := map[[2]string]bool{}
	seen := map[string]bool{}
	count := func(g *access.Grant) {
		if seen[g.ID] {
			return
		}
		seen[g.ID] = true
		places[[2]string{g.Provider, g.Account}] = true
		c.Grants++
		switch w := a.weights[g.ID]; {
		case w > 0:
			c.Weight += w
		case g.Privileged:
			c.Weight += 10
		default:
			c.Weight++
		}
	}
	for _, n := range s.names {
		k := subjectKey(n.Provider, n.Name)
		if n.Account != "" {
			places[[2]string{n.Provider, n.Account}] = true
		}
		for _, g := range a.grants[k] {
			count(g)
		}
		for _, group := range a.groups[k] {
			for _, g := range a.grants[group] {
				count(g)
			}
		}
		for i := range a.used[k] {
			places[[2]string{n.Provider, a.used[k][i].Account}] = true
		}
	}
	if len(places) == 0 {
		c.Reach = Answer{State: Missing, Evidence: "no snapshot describes an account of it"}
		return
	}
	keys := make([][2]string, 0, len(places))
	for p := range places {
		keys = append(keys, p)
	}
	slices.SortFunc(keys, func(x, y [2]string) int { return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1])) })
	c.Reach = Answer{State: Known, Value: plural(c.Grants, "grant")}
	var evidence []string
	for _, p := range keys {
		where := strings.TrimSpace(p[0] + " " + p[1])
		switch state, taken := a.snapshotState(p[0], p[1]); state {
		case Known:
			evidence = append(evidence, "snapshot of "+where+" at "+stamp(taken))
		case Stale:
			evidence = append(evidence, "the snapshot of "+where+" at "+stamp(taken)+" is older than its max_age, or a newer one was refused")
			if c.Reach.State == Known {
				c.Reach.State = Stale
			}
		default:
			evidence = append(evidence, "no snapshot describes "+where)
			c.Reach.State = Missing
		}
	}
	c.Reach.Evidence = strings.Join(evidence, "; ")
}
